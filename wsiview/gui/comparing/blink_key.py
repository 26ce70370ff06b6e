"""Blink key: a tap changes between the two views, holding it shows the other one as long as it is down."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from wsiview.gui.comparing.two_views import TwoViews

KEY = Qt.Key.Key_B
HELD = 350  # ms, longer than a tap


class BlinkKey(QObject):
    """Takes the key from a widget before the menu's shortcut does, since a shortcut knows nothing of release."""

    def __init__(self, views: TwoViews, over: QWidget) -> None:
        """Watch the widget's keys."""
        super().__init__(over)
        self._views, self._over = views, over
        self._before: bool | None = None  # which was shown when the key went down; None while it is up
        self._repeated = False
        self._clock = QElapsedTimer()
        over.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the key, without any modifier, for itself."""
        if watched is self._over and isinstance(event, QKeyEvent) and event.key() == KEY:
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if event.type() == QEvent.Type.ShortcutOverride and plain:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and plain:
                self._press(event)
                return True
            if event.type() == QEvent.Type.KeyRelease and self._before is not None:
                if not event.isAutoRepeat():
                    self._release(held=self._repeated or self._clock.elapsed() > HELD)
                return True
        elif watched is self._over and event.type() == QEvent.Type.FocusOut and self._before is not None:
            self._release(held=True)
        return super().eventFilter(watched, event)

    def _press(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat():
            self._repeated = self._before is not None
        elif self._before is None:
            self._before, self._repeated = self._views.shows_b, False
            self._clock.start()
            self._views.toggle()

    def _release(self, held: bool) -> None:
        before, self._before = self._before, None
        if held and before is not None:
            self._views.show(before)
