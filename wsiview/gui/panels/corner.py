"""Corner: keeps a small widget in the upper right corner of a large one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget

from wsiview.gui.canvas.hud import MARGIN

SHARE = 0.2  # of the large one's smaller side
LEAST, MOST = 110, 200  # px


class Corner(QObject):
    """Follows the large widget's size and the small one's shape."""

    def __init__(self, small: QWidget, large: QWidget) -> None:
        """Put it there and watch."""
        super().__init__(large)
        self._small, self._large = small, large
        self._clear = 0
        large.installEventFilter(self)
        self.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move with the corner."""
        if watched is self._large and event.type() == QEvent.Type.Resize:
            self.place()
        return super().eventFilter(watched, event)

    def keep_clear(self, height: int) -> None:
        """Stay below what lies over the large one's upper edge, this many pixels high."""
        if height != self._clear:
            self._clear = height
            self.place()

    def place(self) -> None:
        """Put it there again, since the small one's shape may have changed."""
        room = min(self._large.width(), self._large.height())
        side = round(min(MOST, max(LEAST, SHARE * room)))
        shape = self._small.sizeHint().scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
        margin = round(MARGIN)
        self._small.setGeometry(self._large.width() - shape.width() - margin, margin + self._clear, *shape.toTuple())
