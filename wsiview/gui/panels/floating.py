"""Floating: a small panel over the upper edge of a canvas, for what is asked or said without standing in the way."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QToolButton, QWidget

from wsiview.gui.panels.footing import Footing

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
        Footing(self, self.place)
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes; no key that a field leaves alone moves the slide."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        event.accept()
