"""What a reader puts on a slide is kept with its history, and a review of an older wsiview is extended safely."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from wsiview.errors import ReviewError
from wsiview.review import migration, schema
from wsiview.review.faults import ReadOnlyReview
from wsiview.review.items import Item
from wsiview.review.meanings import Meaning
from wsiview.review.store import ReviewStore, describe

SLIDE, OTHER = "a" * 64, "b" * 64
SPOT = Item(SLIDE, "bookmark", {"name": "žlázka", "view": {"x": 1.5}}, picture=b"\xff\xd8 picture")
RULER = Item(SLIDE, "region", {"shape": "ruler", "points": [[0, 0], [3.25, 4]]})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.wsireview"


def test_items_come_back_in_the_order_in_which_they_came(path: Path) -> None:
    with ReviewStore(path) as store:
        written = [store.write_item(item) for item in (SPOT, RULER, replace(SPOT, item="x", slide=OTHER))]
        assert all(item.updated for item in written)
    with ReviewStore(path) as store:
        assert store.items(SLIDE) == tuple(written[:2])
        assert store.items(OTHER) == (written[2],)
        assert store.items("c" * 64) == ()


def test_a_changed_item_stays_in_its_place_and_keeps_its_picture_once(path: Path) -> None:
    with ReviewStore(path) as store:
        for item in (SPOT, RULER, replace(SPOT, content={"name": "gland"}), replace(SPOT, content={"name": "glands"})):
            store.write_item(item)
        shown = store.items(SLIDE)
        assert [item.content.get("name") for item in shown] == ["glands", None]
        assert shown[0].picture == SPOT.picture
        assert store._ask("SELECT count(*), count(picture) FROM item") == [(4, 1)]


def test_what_is_deleted_is_gone_from_the_slide_and_comes_back_as_it_was(path: Path) -> None:
    with ReviewStore(path) as store:
        for item in (SPOT, RULER, replace(SPOT, deleted=True)):
            store.write_item(item)
        assert [item.item for item in store.items(SLIDE)] == [RULER.item]
        store.write_item(SPOT)
        assert [item.item for item in store.items(SLIDE)] == [SPOT.item, RULER.item]
        assert store.items(SLIDE)[0].says_as(SPOT)
    facts = describe(path)
    assert (facts["bookmarks"], facts["regions"]) == (1, 1)


def test_history_of_items_can_be_neither_changed_nor_removed(path: Path) -> None:
    with ReviewStore(path) as store:
        store.write_item(SPOT)
    with closing(sqlite3.connect(path)) as connection:
        for statement in ("UPDATE item SET content = '{}'", "DELETE FROM item"):
            with pytest.raises(sqlite3.IntegrityError, match="history is kept"):
                connection.execute(statement)


def test_who_only_reads_can_put_nothing_on_a_slide(path: Path) -> None:
    with ReviewStore(path) as first, ReviewStore(path) as second:
        first.write_item(SPOT)
        assert len(second.items(SLIDE)) == 1
        with pytest.raises(ReadOnlyReview, match="nothing was saved"):
            second.write_item(RULER)


@pytest.fixture
def old(path: Path) -> Path:
    """A review as version 1 wrote it, with words in it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.executescript(schema._MEANINGS)
        connection.execute("PRAGMA user_version = 1")
        connection.execute("INSERT INTO reader VALUES ('u', 'Dr. Nováková', '2024')")
        connection.execute("INSERT INTO meaning VALUES (1, 'e', 'u', 'c', 0, 'glands', '', '', '', '2024')")
    return path


def test_an_older_review_is_copied_then_extended_and_loses_nothing(old: Path) -> None:
    before = old.read_bytes()
    with ReviewStore(old) as store:
        assert not store.read_only
        assert store.meaning("c", 0).name == "glands"
        assert store.reader_name == "Dr. Nováková"
        store.write_item(SPOT)
        assert store.items(SLIDE)
    copy = old.with_name("mine (as of format 1).wsireview")
    assert sorted(entry.name for entry in old.parent.iterdir()) == sorted([old.name, copy.name])
    assert copy.stat().st_size == len(before)
    with closing(sqlite3.connect(copy)) as connection:
        assert migration.version_of(connection) == 1
        assert connection.execute("SELECT name FROM meaning").fetchall() == [("glands",)]
    with ReviewStore(old) as store:
        assert store.items(SLIDE)
    assert len(list(old.parent.iterdir())) == 2, "it is copied once"


def test_an_older_review_that_is_only_read_is_left_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    with ReviewStore(old, read_only=True) as store:
        assert store.items(SLIDE) == ()
        assert store.meaning("c", 0).name == "glands"
    assert describe(old)["bookmarks"] == 0
    assert old.read_bytes() == before


def test_without_a_copy_nothing_is_extended_and_the_review_is_read_only(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = old.read_bytes()

    def full(*_: object) -> Path:
        raise OSError("No space left on device")

    monkeypatch.setattr(migration, "_copy", full)
    with ReviewStore(old) as store:
        assert store.read_only
        assert "must be copied before it is extended, which failed (No space left on device)" in store.why_read_only
        assert store.meaning("c", 0).name == "glands"
        with pytest.raises(ReviewError, match="nothing was saved"):
            store.write("c", 0, Meaning("lost"))
    assert old.read_bytes() == before


def test_an_extension_that_fails_leaves_the_review_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = schema.steps_from(1).replace("COMMIT;", "CREATE TABLE item (again); COMMIT;")
    monkeypatch.setattr(migration.schema, "steps_from", lambda version: broken)
    with ReviewStore(old) as store:
        assert store.read_only
        assert store.items(SLIDE) == ()
    monkeypatch.undo()
    with ReviewStore(old) as store:
        assert not store.read_only
        store.write_item(RULER)


def test_a_copy_that_is_there_already_is_not_overwritten(old: Path) -> None:
    taken = old.with_name("mine (as of format 1).wsireview")
    taken.write_text("somebody's")
    shutil.copy(old, old.with_name("kept"))
    with ReviewStore(old):
        pass
    assert taken.read_text() == "somebody's"
    assert old.with_name("mine (as of format 1 2).wsireview").exists()
