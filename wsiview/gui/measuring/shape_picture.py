"""Shape picture: how drawn shapes look – a light line in a dark casing, with a plate that tells what they measure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF, QTransform

from wsiview.geometry import Point
from wsiview.gui.canvas.plate import TEXT, font, paint_plate, small_font
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.shapes import Shape
from wsiview.scene.viewport import Viewport

_CASING, _LINE, _HELD = QColor(0, 0, 0, 190), QColor(255, 255, 255), QColor(255, 214, 10)
_THICK, _THIN = 4.0, 1.8
_TICK = 6.0
"""Half the length of the strokes at a ruler's ends, screen pixels."""
_HANDLE = 4.0
_MOST_HANDLES = 60
"""An outline of more points, drawn by hand, is moved as a whole."""
_GAP = 6.0
_SMALLEST = 14.0
"""Screen pixels that a shape must be large for its plate to be shown; else plates would hide the slide."""


@dataclass(frozen=True, slots=True)
class ShapePicture:
    """A shape and the lines on its plate."""

    shape: Shape
    words: tuple[str, ...]


class ShapePainter:
    """Paints shapes on a canvas and in its screenshots; the one that is held is marked on the screen alone."""

    def __init__(self, canvas: SlideCanvas) -> None:
        """Paint nothing yet."""
        self._canvas = canvas
        self._resting, self._held = _Resting(), _Held()
        canvas.add_decoration(self._resting)
        canvas.add_decoration(self._held, screen_only=True)

    def show(self, resting: Mapping[str, ShapePicture], held: ShapePicture | None) -> None:
        """Paint these from now on."""
        self._resting.pictures, self._held.picture = dict(resting), held
        self._canvas.update()

    def label_covers(self, name: str, place: Point) -> bool:
        """Whether the plate of a shape lies over a place."""
        picture = self._resting.pictures.get(name)
        if picture is None:
            return False
        view, ratio = self._canvas.viewport, self._canvas.pixel_ratio
        plate = plate_of(picture, _on_screen(picture.shape, view, ratio), view, ratio)
        return plate is not None and plate.contains(QPointF(*view.to_device.apply(place.x, place.y)) / ratio)


class _Resting:
    def __init__(self) -> None:
        self.pictures: dict[str, ShapePicture] = {}

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Paint all that are in view."""
        for picture in self.pictures.values():
            paint_shape(painter, picture, view, pixel_ratio, _LINE)


class _Held:
    def __init__(self) -> None:
        self.picture: ShapePicture | None = None

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Paint the one that is drawn, dragged or selected, with its handles."""
        if self.picture is None:
            return
        paint_shape(painter, self.picture, view, pixel_ratio, _HELD)
        points = _on_screen(self.picture.shape, view, pixel_ratio)
        if points.count() <= _MOST_HANDLES:
            painter.setPen(QPen(_CASING, 1.2))
            painter.setBrush(_HELD)
            for index in range(points.count()):
                painter.drawEllipse(points.at(index), _HANDLE, _HANDLE)


def paint_shape(painter: QPainter, picture: ShapePicture, view: Viewport, pixel_ratio: float, color: QColor) -> None:
    """Paint line and plate; nothing where the shape is out of sight."""
    points = _on_screen(picture.shape, view, pixel_ratio)
    screen = QRectF(0, 0, view.size.width / pixel_ratio, view.size.height / pixel_ratio)
    if not points.boundingRect().adjusted(-_TICK, -_TICK, _TICK, _TICK).intersects(screen):
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ink, width in ((_CASING, _THICK), (color, _THIN)):
        pen = QPen(ink, width)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        if picture.shape.closed:
            painter.drawPolygon(points)
        else:
            painter.drawPolyline(points)
            _paint_ticks(painter, points)
    _paint_plate(painter, picture, plate_of(picture, points, view, pixel_ratio), color)


def plate_of(picture: ShapePicture, points: QPolygonF, view: Viewport, pixel_ratio: float) -> QRectF | None:
    """Where the words stand, screen pixels: beside a ruler, within an outline, always inside the view."""
    bounds = points.boundingRect()
    if max(bounds.width(), bounds.height()) < _SMALLEST:
        return None
    metrics = [QFontMetricsF(font()), *[QFontMetricsF(small_font())] * (len(picture.words) - 1)]
    lines = list(zip(metrics, picture.words, strict=True))
    width = max(metric.horizontalAdvance(words) for metric, words in lines) + 14
    height = sum(metric.height() for metric in metrics) + 6
    middle = bounds.center()
    if not picture.shape.closed:
        along = points.last() - points.first()
        long = math.hypot(along.x(), along.y()) or 1.0
        across = QPointF(along.y() / long, -along.x() / long)
        if across.y() > 0:
            across = -across  # above the line, where there is an above
        middle += across * (abs(across.x()) * width / 2 + abs(across.y()) * height / 2 + _GAP + _TICK)
    right, bottom = view.size.width / pixel_ratio, view.size.height / pixel_ratio
    x = min(max(middle.x() - width / 2, 4.0), max(4.0, right - width - 4))
    y = min(max(middle.y() - height / 2, 4.0), max(4.0, bottom - height - 4))
    return QRectF(x, y, width, height)


def _paint_plate(painter: QPainter, picture: ShapePicture, plate: QRectF | None, color: QColor) -> None:
    if plate is None:
        return
    paint_plate(painter, plate)
    y = plate.top() + 3
    for line, words in enumerate(picture.words):
        painter.setFont(small_font() if line else font())
        painter.setPen(TEXT if line or color == _LINE else color)
        height = painter.fontMetrics().height()
        painter.drawText(QRectF(plate.left(), y, plate.width(), height), Qt.AlignmentFlag.AlignCenter, words)
        y += height


def _paint_ticks(painter: QPainter, points: QPolygonF) -> None:
    along = points.last() - points.first()
    long = math.hypot(along.x(), along.y())
    if long > 0:
        across = QPointF(-along.y(), along.x()) * (_TICK / long)
        for end in (points.first(), points.last()):
            painter.drawLine(end - across, end + across)


def _on_screen(shape: Shape, view: Viewport, pixel_ratio: float) -> QPolygonF:
    to = view.to_device
    turn = QTransform(to.a, to.c, to.b, to.d, to.tx, to.ty) * QTransform.fromScale(1 / pixel_ratio, 1 / pixel_ratio)
    return turn.map(QPolygonF([QPointF(point.x, point.y) for point in shape.points]))
