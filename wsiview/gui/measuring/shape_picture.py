"""Shape picture: how a drawn shape looks – a light line in a dark casing, with a plate that tells what it measures."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPolygonF, QTransform

from wsiview.gui.canvas.plate import TEXT, font, paint_plate, picture_of, small_font
from wsiview.scene.measures import thinned
from wsiview.scene.shapes import Shape
from wsiview.scene.viewport import Viewport

CASING, HELD = QColor(0, 0, 0, 190), QColor(255, 214, 10)
_LINE = QColor(255, 255, 255)
_THICK, _THIN = 4.0, 1.8
_TICK = 6.0
"""Half the length of the strokes at a ruler's ends, screen pixels."""
_GAP = 6.0
_SMALLEST = 14.0
"""Screen pixels that a shape must be large for its plate to be shown; else plates would hide the slide."""
_MANY = 24
"""Points from which an outline is drawn with fewer of them where they fall together on screen."""
_LARGEST_COPY = 1400
"""Device pixels per side of a shape of which a picture is kept."""
_UNSEEN = 0.3
"""Screen pixels by which a line may then be elsewhere."""

_Manner = tuple[float, float, bool, float, bool, float, float]


class ShapePicture:
    """A shape with its words; all that takes long is worked out once, so that a frame only strokes and copies."""

    def __init__(self, shape: Shape, words: tuple[str, ...]) -> None:
        """Lay out the plate."""
        self.shape, self.words = shape, words
        self._points = _polygon(shape)
        self._bounds = self._points.boundingRect()
        self._thinned: dict[int, QPolygonF] = {}
        self._plates: dict[tuple[float, bool], QImage] = {}
        self._plate = _Plate(words)
        self._seen: _Manner | None = None  # how the line was last asked for
        self._copied: _Manner | None = None
        self._copy = QImage()

    def points(self, view: Viewport, pixel_ratio: float) -> QPolygonF:
        """Its points on screen, screen pixels."""
        return _to_screen(view, pixel_ratio).map(self._points)

    def bounds(self, view: Viewport, pixel_ratio: float) -> QRectF:
        """An upright rectangle on screen around all of it but its plate."""
        return _to_screen(view, pixel_ratio).mapRect(self._bounds).adjusted(-_TICK, -_TICK, _TICK, _TICK)

    def plate(self, view: Viewport, pixel_ratio: float) -> QRectF | None:
        """Where the words stand, screen pixels: beside a ruler, within an outline, always inside the view."""
        bounds = self.bounds(view, pixel_ratio).adjusted(_TICK, _TICK, -_TICK, -_TICK)
        if max(bounds.width(), bounds.height()) < _SMALLEST:
            return None
        width, height, middle = self._plate.width, self._plate.height, bounds.center()
        if not self.shape.closed:
            points = self.points(view, pixel_ratio)
            middle += _across(points.first(), points.last(), width, height)
        right, bottom = view.size.width / pixel_ratio, view.size.height / pixel_ratio
        x = min(max(middle.x() - width / 2, 4.0), max(4.0, right - width - 4))
        y = min(max(middle.y() - height / 2, 4.0), max(4.0, bottom - height - 4))
        return QRectF(round(x), round(y), width, height)

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, *, held: bool) -> None:
        """Paint line and plate; nothing where the shape is out of sight."""
        screen = QRectF(0, 0, view.size.width / pixel_ratio, view.size.height / pixel_ratio)
        if not self.bounds(view, pixel_ratio).intersects(screen):
            return
        self._paint_line(painter, view, pixel_ratio, held)
        plate = self.plate(view, pixel_ratio)
        if plate is not None:
            painter.drawImage(plate.topLeft(), self._plate_picture(pixel_ratio, held))

    def _paint_line(self, painter: QPainter, view: Viewport, pixel_ratio: float, held: bool) -> None:
        """Copy the line from a picture of it while the slide is only moved; stroking takes ten times as long."""
        bounds = self.bounds(view, pixel_ratio)
        corner = QPointF(math.floor(bounds.x() * pixel_ratio), math.floor(bounds.y() * pixel_ratio)) / pixel_ratio
        within = (bounds.topLeft() - corner) * pixel_ratio
        phase = round(within.x(), 1), round(within.y(), 1)
        key: _Manner = (view.downsample, view.rotation, view.flipped, pixel_ratio, held, *phase)
        size = math.ceil(bounds.width() * pixel_ratio) + 2, math.ceil(bounds.height() * pixel_ratio) + 2
        if key == self._seen and key != self._copied and max(size) <= _LARGEST_COPY:
            self._copy, self._copied = QImage(*size, QImage.Format.Format_ARGB32_Premultiplied), key
            self._copy.setDevicePixelRatio(pixel_ratio)
            self._copy.fill(0)
            inner = QPainter(self._copy)
            inner.translate(-corner)
            self._stroke(inner, view, pixel_ratio, held)
            inner.end()
        self._seen = key
        if key == self._copied:
            painter.drawImage(corner, self._copy)
        else:
            self._stroke(painter, view, pixel_ratio, held)

    def _stroke(self, painter: QPainter, view: Viewport, pixel_ratio: float, held: bool) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        drawn = _to_screen(view, pixel_ratio).map(self._drawn(view.downsample * pixel_ratio))
        for ink, width in ((CASING, _THICK), (HELD if held else _LINE, _THIN)):
            painter.setPen(QPen(ink, width))
            if self.shape.closed:
                painter.drawPolygon(drawn)
            else:
                painter.drawLines(_strokes(drawn))

    def _drawn(self, level0_per_pixel: float) -> QPolygonF:
        """The points that matter at a scale, worked out once for each doubling of it."""
        if self._points.count() < _MANY:
            return self._points
        octave = math.floor(math.log2(level0_per_pixel))
        if octave not in self._thinned:
            few = thinned((*self.shape.points, self.shape.points[0]), _UNSEEN * 2.0**octave)
            self._thinned[octave] = QPolygonF([QPointF(point.x, point.y) for point in few[:-1]])
        return self._thinned[octave]

    def _plate_picture(self, pixel_ratio: float, held: bool) -> QImage:
        key = pixel_ratio, held
        if key not in self._plates:
            self._plate.color = HELD if held else TEXT
            self._plates[key] = picture_of(self._plate, pixel_ratio)
        return self._plates[key]


