"""Recent files: those opened lately that are still there; looked at elsewhere, since a dead share answers nobody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from wsiview.gui.jobs import Job
from wsiview.gui.preferences import Preferences


class RecentFiles(QObject):
    """What can be offered to be opened again.

    Signals
    -------
    changed()
        Other files are there than was thought.
    """

    changed = Signal()

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        """Take all to be there, and look."""
        super().__init__(parent)
        self._preferences = preferences
        self._gone: frozenset[Path] = frozenset()
        self._job = Job(self)
        self._job.succeeded.connect(self._take)
        self.look()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Newest first, without those that were gone when last looked for."""
        return tuple(path for path in self._preferences.recent_paths() if path not in self._gone)

    def look(self) -> None:
        """See which of them are there by now; until that is known, it is as it was."""
        paths = self._preferences.recent_paths()
        self._job.start(lambda progress: _gone(paths))

    def forget(self) -> None:
        """Offer none any more."""
        self._preferences.forget_recent()
        self.changed.emit()

    def close(self) -> None:
        """Look no more."""
        self._job.close()

    @Slot(object)
    def _take(self, gone: frozenset[Path]) -> None:
        if gone != self._gone:
            self._gone = gone
            self.changed.emit()


def _gone(paths: Sequence[Path]) -> frozenset[Path]:
    return frozenset(path for path in paths if not _is_there(path))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a share that answers with an error
        return False
