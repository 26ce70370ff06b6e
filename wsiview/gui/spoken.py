"""Spoken: what a screen reader says of a slide in view – which it is, how closely it is seen, what lies over it."""

from __future__ import annotations

from PySide6.QtCore import QObject

from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.display import Display
from wsiview.scene.layers import LayerStack
from wsiview.scene.legend import legend
from wsiview.scene.scale_bar import magnification


class Spoken(QObject):
    """Keeps a canvas's accessible description; a mere pan changes nothing of it."""

    def __init__(self, display: Display, canvas: SlideCanvas) -> None:
        """Follow the view and the layers."""
        super().__init__(canvas)
        self._display, self._canvas = display, canvas
        self._layers = ""
        canvas.view_changed.connect(self._describe)
        canvas.slide_shown.connect(lambda _: self._describe())
        display.scale_changed.connect(self._describe)
        display.layers_changed.connect(self._read_layers)

    def _read_layers(self, stack: LayerStack | None) -> None:
        self._layers = "" if stack is None else words_of(stack)
        self._describe()

    def _describe(self) -> None:
        canvas = self._canvas
        slide, mpp = canvas.slide, self._display.mpp
        closely = "" if mpp is None else magnification(canvas.viewport.downsample * canvas.pixel_ratio * mpp[0])
        words = "" if slide is None else ". ".join(part for part in (slide.name, closely, self._layers) if part)
        if words != canvas.accessibleDescription():
            canvas.setAccessibleDescription(words)


def words_of(stack: LayerStack) -> str:
    """What lies over the slide: the legend, in words."""
    shown = legend(stack)
    if shown is None:
        return "No layers shown"
    clear = stack.look == "default"
    title = "As in the paper: " if not clear else "Strongest class: " if stack.strongest else "Layers: "
    return title + ", ".join(row.label for row in shown.rows if row.enabled)
