"""Class keys: Alt and a letter shows a class or shows it no more."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.display import Display


class ClassKeys(QObject):
    """Takes these keys from a canvas before the menu bar does, which opens its menus by some of them."""

    def __init__(self, display: Display, canvas: SlideCanvas) -> None:
        """Watch the canvas's keys."""
        super().__init__(canvas)
        self._display, self._canvas = display, canvas
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of classes that there are; every other one goes to the menu bar."""
        if watched is self._canvas and isinstance(event, QKeyEvent) and (index := self._class_of(event)) is not None:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                if not event.isAutoRepeat():
                    self._display.toggle_class(index)
                return True
        return super().eventFilter(watched, event)

    def _class_of(self, event: QKeyEvent) -> int | None:
        stack = self._display.layers
        if stack is None or event.modifiers() != Qt.KeyboardModifier.AltModifier:
            return None
        index = event.key() - Qt.Key.Key_A.value
        return index if 0 <= index < len(stack.classes) else None
