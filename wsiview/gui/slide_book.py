"""Slide book: what the reader put on slides – regions, bookmarks – kept at once, undoable, and honest about both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from wsiview.errors import ReviewError
from wsiview.gui.edits import KeepItem
from wsiview.review.items import Item
from wsiview.review.store import ReviewStore


class SlideBook(QObject):
    """The items of all slides that were open in this session.

    What can't be written to the review stays here until the window is closed, is told, and is not called saved.

    Parameters
    ----------
    review
        The reader's file; None when it can't be opened.
    fault
        Why it can't be written, as a sentence; empty when it can.
    edits
        Takes every change as a step that can be undone.

    Signals
    -------
    changed(str)
        Something on the slide with that fingerprint.
    failed(str)
        A sentence about what could not be kept.
    """

    changed = Signal(str)
    failed = Signal(str)

    def __init__(
        self, review: ReviewStore | None, fault: str, edits: QUndoStack, parent: QObject | None = None
    ) -> None:
        """Open at no page."""
        super().__init__(parent)
        self._review, self._fault, self._edits = review, fault, edits
        self._pages: dict[str, dict[str, Item]] = {}
        self._unsaved: dict[tuple[str, str], Item] = {}
        self._told = False

    def items(self, slide: str, kind: str) -> tuple[Item, ...]:
        """What of this kind lies on a slide, in the order in which it came."""
        return tuple(item for item in self._page(slide).values() if item.kind == kind and not item.deleted)

    def is_saved(self, item: Item) -> bool:
        """Whether the review holds it as it is shown."""
        return (item.slide, item.item) not in self._unsaved

    def put(self, item: Item, words: str) -> None:
        """Add an item or change it, as one step that can be undone; `words` name the step."""
        before = self._page(item.slide).get(item.item)
        if before is None or not before.says_as(item):
            self._edits.push(KeepItem(self, words, before, item))

    def remove(self, items: Iterable[Item], words: str) -> None:
        """Take items away, as one step that can be undone."""
        gone = tuple(items)
        if len(gone) > 1:
            self._edits.beginMacro(words)
        for item in gone:
            self._edits.push(KeepItem(self, words, item, replace(item, deleted=True)))
        if len(gone) > 1:
            self._edits.endMacro()

    def store_item(self, item: Item) -> None:
        """Write through to the review (called by edits)."""
        self._page(item.slide)[item.item] = item
        self._unsaved[item.slide, item.item] = item
        try:
            for waiting in tuple(self._unsaved.values()):  # also what a full disk refused before
                self._save(waiting)
        except ReviewError as error:
            self._tell(error)
        self.changed.emit(item.slide)

    def _save(self, item: Item) -> None:
        if self._review is None:
            raise ReviewError(self._fault)
        self._page(item.slide)[item.item] = self._review.write_item(item)
        del self._unsaved[item.slide, item.item]

    def _tell(self, error: ReviewError) -> None:
        hopeless = self._review is None or self._review.read_only
        if not (hopeless and self._told):
            self._told = True
            self.failed.emit(f"{error}; what you put on slides stays until the window is closed")

    def _page(self, slide: str) -> dict[str, Item]:
        if slide not in self._pages:
            items: tuple[Item, ...] = ()
            try:
                items = self._review.items(slide) if self._review is not None else ()
            except ReviewError as error:
                self.failed.emit(str(error))
            self._pages[slide] = {item.item: item for item in items}
        return self._pages[slide]
