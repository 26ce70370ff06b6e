"""Legend swatch: the small picture at the head of a legend's row."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from wsiview.gui.canvas.plate import bold_font
from wsiview.scene.legend import LegendRow, MarkKind
from wsiview.scene.marks import VEIL_COLOR
from wsiview.scene.palette import ink

TISSUE = QColor(226, 196, 214)
"""What swatches and ramps are shown on, about the colour of stained tissue."""
EDGE = QColor(0, 0, 0, 160)


def paint_swatch(painter: QPainter, row: LegendRow, rect: QRectF) -> None:
    """A class's colour and letter, or what stands for another layer."""
    painter.setPen(Qt.PenStyle.NoPen)
    if row.kind == "undecided":
        painter.fillRect(rect, TISSUE)
        _diagonals(painter, rect, QColor(255, 255, 0), 8, 4)
        _diagonals(painter, rect, QColor(0xDF, 0x50, 0x20), 8, 4, 4)
    elif row.kind in ("contour", "dashed"):
        painter.fillRect(rect, TISSUE)
        for color, width in ((QColor(16, 16, 16), 3.5), (QColor(255, 255, 255), 1.5)):
            pen = QPen(color, width)
            if row.kind == "dashed" and width < 2:
                pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(rect.adjusted(3, 3, -3, -3))
    elif row.hatched:
        painter.fillRect(rect, TISSUE)
        _diagonals(painter, rect, QColor(*row.color), 8, 5)
    else:
        painter.fillRect(rect, QColor(*row.color))
    if row.letter:
        _paint_letter(painter, row, rect)
    _frame(painter, rect)


def paint_mark(painter: QPainter, kind: MarkKind, rect: QRectF) -> None:
    """How a cell without a colour looks, about as it does on the slide."""
    painter.fillRect(rect, TISSUE)
    if kind == "outside":
        painter.fillRect(rect, QColor(236, 236, 240))
        painter.fillRect(rect, QColor(*VEIL_COLOR))
    elif kind == "weak":
        for x, y in ((4.0, 3.0), (9.0, 8.0)):
            painter.fillRect(QRectF(rect.x() + x, rect.y() + y, 4, 2), QColor(60, 40, 0))
    elif kind == "waiting":
        for x in (3.0, 8.0, 13.0):
            for y in (3.0, 8.0):
                painter.fillRect(QRectF(rect.x() + x, rect.y() + y, 1.5, 1.5), QColor(70, 78, 90))
    elif kind == "unreadable":
        painter.fillRect(rect, QColor(235, 235, 235))
        _diagonals(painter, rect, QColor(20, 20, 20), 6, 1.2)
        painter.save()
        painter.translate(rect.center())
        painter.scale(-1, 1)
        _diagonals(painter, QRectF(-rect.width() / 2, -rect.height() / 2, rect.width(), rect.height()),
                   QColor(20, 20, 20), 6, 1.2)  # fmt: skip
        painter.restore()
    _frame(painter, rect)


def _frame(painter: QPainter, rect: QRectF) -> None:
    painter.setPen(QPen(EDGE, 1))
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
