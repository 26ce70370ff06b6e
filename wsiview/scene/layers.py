"""Layers: what a reader wants to see over the slide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from wsiview.scene.palette import Color, class_color, class_letter, is_hatched

DEFAULT_THRESHOLD = 0.1

Look = Literal["default", "paper"]


@dataclass(frozen=True, slots=True)
class ClassLook:
    """How one class looks; `threshold` is the strength below which its strength is not drawn."""

    letter: str
    name: str
    color: Color
    hatched: bool = False
    visible: bool = True
    threshold: float = DEFAULT_THRESHOLD


@dataclass(frozen=True, slots=True)
class LayerStack:
    """All that is laid over a slide.

    Parameters
    ----------
    strongest
        Show the strongest class of every cell. Beside a strength it is drawn as outlines alone.
    strength
        Indices of the classes whose strengths are shown.
    saliency
        Name of the influence map shown, as the grids name it.
    prediction
        Show the model's scores on the patches' label regions.
    difference
        A class and an influence map, as the grids name it: show which of the two is stronger where.
    letters
        Put letters on large regions of the strongest class.
    opacity
        Of all overlays together, applied once.
    look
        "paper" stacks all visible classes with cube-root opacity and shows influence as a green fill.
    hidden
        Nothing is drawn while the reader peeks below.
    """

    classes: tuple[ClassLook, ...]
    strongest: bool = True
    strength: tuple[int, ...] = ()
    saliency: str | None = None
    prediction: bool = False
    difference: tuple[int, str] | None = None
    letters: bool = True
    opacity: float = 1.0
    look: Look = "default"
    hidden: bool = False

    @property
    def shows_anything(self) -> bool:
        """Whether any overlay is to be seen."""
        if self.hidden or self.opacity <= 0:
            return False
        clear = self.strongest or self.strength or self.saliency or self.prediction or self.difference
        return bool(clear or self.look == "paper")

    @property
    def shows_letters(self) -> bool:
        """Whether letters stand on regions: they belong to the strongest class, drawn clearly."""
        return self.letters and self.strongest and self.look == "default" and self.shows_anything

    @property
    def difference_shown(self) -> tuple[int, str] | None:
        """Class and influence map whose difference is drawn."""
        possible = self.difference is not None and 0 <= self.difference[0] < len(self.classes)
        return self.difference if possible and self.look == "default" else None

    @property
    def influence_shown(self) -> str | None:
        """The influence map that anything drawn is made of."""
        compared = self.difference_shown
        return self.saliency if self.saliency is not None or compared is None else compared[1]

    @property
    def strengths_shown(self) -> tuple[int, ...]:
        """Classes whose strengths are drawn, in the order of their letters."""
        if self.look == "paper":
            return tuple(range(len(self.classes)))
        return tuple(sorted(index for index in self.strength if 0 <= index < len(self.classes)))

    def with_class(self, index: int, look: ClassLook) -> LayerStack:
        """With one class looking different."""
        return replace(self, classes=(*self.classes[:index], look, *self.classes[index + 1 :]))


def default_looks(n_classes: int, names: tuple[str, ...] = ()) -> tuple[ClassLook, ...]:
    """Letters and colours of the palette, with names where there are some."""
    return tuple(
        ClassLook(class_letter(i), names[i] if i < len(names) else "", class_color(i), is_hatched(i))
        for i in range(n_classes)
    )
