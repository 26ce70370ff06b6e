"""Layer actions: what is laid over the slide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from wsiview.gui import looks
from wsiview.gui.actions.action import Action, has_clear_look, has_layers
from wsiview.gui.strength_key import strength_key
from wsiview.scene.layers import LayerStack
from wsiview.scene.palette import MAX_CLASSES, class_letter

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


def _shows(what: Callable[[LayerStack], object]) -> Callable[[MainWindow], bool]:
    """Whether the view that has the keys shows something."""

    def shows(window: MainWindow) -> bool:
        stack = window.active_display.layers
        return stack is not None and bool(what(stack))

    return shows


def _changed(how: Callable[[LayerStack], LayerStack]) -> Callable[[MainWindow], None]:
    """Show the layers of the view that has the keys differently."""

    def run(window: MainWindow) -> None:
        if (stack := window.active_display.layers) is not None:
            window.active_display.set_layers(how(stack))

    return run


def _has_saliency(window: MainWindow) -> bool:
    cluster_map = window.active_display.cluster_map
    return cluster_map is not None and bool(cluster_map.saliency_names)


def _toggle_saliency(window: MainWindow) -> None:
    display = window.active_display
    if display.layers is not None and display.cluster_map is not None:
        name = None if display.layers.saliency else next(iter(display.cluster_map.saliency_names), None)
        display.set_layers(looks.with_saliency(display.layers, name))


def _has_class(index: int) -> Callable[[MainWindow], bool]:
    return lambda window: _shows(lambda stack: index < len(stack.classes))(window) and has_clear_look(window)


def _toggle_class(index: int) -> Callable[[MainWindow], None]:
    def run(window: MainWindow) -> None:
        window.active_display.select(index)
        _changed(lambda stack: looks.with_strength(stack, index, add=False))(window)

    return run


def layer_actions() -> Iterator[Action]:
    """The Layers menu."""
    yield Action(
        "overlay", "Layers", "Show layers", ("O",), _changed(lambda s: replace(s, hidden=not s.hidden)), has_layers,
        "All layers on or off; hold Space to look beneath them",
        _shows(lambda s: not s.hidden),
    )  # fmt: skip
    yield Action(
        "strongest", "-Layers", "Strongest class", ("S",), _changed(lambda s: looks.with_strongest(s, not s.strongest)),
        has_clear_look, "Which class is strongest in each cell", _shows(lambda s: s.strongest),
    )  # fmt: skip
    yield Action(
        "influence", "Layers", "Influence map (Grad-CAM)", ("G",), _toggle_saliency, _has_saliency,
        "Where the tissue pushes the score up or down", _shows(lambda s: s.saliency),
    )  # fmt: skip
    yield Action(
        "prediction", "Layers", "Model score", ("P",), _changed(lambda s: looks.with_prediction(s, not s.prediction)),
        has_layers, "The model's score on each patch's label region", _shows(lambda s: s.prediction),
    )  # fmt: skip
    for index in range(MAX_CLASSES):
        letter = class_letter(index)
        yield Action(
            f"class_{letter}", "Layers/Strength of class", f"Class {letter}", (strength_key(letter),),
            _toggle_class(index), _has_class(index), f"Show how strong class {letter} is, and describe it",
            _shows(lambda s, index=index: index in s.strength),  # type: ignore[misc]
        )  # fmt: skip
    yield Action(
        "paper", "-Layers", "As in the paper", (),
        _changed(lambda s: replace(s, look="default" if s.look == "paper" else "paper")), has_layers,
        "All classes stacked, weak signals amplified",
        _shows(lambda s: s.look == "paper"),
    )  # fmt: skip
