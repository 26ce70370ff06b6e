"""Lamp sign: how a check is drawn: its level by colour, by shape and by sign, never by colour alone."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from wsiview.analysis.lamp import Level

COLORS = {
    Level.GOOD: (QColor(0x2E, 0x8B, 0x57), QColor(255, 255, 255)),
    Level.LOOK: (QColor(0xF2, 0xB1, 0x1E), QColor(40, 28, 0)),
    Level.BAD: (QColor(0xC8, 0x37, 0x2D), QColor(255, 255, 255)),
}
WORDS = {Level.GOOD: "well", Level.LOOK: "look twice", Level.BAD: "don't rely on it", Level.UNKNOWN: "not known"}


def paint_lamp(painter: QPainter, box: QRectF, level: Level, text: QColor) -> None:
    """A green disc with a tick, an amber triangle with "!", a red square with a cross, or a hollow ring with "?"."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = box.adjusted(1, 1, -1, -1)
    if level is Level.UNKNOWN:
        painter.setPen(QPen(text, 1.3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box)
        _paint_letter(painter, box, "?", text)
    else:
        fill, ink = COLORS[level]
        painter.setPen(QPen(fill.darker(140), 1))
        painter.setBrush(fill)
        painter.drawPath(_shape(box, level))
        _paint_sign(painter, box, level, ink)
    painter.restore()


def _shape(box: QRectF, level: Level) -> QPainterPath:
    path = QPainterPath()
    if level is Level.GOOD:
        path.addEllipse(box)
    elif level is Level.BAD:
        path.addRoundedRect(box, 2.5, 2.5)
    else:
        path.moveTo(box.center().x(), box.top() - 0.5)
        path.lineTo(box.right() + 1, box.bottom())
        path.lineTo(box.left() - 1, box.bottom())
        path.closeSubpath()
    return path


def _paint_sign(painter: QPainter, box: QRectF, level: Level, ink: QColor) -> None:
    x, y, side = box.left(), box.top(), box.width()

    def at(across: float, down: float) -> QPointF:
        return QPointF(x + across * side, y + down * side)

    painter.setPen(QPen(ink, 0.13 * side, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    if level is Level.GOOD:
        painter.drawPolyline([at(0.26, 0.53), at(0.44, 0.7), at(0.75, 0.32)])
    elif level is Level.BAD:
        painter.drawLine(at(0.28, 0.28), at(0.72, 0.72))
        painter.drawLine(at(0.72, 0.28), at(0.28, 0.72))
    else:
        painter.drawLine(at(0.5, 0.36), at(0.5, 0.62))
        painter.drawPoint(at(0.5, 0.82))


def _paint_letter(painter: QPainter, box: QRectF, letter: str, ink: QColor) -> None:
    font = painter.font()
    font.setBold(True)
    font.setPixelSize(max(8, round(0.72 * box.height())))
    painter.setFont(font)
    painter.setPen(ink)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)


class LampSign(QWidget):
    """One lamp by itself."""

    def __init__(self, side: int, parent: QWidget | None = None) -> None:
        """Start with nothing known."""
        super().__init__(parent)
        self._side, self._level = side, Level.UNKNOWN
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_level(self, level: Level) -> None:
        """Shine this way."""
        self._level = level
        self.setAccessibleName(WORDS[level])
        self.update()

    def sizeHint(self) -> QSize:
        """A small square."""
        return QSize(self._side, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        paint_lamp(painter, QRectF(0, 0, self._side, self._side), self._level, self.palette().windowText().color())
        painter.end()
