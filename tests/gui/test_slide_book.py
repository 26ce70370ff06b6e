"""The slide book keeps what is put on slides, undoes it, and is honest about what it could not save."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QUndoStack

from wsiview.errors import ReviewError
from wsiview.gui.slide_book import SlideBook
from wsiview.review.items import Item
from wsiview.review.store import ReviewStore

ONE, TWO = Item("a" * 64, "region", {"n": 1}), Item("a" * 64, "region", {"n": 2})


@pytest.fixture
def edits(qapp: object) -> Iterator[QUndoStack]:
    stack = QUndoStack()
    yield stack
    stack.clear()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReviewStore]:
    with ReviewStore(tmp_path / "mine.wsireview") as store:
        yield store


def numbers(book: SlideBook) -> list[int]:
    return [item.content["n"] for item in book.items("a" * 64, "region")]


def test_steps_are_undone_and_done_again_and_the_review_follows(store: ReviewStore, edits: QUndoStack) -> None:
    book = SlideBook(store, "", edits)
    book.put(ONE, "ruler")
    book.put(TWO, "ruler")
    book.put(ONE, "ruler")  # says nothing new
    book.put(replace(ONE, content={"n": 7}), "ruler")
    assert edits.count() == 3
    book.remove(book.items("a" * 64, "region"), "all")
    assert edits.count() == 4, "taking all away is one step"
    assert numbers(book) == []
    edits.undo()
    assert numbers(book) == [7, 2]
    edits.undo()
    edits.undo()
    assert numbers(book) == [1]
    edits.redo()
    assert [item.content["n"] for item in store.items("a" * 64)] == numbers(book) == [1, 2]
    assert all(book.is_saved(item) for item in book.items("a" * 64, "region"))


@pytest.mark.parametrize("lost", [True, False])
def test_what_can_not_be_saved_is_told_once_and_kept(
    store: ReviewStore, edits: QUndoStack, tmp_path: Path, lost: bool
) -> None:
    told: list[str] = []
    with ReviewStore(store.path) as second:
        book = SlideBook(None if lost else second, "the review is damaged", edits)
        book.failed.connect(told.append)
        book.put(ONE, "ruler")
        book.put(TWO, "ruler")
    assert numbers(book) == [1, 2]
    assert not book.is_saved(ONE)
    assert len(told) == 1
    assert told[0].endswith("; what you put on slides stays until the window is closed")
    assert store.items("a" * 64) == ()


def test_what_a_full_disk_refused_is_saved_with_the_next_that_can_be(
    store: ReviewStore, edits: QUndoStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, told = SlideBook(store, "", edits), []
    book.failed.connect(told.append)

    def refuse(item: Item) -> Item:
        raise ReviewError("nothing was saved to the review (disk full)")

    with monkeypatch.context() as full:
        full.setattr(store, "write_item", refuse)
        book.put(ONE, "ruler")
    assert told
    assert not book.is_saved(ONE)
    book.put(TWO, "ruler")
    assert [item.content["n"] for item in store.items("a" * 64)] == [1, 2]
    assert book.is_saved(ONE)
