"""Marks: where the cursor is in the other view, and the points that two slides are aligned by."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from wsiview.geometry import Point
from wsiview.gui.canvas.plate import bold_font
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.viewport import Viewport

_CASING, _LINE = QColor(0, 0, 0, 190), QColor(255, 214, 10)
_GAP, _ARM = 5.0, 17.0
_RADIUS = 10.0


class CursorMark:
    """A cross with an open middle on one canvas, where the cursor is over the other; repaints only itself."""

    def __init__(self, canvas: SlideCanvas) -> None:
        """Start nowhere."""
        self._canvas = canvas
        self.place: Point | None = None
        canvas.add_decoration(self, screen_only=True)

    def show_at(self, place: Point | None) -> None:
        """Point at a place (level-0 px), or at none."""
        if place != self.place:
            self._touch()
            self.place = place
            self._touch()

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Paint it."""
        if self.place is None:
            return
        middle = _on_screen(self.place, view, pixel_ratio)
        ways = (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for color, width in ((_CASING, 5.0), (_LINE, 2.0)):
            painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawLines([QLineF(middle + way * _GAP, middle + way * _ARM) for way in ways])

    def _touch(self) -> None:
        if self.place is not None:
            middle = _on_screen(self.place, self._canvas.viewport, self._canvas.pixel_ratio)
            side = 2 * math.ceil(_ARM + 3)
            corner = middle.toPoint()
            self._canvas.update(QRect(corner.x() - side // 2, corner.y() - side // 2, side, side))


class PointMarks:
    """Numbered rings around clicked places of one canvas."""

    def __init__(self, canvas: SlideCanvas) -> None:
        """Start with none."""
        self._canvas = canvas
        self.places: tuple[Point, ...] = ()
        canvas.add_decoration(self, screen_only=True)

    def show(self, places: Sequence[Point]) -> None:
        """Mark these places (level-0 px), 1, 2, …"""
        self.places = tuple(places)
        self._canvas.update()

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Paint them."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(bold_font())
        for number, place in enumerate(self.places, 1):
            middle = _on_screen(place, view, pixel_ratio)
            ring = QRectF(middle.x() - _RADIUS, middle.y() - _RADIUS, 2 * _RADIUS, 2 * _RADIUS)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for color, width in ((_CASING, 4.5), (_LINE, 2.0)):
                painter.setPen(QPen(color, width))
                painter.drawEllipse(ring)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_LINE)
            painter.drawEllipse(middle, 1.5, 1.5)
            flag = QRectF(ring.right() - 2, ring.top() - 10, 16, 16)
            painter.setBrush(QColor(24, 26, 31))
            painter.drawEllipse(flag)
            painter.setPen(_LINE)
            painter.drawText(flag, Qt.AlignmentFlag.AlignCenter, str(number))


def _on_screen(place: Point, view: Viewport, pixel_ratio: float) -> QPointF:
    x, y = view.to_device.apply(place.x, place.y)
    return QPointF(x / pixel_ratio, y / pixel_ratio)
