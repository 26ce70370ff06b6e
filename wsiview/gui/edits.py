"""Edits: what a reader writes, as steps that can be undone and done again."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from PySide6.QtGui import QUndoCommand

from wsiview.review.items import Item
from wsiview.review.meanings import Meaning
from wsiview.scene.palette import Color


class Desk(Protocol):
    """What an edit writes to."""

    def store_meaning(self, clustering_fingerprint: str, index: int, meaning: Meaning) -> None:
        """Keep what a class means."""

    def store_color(self, clustering_fingerprint: str, index: int, color: Color) -> None:
        """Keep a class's colour."""


class WriteMeaning(QUndoCommand):
    """The reader wrote what a class means."""

    def __init__(self, desk: Desk, fingerprint: str, index: int, before: Meaning, after: Meaning) -> None:
        """Remember both."""
        super().__init__("writing")
        self._desk, self._fingerprint, self._index = desk, fingerprint, index
        self._before, self._after = before, after

    def redo(self) -> None:
        """Write it."""
        self._desk.store_meaning(self._fingerprint, self._index, self._after)

    def undo(self) -> None:
        """Write what was there before."""
        self._desk.store_meaning(self._fingerprint, self._index, self._before)


class Recolor(QUndoCommand):
    """The reader chose another colour for a class."""

    def __init__(self, desk: Desk, fingerprint: str, index: int, before: Color, after: Color) -> None:
        """Remember both."""
        super().__init__("colour")
        self._desk, self._fingerprint, self._index = desk, fingerprint, index
        self._before, self._after = before, after

    def redo(self) -> None:
        """Give the class the new colour."""
        self._desk.store_color(self._fingerprint, self._index, self._after)

    def undo(self) -> None:
        """Give it back the old one."""
        self._desk.store_color(self._fingerprint, self._index, self._before)


class Shelf(Protocol):
    """What keeps items."""

    def store_item(self, item: Item) -> None:
        """Keep an item as it now is."""


class KeepItem(QUndoCommand):
    """The reader put something on a slide, changed it or took it away."""

    def __init__(self, shelf: Shelf, words: str, before: Item | None, after: Item) -> None:
        """Remember both; there is no `before` for what is new."""
        super().__init__(words)
        self._shelf, self._after = shelf, after
        self._before = before if before is not None else replace(after, deleted=True)

    def redo(self) -> None:
        """Keep it as it became."""
        self._shelf.store_item(self._after)

    def undo(self) -> None:
        """Keep it as it was."""
        self._shelf.store_item(self._before)
