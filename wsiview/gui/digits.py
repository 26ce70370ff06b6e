"""Digits: keys that magnify wherever the focus is, unless a field takes what is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent

from wsiview.gui.canvas import keyboard

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Digits(QObject):
    """Takes keys that no widget of the window wanted, and hands them to the view."""

    def __init__(self, window: MainWindow) -> None:
        """Watch the window's keys."""
        super().__init__(window)
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A digit's key stays one, also where without num lock it would send a shortcut; text fields came before."""
        if watched is self._window and isinstance(event, QKeyEvent) and self._window.session.slide is not None:
            if event.type() == QEvent.Type.ShortcutOverride and keyboard.digit(event) is not None:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and self._window.active_canvas.press_key(event):
                return True
        return super().eventFilter(watched, event)
