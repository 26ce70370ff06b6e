"""Notebook: what the reader wrote about the classes of one clustering, kept at once and undoable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from wsiview.errors import ReviewError
from wsiview.gui.edits import Recolor, WriteMeaning
from wsiview.gui.preferences import Preferences
from wsiview.review.meanings import Meaning
from wsiview.review.store import ReviewStore
from wsiview.scene.palette import Color


class Notebook(QObject):
    """Meanings from the review file and colours from the preferences, of the clustering that is open.

    Parameters
    ----------
    review
        The reader's file; None when it can't be opened.
    fault
        Why it can't be written, as a sentence; empty when it can.
    """

    meaning_changed = Signal(int)
    look_changed = Signal(str, int)  # name or colour of a class of the clustering with that fingerprint
    clustering_changed = Signal()
    failed = Signal(str)

    def __init__(
        self, preferences: Preferences, review: ReviewStore | None, fault: str = "", parent: QObject | None = None
    ) -> None:
        """Open at no page."""
        super().__init__(parent)
        self._preferences, self._review = preferences, review
        self.fault = review.why_read_only if review is not None else fault
        self.edits = QUndoStack(self)
        self.clustering: str | None = None
        self.saved_at: datetime | None = None
        self._heritage: dict[str, tuple[str, list[int | None]]] = {}

    @property
    def review(self) -> ReviewStore | None:
        """The reader's file, None when it can't be opened."""
        return self._review

    @property
    def writable(self) -> bool:
        """Whether words can be kept."""
        return self._review is not None and not self._review.read_only

    def open(self, clustering_fingerprint: str | None) -> None:
        """Turn to the pages of one clustering."""
        if clustering_fingerprint != self.clustering:
            self.clustering, self.saved_at = clustering_fingerprint, None
            self.clustering_changed.emit()

    def inherit(self, clustering_fingerprint: str, inherited: Mapping[str, Any]) -> None:
        """Let classes go by what was said of those of an older clustering that they were found alike to.

        `inherited` is what the clustering's file says of that: `clustering` and, for each class, `classes`.
        """
        if inherited:
            self._heritage[clustering_fingerprint] = str(inherited["clustering"]), list(inherited["classes"])

    def inherited(self, clustering_fingerprint: str, index: int) -> Meaning | None:
        """What was said of the older class; None where there is nothing, or something was said of this one by now."""
        older, classes = self._heritage.get(clustering_fingerprint, ("", []))
        of = classes[index] if index < len(classes) else None
        if of is None or any(self.meaning_of(clustering_fingerprint, index).words):
            return None
        found = self.meaning_of(older, of)
        return found if any(found.words) else None

    def name_of(self, clustering_fingerprint: str, index: int) -> str:
        """The name of a class, which says so where it is inherited."""
        found = self.inherited(clustering_fingerprint, index)
        if found is not None and found.name:
            return f"{found.name} (inherited, not re-read)"
        return self.meaning_of(clustering_fingerprint, index).name

    def meaning(self, index: int) -> Meaning:
        """What the reader wrote about a class of the clustering that is open."""
        return Meaning() if self.clustering is None else self.meaning_of(self.clustering, index)

    def meaning_of(self, clustering_fingerprint: str, index: int) -> Meaning:
        """What the reader wrote about a class of any clustering."""
        if self._review is None:
            return Meaning()
        try:
            return self._review.meaning(clustering_fingerprint, index)
        except ReviewError as error:
            self.failed.emit(str(error))
            return Meaning()

    def write(self, index: int, meaning: Meaning) -> None:
        """Keep what the reader wrote, as a step that can be undone.

        Raises
        ------
        ReviewError
            If it can't be kept; nothing has changed then.
        """
        before = self.meaning(index)
        if self.clustering is None or before.words == meaning.words:
            return
        if self._review is None:
            raise ReviewError(self.fault)
        self._review.write(self.clustering, index, meaning)  # first, where a failure can be told
        self.edits.push(WriteMeaning(self, self.clustering, index, before, meaning))

    def colors_of(self, clustering_fingerprint: str) -> dict[int, Color]:
        """Colours chosen by hand, by class index."""
        return self._preferences.colors(clustering_fingerprint)

    def recolor(self, clustering_fingerprint: str, index: int, before: Color, after: Color) -> None:
        """Give a class another colour, as a step that can be undone."""
        if before != after:
            self.edits.push(Recolor(self, clustering_fingerprint, index, before, after))

    def store_meaning(self, clustering_fingerprint: str, index: int, meaning: Meaning) -> None:
        """Write through to the review file (called by edits)."""
        try:
            if self._review is not None:
                self._review.write(clustering_fingerprint, index, meaning)
        except ReviewError as error:
            self.failed.emit(str(error))
            return
        if clustering_fingerprint == self.clustering:
            self.saved_at = datetime.now()
            self.meaning_changed.emit(index)
        self.look_changed.emit(clustering_fingerprint, index)

    def store_color(self, clustering_fingerprint: str, index: int, color: Color) -> None:
        """Keep a colour for good (called by edits)."""
        colors = {**self._preferences.colors(clustering_fingerprint), index: color}
        self._preferences.set_colors(clustering_fingerprint, colors)
        self.look_changed.emit(clustering_fingerprint, index)

    def close(self) -> None:
        """Let go of the file, and of steps that can be undone no more."""
        # Left to Python's collector, steps and stack would be deleted in any order, and some of them twice.
        self.edits.blockSignals(True)
        self.edits.clear()
        if self._review is not None:
            self._review.close()
