"""Page keys: in what can be paged, such as a list or a slider, they page; elsewhere they change the slide."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QMainWindow,
)

_PAGED = (QAbstractScrollArea, QAbstractSlider, QAbstractSpinBox, QComboBox)


class PageKeys(QObject):
    """Keeps the menu from taking these keys away from the widget that has the focus."""

    def __init__(self, window: QMainWindow) -> None:
        """Watch the window's keys."""
        super().__init__(window)
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claim the keys before the menu does."""
        if (
            watched is self._window
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
            and isinstance(QApplication.focusWidget(), _PAGED)
        ):
            event.accept()
            return True
        return super().eventFilter(watched, event)
