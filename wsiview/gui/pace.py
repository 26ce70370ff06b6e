"""Pace: passes on that something has changed, but no faster than a reader can follow, and never loses the last time."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from wsiview.gui.timers import single_shot

READABLE_MS = 100  # words and figures that change more often can't be read


class Pace(QObject):
    """Stands between what changes with every frame of a gesture and what is only read.

    Parameters
    ----------
    pause
        The least time in ms between two times that it passes on.

    Signals
    -------
    told()
        Something has changed since the last time: at once after a calm, then once in each pause, and at last.
    """

    told = Signal()

    def __init__(self, parent: QObject | None = None, pause: int = READABLE_MS) -> None:
        """Nothing has changed yet."""
        super().__init__(parent)
        self._kept_back = self._closed = False
        self._pause = single_shot(self, pause, self._tell_last)

    @property
    def settled(self) -> bool:
        """Whether all that has changed was passed on."""
        return not self._kept_back

    @Slot()
    def tell(self) -> None:
        """Something has changed."""
        if self._closed:
            return
        if self._pause.isActive():
            self._kept_back = True
        else:
            self._pause.start()
            self.told.emit()

    def close(self) -> None:
        """Pass nothing on any more."""
        self._closed, self._kept_back = True, False
        self._pause.stop()

    @Slot()
    def _tell_last(self) -> None:
        if self._kept_back:
            self._kept_back = False
            self.tell()
