"""Legend ramp: a scale of colours with its ticks, in a row of the legend."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QLinearGradient, QPainter, QPen

from wsiview.gui.canvas.legend_swatch import EDGE, TISSUE
from wsiview.gui.canvas.plate import TEXT, font, small_font
from wsiview.scene.legend import LegendRow
from wsiview.scene.palette import CLASS_STRONGER, INFLUENCE_STRONGER, Color
from wsiview.scene.strength import FULL_ALPHA

_LINE, _NAME, _GAP, _TICKS = 22.0, 96.0, 8.0, 14.0
_MIDDLE = Qt.AlignmentFlag.AlignVCenter


def ramp_height(row: LegendRow) -> float:
    """Screen pixels that a row with ticks takes; a scale with two ends has its name on a line of its own."""
    return _LINE + _TICKS + (_LINE - 4 if row.kind == "difference" else 0)


def paint_ramp(painter: QPainter, row: LegendRow, rect: QRectF) -> None:
    """A bar from nothing to full with its ticks below, its name to the left; above it where there are two ends."""
    painter.setFont(font())
    painter.setPen(TEXT)
    left, top = rect.left() + 2, rect.top() + _LINE - 4
    if row.kind == "difference":
        painter.drawText(QRectF(rect.left(), rect.top(), rect.width(), _LINE), _MIDDLE, row.label)
    else:
        left, top = rect.left() + max(_NAME, QFontMetricsF(font()).horizontalAdvance(row.label) + _GAP), rect.top()
        painter.drawText(QRectF(rect.left(), rect.top(), _NAME, _LINE), _MIDDLE, row.label)
    bar = QRectF(left, top + 5, rect.right() - left - 4, 12)
    painter.fillRect(bar, TISSUE)
    painter.fillRect(bar, QBrush(_two_ends(row, bar) if row.kind == "difference" else _gradient(row, bar)))
    painter.setPen(QPen(EDGE, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar)
    _paint_ticks(painter, row, bar, rect)


def _paint_ticks(painter: QPainter, row: LegendRow, bar: QRectF, rect: QRectF) -> None:
    painter.setFont(small_font())
    painter.setPen(TEXT)
    metrics = QFontMetricsF(small_font())
    for share, label in row.ticks:
        x, width = bar.left() + share * bar.width(), metrics.horizontalAdvance(label)
        painter.drawLine(QPointF(x, bar.bottom()), QPointF(x, bar.bottom() + 3))
        outmost = rect.left() if row.kind == "difference" else bar.left() - 8
        start = min(max(x - width / 2, outmost), rect.right() + 4 - width)
        painter.drawText(QPointF(start, bar.bottom() + 3 + metrics.ascent()), label)


def _gradient(row: LegendRow, bar: QRectF) -> QLinearGradient:
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    color: Color = (24, 28, 36) if row.kind == "prediction" else row.color
    most = 0.6 if row.kind == "prediction" else FULL_ALPHA
    _rise(gradient, color, most, row.threshold, 0.0, 1.0)
    return gradient


def _two_ends(row: LegendRow, bar: QRectF) -> QLinearGradient:
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    _rise(gradient, INFLUENCE_STRONGER, FULL_ALPHA, row.threshold, 0.5, 0.0)
    _rise(gradient, CLASS_STRONGER, FULL_ALPHA, row.threshold, 0.5, 1.0)
    return gradient


def _rise(gradient: QLinearGradient, color: Color, most: float, threshold: float, start: float, end: float) -> None:
    """From nothing at `start`, through a step at the threshold, to the full colour at `end` (shares of the bar)."""
    way = end - start
    if threshold > 0:
        gradient.setColorAt(start, QColor(*color, 0))
        gradient.setColorAt(start + way * max(threshold - 1e-4, 0), QColor(*color, 0))
    gradient.setColorAt(start + way * threshold, QColor(*color, round(255 * most * threshold)))
    gradient.setColorAt(end, QColor(*color, round(255 * most)))
