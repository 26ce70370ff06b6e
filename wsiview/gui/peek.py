"""Peek: holding Space over the slide looks beneath the layers."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from wsiview.gui.display import Display


class Peek(QObject):
    """Hides the layers while the key is down over a widget; what was hidden by hand stays so."""

    def __init__(self, display: Display, over: QWidget) -> None:
        """Watch the widget's keys."""
        super().__init__(over)
        self._display, self._over, self._peeking = display, over, False
        over.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take Space for itself; a widget that loses the keys is no longer peeked beneath."""
        if watched is self._over and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat() and event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                self._peek(event.type() == QEvent.Type.KeyPress)
            return True
        if watched is self._over and event.type() == QEvent.Type.FocusOut:
            self._peek(False)
        return super().eventFilter(watched, event)

    def _peek(self, on: bool) -> None:
        stack = self._display.layers
        if stack is not None and on != self._peeking and (self._peeking or not stack.hidden):
            self._peeking = on
            self._display.change_layers(hidden=on)
