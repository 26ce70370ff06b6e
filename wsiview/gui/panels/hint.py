"""Hint: one line over the lower edge of a canvas that says how the tool in the hand is used, or what was just done."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QHideEvent
from PySide6.QtWidgets import QLabel, QWidget

from wsiview.gui.panels.footing import Footing
from wsiview.gui.timers import single_shot

_BOTTOM = 14
_STAYS = 4000  # ms
_MARGIN = 24


class Hint(QLabel):
    """Lies over the canvas without taking its clicks or its room."""

    def __init__(self, over: QWidget) -> None:
        """Start hidden."""
        super().__init__(over)
        self._over, self._standing = over, ""
        self.setObjectName("hintPlate")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._fade = single_shot(self, _STAYS, self._show_standing)
        Footing(self, self._place)
        self.hide()

    def stand(self, words: str) -> None:
        """Show words until others come; none with ""."""
        self._standing = words
        self._show_standing()

    def flash(self, words: str) -> None:
        """Show words for a few seconds, then what stood there before."""
        self._put(words)
        self._fade.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Wait for nothing any more."""
        self._fade.stop()
        super().hideEvent(event)

    def _show_standing(self) -> None:
        self._fade.stop()
        self._put(self._standing)

    def _put(self, words: str) -> None:
        self.setText(words)
        self.setAccessibleName(words or "Hint")
        self.setVisible(bool(words))
        if words:
            self._place()
            self.raise_()

    def _place(self) -> None:
        room = max(60, self._over.width() - 2 * _MARGIN)
        metrics = QFontMetrics(self.font())
        self.setWordWrap(metrics.horizontalAdvance(self.text()) + _MARGIN > room)
        width = min(room, metrics.horizontalAdvance(self.text()) + _MARGIN)
        height = self.heightForWidth(width) if self.wordWrap() else self.sizeHint().height()
        self.setGeometry((self._over.width() - width) // 2, self._over.height() - height - _BOTTOM, width, height)
