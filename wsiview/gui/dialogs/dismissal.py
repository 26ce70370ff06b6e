"""Dismissal: Esc over the window closes a sheet that stays open beside it, once no tool wants the key."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QWidget

from wsiview.gui.canvas.slide_canvas import SlideCanvas


class Dismissal(QObject):
    """Lives as long as its sheet; one Esc does one thing, so what lies beneath stays as it is."""

    def __init__(self, sheet: QDialog, window: QWidget) -> None:
        """Hear the key before the slides do, and where nobody in the window took it."""
        super().__init__(sheet)
        self._sheet = sheet
        for heard in (window, *window.findChildren(SlideCanvas)):
            heard.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A tool is put away first."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            in_use = isinstance(watched, SlideCanvas) and watched.tool is not None
            if self._sheet.isVisible() and not in_use:
                self._sheet.reject()
                return True
        return super().eventFilter(watched, event)
