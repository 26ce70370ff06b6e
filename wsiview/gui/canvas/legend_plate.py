"""Legend plate: the legend as it is painted on the canvas, and which row lies where."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QLinearGradient, QPainter, QPen, QPolygonF

from wsiview.gui.canvas.plate import STAMP, TEXT, Plate, bold_font, font, paint_plate, small_font
from wsiview.scene.legend import Legend, LegendRow
from wsiview.scene.palette import Color, ink
from wsiview.scene.strength import FULL_ALPHA

_PAD, _ROW, _SWATCH, _GAP = 10.0, 22.0, 26.0, 8.0
_NARROWEST, _WITH_RAMP, _WIDEST = 200.0, 264.0, 290.0
_PER_COLUMN, _WIDEST_OF_TWO = 8, 176.0
"""So many classes stand below each other; more stand in two columns, each at most so wide."""
_TISSUE = QColor(226, 196, 214)
"""What ramps are shown on, about the colour of stained tissue."""


@dataclass(frozen=True, slots=True)
class _Line:
    row: LegendRow
    rect: QRectF


class LegendPlate(Plate):
    """The legend laid out in screen pixels, its corner at (0, 0)."""

    def __init__(self, legend: Legend) -> None:
        """Measure every row."""
        self._legend = legend
        metrics = QFontMetricsF(font())
        texts = [_PAD * 2 + _SWATCH + _GAP + metrics.horizontalAdvance(row.label) for row in legend.rows]
        least = _WITH_RAMP if any(row.ticks for row in legend.rows) else _NARROWEST
        classes = [row for row in legend.rows if row.kind == "class"]
        folded = len(classes) > _PER_COLUMN
        single = [text for row, text in zip(legend.rows, texts, strict=True) if not (folded and row.kind == "class")]
        self.width = min(max(least, *single, least), _WIDEST)
        if folded:
            widest = max(text for row, text in zip(legend.rows, texts, strict=True) if row.kind == "class")
            self.width = max(self.width, 2 * min(widest, _WIDEST_OF_TWO))
        y = _PAD
        self._stamp = QRectF()
        if legend.stamp:
            self._stamp = QRectF(_PAD, y, self.width - 2 * _PAD, _ROW)
            y += _ROW
        self._lines: list[_Line] = []
        if folded:
            y = self._fold(classes, y)
        for row in legend.rows[len(classes) if folded else 0 :]:
            height = _ROW + (14 if row.ticks else 0)
            self._lines.append(_Line(row, QRectF(_PAD, y, self.width - 2 * _PAD, height)))
            y += height
        note = QFontMetricsF(small_font()).boundingRect(
            QRectF(0, 0, self.width - 2 * _PAD, 1000), Qt.TextFlag.TextWordWrap, legend.note
        )
        self._note = QRectF(_PAD, y + 4, self.width - 2 * _PAD, note.height() + 2)
        self.height = self._note.bottom() + _PAD - 2

    def _fold(self, classes: list[LegendRow], y: float) -> float:
        """Lay classes in two columns; returns where they end."""
        half = (len(classes) + 1) // 2
        width = (self.width - 3 * _PAD) / 2
        for index, row in enumerate(classes):
            x = _PAD + index // half * (width + _PAD)
            self._lines.append(_Line(row, QRectF(x, y + index % half * _ROW, width, _ROW)))
        return y + half * _ROW

    def class_at(self, x: float, y: float) -> int | None:
        """The class whose row lies there."""
        for line in self._lines:
            if line.rect.adjusted(-_PAD / 2, 0, _PAD / 2, 0).contains(x, y):
                return line.row.class_index
        return None

    def center_of(self, class_index: int) -> QPointF | None:
        """The middle of a class's row."""
        rects = [line.rect for line in self._lines if line.row.class_index == class_index]
        return rects[0].center() if rects else None

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        paint_plate(painter, QRectF(0, 0, self.width, self.height))
        if self._legend.stamp:
            painter.setPen(STAMP)
            painter.setFont(bold_font())
            painter.drawText(self._stamp, Qt.AlignmentFlag.AlignVCenter, self._legend.stamp)
        for line in self._lines:
            self._paint_row(painter, line)
        painter.setPen(QColor(205, 208, 214))
        painter.setFont(small_font())
        painter.drawText(self._note, Qt.TextFlag.TextWordWrap, self._legend.note)

    def _paint_row(self, painter: QPainter, line: _Line) -> None:
        row, rect = line.row, line.rect
        if row.ticks:
            _paint_ramp(painter, row, rect)
            return
        swatch = QRectF(rect.left(), rect.top() + (_ROW - 16) / 2, _SWATCH, 16)
        painter.setOpacity(1.0 if row.enabled else 0.4)
        _paint_swatch(painter, row, swatch)
        text = QRectF(swatch.right() + _GAP, rect.top(), rect.right() - swatch.right() - _GAP, _ROW)
        label = row.label
        elided = QFontMetricsF(font()).elidedText(label, Qt.TextElideMode.ElideRight, text.width())
        painter.setFont(font())
        painter.setPen(TEXT)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, elided)
        if not row.enabled:
            width = QFontMetricsF(font()).horizontalAdvance(elided)
            painter.drawLine(QPointF(text.left(), rect.center().y()), QPointF(text.left() + width, rect.center().y()))
        painter.setOpacity(1.0)


