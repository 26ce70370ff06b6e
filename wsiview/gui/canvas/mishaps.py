"""Mishaps: tiles that could not be read, what was said about them, and when it is time to try again."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from wsiview.gui.canvas.file_tiles import FileTiles
from wsiview.gui.timers import single_shot
from wsiview.scene.visible_tiles import TileKey

_FIRST_RETRY_MS, _LAST_RETRY_MS = 2000, 60_000


class Mishaps(QObject):
    """Keeps count for one slide at a time.

    Signals
    -------
    bad_tiles(int)
        So many tiles of the file could not be read.
    trouble(str)
        A sentence about a slide that fails in another way; not said again before something is read.
    due()
        Try again now; later and later, as long as it fails.
    """

    bad_tiles = Signal(int)
    trouble = Signal(str)
    due = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        """All is well."""
        super().__init__(parent)
        self.failed: set[TileKey] = set()
        self._count = 0
        self._told: set[str] = set()
        self._patience = _FIRST_RETRY_MS
        self._retry = single_shot(self, _FIRST_RETRY_MS, self.due)

    def forget(self) -> None:
        """Another slide: nothing has failed yet."""
        self.failed.clear()
        self._calm()
        self.count(None)

    def refused(self, key: TileKey, sentence: str) -> None:
        """A picture of this place could not be made."""
        self.failed.add(key)
        self._tell(sentence)
        self._plan_retry()

    def went_well(self, tiles: FileTiles) -> None:
        """Something could be read: with nothing bad left, all is well."""
        if not self.failed and not tiles.bad:
            self._calm()

    def count(self, tiles: FileTiles | None) -> None:
        """Look what the slide can't read by now."""
        bad = tiles.bad if tiles is not None else frozenset()
        if tiles is not None and tiles.vanished:
            self._tell(tiles.vanished)
        if bad:
            self._plan_retry()
        if len(bad) != self._count:
            self._count = len(bad)
            self.bad_tiles.emit(self._count)

    def stop(self) -> None:
        """No more tries."""
        self._retry.stop()

    def _tell(self, sentence: str) -> None:
        if not self._told:
            self.trouble.emit(sentence)
        self._told.add(sentence)

    def _plan_retry(self) -> None:
        if not self._retry.isActive():
            self._retry.start(self._patience)
            self._patience = min(2 * self._patience, _LAST_RETRY_MS)

    def _calm(self) -> None:
        self._retry.stop()
        self._patience = _FIRST_RETRY_MS
        self._told.clear()
