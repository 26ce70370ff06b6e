"""Spoken: what a screen reader says of the slide – which it is, how closely it is seen, and what lies over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from wsiview.scene.layers import LayerStack
from wsiview.scene.legend import legend
from wsiview.scene.scale_bar import magnification

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Spoken(QObject):
    """Keeps the first canvas's accessible description; a mere pan changes nothing of it."""

    def __init__(self, window: MainWindow) -> None:
        """Follow the view and the layers."""
        super().__init__(window)
        self._session, self._canvas = window.session, window.canvas
        self._layers = ""
        self._canvas.view_changed.connect(self._describe)
        self._canvas.slide_shown.connect(lambda _: self._describe())
        self._session.scale_changed.connect(self._describe)
        self._session.layers_changed.connect(self._read_layers)

    def _read_layers(self, stack: LayerStack | None) -> None:
        self._layers = "" if stack is None else words_of(stack)
        self._describe()

    def _describe(self) -> None:
        slide, microns = self._session.slide, self._canvas.microns
        parts = () if slide is None else (slide.name, magnification(microns) if microns else "", self._layers)
        words = ". ".join(part for part in parts if part)
        if words != self._canvas.accessibleDescription():
            self._canvas.setAccessibleDescription(words)


def words_of(stack: LayerStack) -> str:
    """What lies over the slide: the legend, in words."""
    shown = legend(stack)
    if shown is None:
        return "No layers shown"
    clear = stack.look == "default"
    title = "As in the paper: " if not clear else "Strongest class: " if stack.strongest else "Layers: "
    return title + ", ".join(row.label for row in shown.rows if row.enabled)
