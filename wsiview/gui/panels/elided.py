"""Elided: a label that cuts its text in the middle where there is no room for all of it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

_LEAST = 48  # px


class ElidedLabel(QLabel):
    """One line; the whole text is in the tooltip unless another one is set."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        """Show a text."""
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.show_text(text)

    def show_text(self, text: str, tip: str = "") -> None:
        """Show another text."""
        self.setText(text)
        self.setToolTip(tip or text)
        self.setAccessibleName(text)

    def minimumSizeHint(self) -> QSize:
        """A few letters are enough."""
        return QSize(min(_LEAST, self.sizeHint().width()), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write as much as there is room for."""
        painter, room = QPainter(self), QRect(self.contentsRect())
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room.width())
        self.style().drawItemText(
            painter, room, self.alignment().value, self.palette(), self.isEnabled(), text, self.foregroundRole()
        )
        painter.end()
