"""Floating: a small panel over the upper edge of a canvas, for what is asked or said without standing in the way."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QToolButton, QWidget

_TOP = 12
"""Screen pixels between the canvas's edge and the panel's."""


class Floating(QFrame):
    """Stays in the middle of the upper edge of what it lies over; Esc closes it and gives the keys back.

    Signals
    -------
    left()
        It was closed.
    """

    left = Signal()

    def __init__(self, over: QWidget) -> None:
        """Start hidden over this widget."""
        super().__init__(over)
        self._over = over
        self.setObjectName("floating")
        self.setAutoFillBackground(True)
        # A click beside its fields is no click on the slide.
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.hide()

    def lie_over(self, over: QWidget) -> None:
        """Move to another canvas."""
        if over is not self._over:
            self.hide()
            self._over = over
            self.setParent(over)

    def appear(self) -> None:
        """Come up, in place."""
        self.show()
        self.raise_()
        self.place()

    def leave(self) -> None:
        """Go, and give the keys back to what lies below."""
        self.hide()
        self._over.setFocus()
        self.left.emit()

    def close_button(self) -> QToolButton:
        """A button for the mouse that does what Esc does."""
        button = QToolButton()
        button.setText("×")
        button.setAutoRaise(True)
        button.setAccessibleName("Close")
        button.setToolTip("Close (Esc)")
        button.clicked.connect(self.leave)
        return button

    def place(self) -> None:
        """Take the room that is needed and stand in the middle."""
        wanted, room = self.sizeHint(), self._over.width()
        width = min(wanted.width(), room)
        height = self.heightForWidth(width) if self.hasHeightForWidth() else wanted.height()
        self.setGeometry((room - width) // 2, _TOP, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of what lies below."""
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self.place()
        return super().eventFilter(watched, event)

    def showEvent(self, event: QShowEvent) -> None:
        """Watch what lies below from now on; while hidden it would only be asked about every movement there."""
        self._over.installEventFilter(self)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Watch no more."""
        self._over.removeEventFilter(self)
        super().hideEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes; no key that a field leaves alone moves the slide."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        event.accept()
