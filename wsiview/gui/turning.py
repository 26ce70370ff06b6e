"""Turning: the field in which the angle of the slide is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from wsiview.gui.panels.turn_field import TurnField
from wsiview.scene.viewport import Viewport

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Turning(QObject):
    """Keeps the field true to the canvas it lies over, and turns that canvas."""

    def __init__(self, window: MainWindow) -> None:
        """Make the field, hidden."""
        super().__init__(window)
        self._window, self._canvas = window, window.canvas
        self.field = TurnField(window.canvas)
        self.field.angle_wanted.connect(self._turn_to)
        self.field.mirror_wanted.connect(lambda: self._canvas.mirror())
        self.field.back_wanted.connect(lambda: self._canvas.turn_back())
        self._canvas.view_changed.connect(self._follow)

    def ask(self) -> None:
        """Let the reader write the angle of the view that has the keys."""
        canvas = self._window.active_canvas
        if canvas is not self._canvas:
            self._canvas.view_changed.disconnect(self._follow)
            self._canvas = canvas
            self._canvas.view_changed.connect(self._follow)
            self.field.lie_over(canvas)
        self.field.show_view(canvas.viewport)
        self.field.appear()
        self.field.angle.setFocus()
        self.field.angle.selectAll()

    def _turn_to(self, degrees: float) -> None:
        self._canvas.turn(degrees - self._canvas.viewport.rotation)

    def _follow(self, view: Viewport) -> None:
        if self.field.isVisible():
            self.field.show_view(view)
