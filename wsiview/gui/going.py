"""Going: to a place that is written down, and the present place copied so that it can be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPen

from wsiview.geometry import Point
from wsiview.gui.panels.place_field import PlaceField
from wsiview.scene.place_text import PlaceUnclear, place_text, read_place
from wsiview.scene.viewport import Viewport

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

_ARM, _GAP = 16.0, 5.0


class Going(QObject):
    """The field lies over the view that had the keys when it was asked for."""

    def __init__(self, window: MainWindow) -> None:
        """Make the field, hidden."""
        super().__init__(window)
        self._window, self._canvas = window, window.canvas
        self.field = PlaceField(window.canvas)
        self.field.wanted.connect(self._go)
        self.field.left.connect(self._unmark)
        window.canvas.slide_shown.connect(self._unmark)
        self._mark: _Cross | None = None

    def ask(self) -> None:
        """Let the reader write where to go."""
        self._unmark()
        self._canvas = self._window.active_canvas
        self.field.lie_over(self._canvas)
        self.field.show_fault("")
        self.field.appear()
        self.field.text.setFocus()
        self.field.text.selectAll()

    def copy(self) -> None:
        """Put the middle of the view and its magnification on the clipboard."""
        canvas = self._window.active_canvas
        scale = canvas.viewport.downsample * canvas.pixel_ratio
        words = place_text(canvas.viewport.center, scale, self._window.active_display.mpp)
        QGuiApplication.clipboard().setText(words)
        self._window.companions.measures.say(f"Copied “{words}”")

    def _go(self, text: str) -> None:
        canvas, size = self._canvas, self._canvas.dimensions
        if size is None:
            return
        try:
            place = read_place(text, size, self._window.active_display.mpp)
        except PlaceUnclear as error:
            self.field.show_fault(str(error))
            return
        self.field.show_fault("")
        view = canvas.viewport
        downsample = view.downsample if place.scale is None else place.scale / canvas.pixel_ratio
        canvas.set_viewport(replace(view, center=place.point, downsample=downsample))
        self._unmark()
        self._mark = _Cross(place.point)
        canvas.add_decoration(self._mark, screen_only=True)
        self.field.text.selectAll()

    def _unmark(self) -> None:
        if self._mark is not None:
            self._canvas.remove_decoration(self._mark)
            self._mark = None


class _Cross:
    """Marks the place gone to, as long as the field is open."""

    def __init__(self, place: Point) -> None:
        self._place = place

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Four strokes around the place, which stays visible."""
        at = QPointF(*view.to_device.apply(self._place.x, self._place.y)) / pixel_ratio
        for color, width in ((QColor(0, 0, 0, 190), 4.0), (QColor(255, 214, 10), 2.0)):
            painter.setPen(QPen(color, width))
            for arm in (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1)):
                painter.drawLine(at + arm * _GAP, at + arm * _ARM)
