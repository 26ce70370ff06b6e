"""Corner: keeps a small widget in the upper right corner of a large one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

MARGIN = 14  # px
SHARE = 0.2  # of the large one's smaller side
LEAST, MOST = 110, 200  # px


class Corner(QObject):
    """Follows the large widget's size."""

    def __init__(self, small: QWidget, large: QWidget) -> None:
        """Put it there and watch."""
        super().__init__(large)
        self._small, self._large = small, large
        large.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move with the corner."""
        if watched is self._large and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        room = min(self._large.width(), self._large.height())
        side = round(min(MOST, max(LEAST, SHARE * room)))
        self._small.setGeometry(self._large.width() - side - MARGIN, MARGIN, side, round(side * 0.8))