class _Plate:
    """The words, the first of them in front."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.color = TEXT
        self._lines: list[tuple[float, float, str, QFont]] = []
        y, widest = 3.0, 0.0
        for line, text in enumerate(words):
            kind = small_font() if line else font()
            metrics = QFontMetricsF(kind)
            self._lines.append((y, metrics.height(), text, kind))
            y += metrics.height()
            widest = max(widest, metrics.horizontalAdvance(text))
        self.width, self.height = math.ceil(widest) + 14.0, math.ceil(y) + 3.0

    def paint(self, painter: QPainter) -> None:
        """Paint ground and words."""
        paint_plate(painter, QRectF(0, 0, self.width, self.height))
        for y, height, text, kind in self._lines:
            painter.setFont(kind)
            painter.setPen(TEXT if y > 3 else self.color)
            painter.drawText(QRectF(0, y, self.width, height), Qt.AlignmentFlag.AlignCenter, text)


def _to_screen(view: Viewport, pixel_ratio: float) -> QTransform:
    to = view.to_device
    return QTransform(to.a, to.c, to.b, to.d, to.tx, to.ty) * QTransform.fromScale(1 / pixel_ratio, 1 / pixel_ratio)


def _polygon(shape: Shape) -> QPolygonF:
    return QPolygonF([QPointF(point.x, point.y) for point in shape.points])


def _across(start: QPointF, end: QPointF, width: float, height: float) -> QPointF:
    """From the middle of a line to the middle of a plate that stands beside it, above where there is an above."""
    along = end - start
    long = math.hypot(along.x(), along.y()) or 1.0
    across = QPointF(along.y() / long, -along.x() / long)
    if across.y() > 0:
        across = -across
    return across * (abs(across.x()) * width / 2 + abs(across.y()) * height / 2 + _GAP + _TICK)


def _strokes(points: QPolygonF) -> list[QLineF]:
    """A ruler's line and the strokes at its ends."""
    start, end = points.first(), points.last()
    along = end - start
    long = math.hypot(along.x(), along.y())
    lines = [QLineF(start, end)]
    if long > 0:
        across = QPointF(-along.y(), along.x()) * (_TICK / long)
        lines += [QLineF(at - across, at + across) for at in (start, end)]
    return lines
