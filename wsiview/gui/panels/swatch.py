"""Swatch: a class's letter on its colour, the sign by which the reader knows it everywhere."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from wsiview.scene.layers import ClassLook
from wsiview.scene.palette import ink

SIDE = 22  # px


def paint_swatch(painter: QPainter, box: QRectF, look: ClassLook, *, faded: bool = False) -> None:
    """Draw the sign into a box (device-independent px)."""
    color = QColor(*look.color)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(0.35 if faded else 1.0)
    painter.setPen(QPen(QColor(0, 0, 0, 110), 1))
    painter.setBrush(color)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    if look.hatched:
        painter.setPen(Qt.PenStyle.NoPen)
        lines = QColor(*ink(look.color))
        lines.setAlpha(90)
        painter.setBrush(QBrush(lines, Qt.BrushStyle.BDiagPattern))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)
    painter.setPen(QColor(*ink(look.color)))
    font = painter.font()
    font.setBold(True)
    font.setPixelSize(max(9, int(box.height() * 0.6)))
    painter.setFont(font)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, look.letter)
    painter.restore()


class Swatch(QAbstractButton):
    """The sign as a button."""

    color_wanted = Signal()

    def __init__(self, look: ClassLook, parent: QWidget | None = None) -> None:
        """Show this look."""
        super().__init__(parent)
        self._look = look
        self.setFixedSize(SIDE, SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.show_look(look)

    def show_look(self, look: ClassLook) -> None:
        """Show this letter and colour."""
        self._look = look
        self.setAccessibleName(f"Colour of class {look.letter}")
        self.update()

    def sizeHint(self) -> QSize:
        """A small square."""
        return QSize(SIDE, SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the sign."""
        painter = QPainter(self)
        paint_swatch(painter, QRectF(self.rect()), self._look, faded=not self._look.visible)
        if self.hasFocus() or self.isChecked():
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()