def _paint_swatch(painter: QPainter, row: LegendRow, rect: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    if row.kind == "undecided":
        painter.fillRect(rect, _TISSUE)
        _diagonals(painter, rect, QColor(255, 255, 0), 8, 4)
        _diagonals(painter, rect, QColor(0xDF, 0x50, 0x20), 8, 4, 4)
    elif row.kind in ("contour", "dashed"):
        painter.fillRect(rect, _TISSUE)
        for color, width in ((QColor(16, 16, 16), 3.5), (QColor(255, 255, 255), 1.5)):
            pen = QPen(color, width)
            if row.kind == "dashed" and width < 2:
                pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(rect.adjusted(3, 3, -3, -3))
    elif row.hatched:
        painter.fillRect(rect, _TISSUE)
        _diagonals(painter, rect, QColor(*row.color), 8, 5)
    else:
        painter.fillRect(rect, QColor(*row.color))
    if row.letter:
        _paint_letter(painter, row, rect)
    painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect)


def _paint_letter(painter: QPainter, row: LegendRow, rect: QRectF) -> None:
    if row.hatched:  # a letter over stripes needs a ground of its own
        painter.fillRect(rect.adjusted(7, 1, -7, -1), QColor(*row.color))
    painter.setPen(QColor(*ink(row.color)))
    painter.setFont(bold_font())
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, row.letter)


def _diagonals(painter: QPainter, rect: QRectF, color: QColor, period: float, width: float, start: float = 0) -> None:
    painter.save()
    painter.setClipRect(rect)
    painter.setBrush(QBrush(color))
    painter.setPen(Qt.PenStyle.NoPen)
    x = rect.left() - rect.height() + start - period
    while x < rect.right():
        low, high = rect.bottom(), rect.top()
        right = x + rect.height()
        corners = [QPointF(x, low), QPointF(x + width, low), QPointF(right + width, high), QPointF(right, high)]
        painter.drawPolygon(QPolygonF(corners))
        x += period
    painter.restore()


def _paint_ramp(painter: QPainter, row: LegendRow, rect: QRectF) -> None:
    """A bar from nothing to full with its ticks below, and its name to the left."""
    name = QRectF(rect.left(), rect.top(), 96, _ROW)
    painter.setFont(font())
    painter.setPen(TEXT)
    painter.drawText(name, Qt.AlignmentFlag.AlignVCenter, row.label)
    left = rect.left() + max(96.0, QFontMetricsF(font()).horizontalAdvance(row.label) + _GAP)
    bar = QRectF(left, rect.top() + 5, rect.right() - left - 4, 12)
    painter.fillRect(bar, _TISSUE)
    painter.fillRect(bar, QBrush(_gradient(row, bar)))
    painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar)
    painter.setFont(small_font())
    painter.setPen(TEXT)
    metrics = QFontMetricsF(small_font())
    for share, label in row.ticks:
        x, width = bar.left() + share * bar.width(), metrics.horizontalAdvance(label)
        painter.drawLine(QPointF(x, bar.bottom()), QPointF(x, bar.bottom() + 3))
        start = min(max(x - width / 2, bar.left() - 8), rect.right() + 4 - width)
        painter.drawText(QPointF(start, bar.bottom() + 3 + metrics.ascent()), label)


def _gradient(row: LegendRow, bar: QRectF) -> QLinearGradient:
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    color: Color = (24, 28, 36) if row.kind == "prediction" else row.color
    most = 0.6 if row.kind == "prediction" else FULL_ALPHA
    if row.threshold > 0:
        gradient.setColorAt(0, QColor(*color, 0))
        gradient.setColorAt(max(row.threshold - 1e-4, 0), QColor(*color, 0))
    gradient.setColorAt(row.threshold, QColor(*color, round(255 * most * row.threshold)))
    gradient.setColorAt(1, QColor(*color, round(255 * most)))
    return gradient
