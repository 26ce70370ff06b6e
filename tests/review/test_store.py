from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wsiview.errors import ReviewError
from wsiview.review import schema
from wsiview.review.faults import DamagedReview, NewerReview, NotAReview, ReadOnlyReview
from wsiview.review.meanings import Meaning
from wsiview.review.store import ReviewStore, default_path, describe

CLUSTERING = "c" * 64
GLANDS = Meaning("glands", "benign, two layers", "against", "sure")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notes" / "mine.wsireview"


def test_what_is_written_is_found_again(path: Path) -> None:
    with ReviewStore(path, "Dr. Nováková") as store:
        assert store.meaning(CLUSTERING, 0) == Meaning()
        written = store.write(CLUSTERING, 0, GLANDS)
        assert written.words == GLANDS.words
    with ReviewStore(path) as store:
        assert store.meaning(CLUSTERING, 0) == written
        assert store.meanings(CLUSTERING) == {0: written}
        assert store.meaning("d" * 64, 0) == Meaning()
        assert store.reader_name == "Dr. Nováková"
    assert (datetime.now(UTC) - datetime.fromisoformat(written.updated)).total_seconds() < 60
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_older_words_stay_as_history(path: Path) -> None:
    with ReviewStore(path) as store:
        for name in ("glands", "tumour", "glands"):
            store.write(CLUSTERING, 3, Meaning(name))
        store.write(CLUSTERING, 3, Meaning("glands"))  # says nothing new
        assert [entry.name for entry in store.history(CLUSTERING, 3)] == ["glands", "tumour", "glands"]
        assert store.history(CLUSTERING, 4) == ()


def test_history_can_be_neither_changed_nor_removed(path: Path) -> None:
    with ReviewStore(path) as store:
        store.write(CLUSTERING, 0, GLANDS)
    connection = sqlite3.connect(path)
    try:
        for statement in ("UPDATE meaning SET name = 'x'", "DELETE FROM meaning"):
            with pytest.raises(sqlite3.IntegrityError, match="history is kept"):
                connection.execute(statement)
    finally:
        connection.close()


def test_a_reader_may_take_another_name_and_stays_the_same_reader(path: Path) -> None:
    with ReviewStore(path, "A") as store:
        reader = store.reader_id
    with ReviewStore(path, "B") as store:
        assert (store.reader_id, store.reader_name) == (reader, "B")
    with ReviewStore(path) as store:
        assert store.reader_name == "B"


def test_the_second_to_open_reads_only_and_sees_what_is_written(path: Path) -> None:
    with ReviewStore(path) as first, ReviewStore(path, "other") as second:
        assert not first.read_only
        assert second.read_only
        assert f"process {os.getpid()}" in second.why_read_only
        first.write(CLUSTERING, 1, GLANDS)
        assert second.meaning(CLUSTERING, 1).name == "glands"
        with pytest.raises(ReadOnlyReview, match="nothing was saved"):
            second.write(CLUSTERING, 1, Meaning("mine"))
        assert first.meaning(CLUSTERING, 1).name == "glands"
        assert first.reader_name == ""
    with ReviewStore(path) as store:
        assert not store.read_only


def test_the_file_keeps_its_promises(path: Path) -> None:
    with ReviewStore(path) as store:
        ask = store._connection.execute
        assert ask("PRAGMA journal_mode").fetchone() == ("delete",)
        assert ask("PRAGMA synchronous").fetchone() == (2,)
        assert ask("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
        assert ask("PRAGMA user_version").fetchone() == (schema.VERSION,)


def damage_text(path: Path) -> None:
    path.write_bytes(b"Dear diary " * 100)


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE cookies (name)")
    connection.commit()
    connection.close()


def of_ours(path: Path) -> bytearray:
    with ReviewStore(path) as store:
        for index in range(4):
            store.write(CLUSTERING, index, Meaning("x" * 12_000))
    return bytearray(path.read_bytes())


def damage_newer(path: Path) -> None:
    content = of_ours(path)
    content[60:64] = (99).to_bytes(4, "big")
    path.write_bytes(content)


def damage_torn(path: Path) -> None:
    path.write_bytes(of_ours(path)[: 5 * 4096])


def damage_scrambled(path: Path) -> None:
    content = of_ours(path)
    content[4096 * 3 : 4096 * 6] = bytes(range(256)) * 48
    path.write_bytes(content)


def damage_tables(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.execute("CREATE TABLE other (name)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("damage", "fault", "sentence"),
    [
        (damage_text, NotAReview, "it is no SQLite database"),
        (damage_empty, NotAReview, "it is empty"),
        (damage_foreign, NotAReview, "another program's database"),
        (damage_newer, NewerReview, "format version 99, and this wsiview reads up to 2; update wsiview"),
        (damage_torn, DamagedReview, "is damaged"),
        (damage_scrambled, DamagedReview, "is damaged"),
        (damage_tables, DamagedReview, "a table is missing"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_used_is_refused_and_left_as_it_is(
    tmp_path: Path, damage: object, fault: type[ReviewError], sentence: str
) -> None:
    path = tmp_path / "some.wsireview"
    assert callable(damage)
    damage(path)
    before = path.read_bytes()
    for ask in (ReviewStore, describe):
        with pytest.raises(fault, match=sentence):
            ask(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_nothing_is_made_where_one_only_looks(tmp_path: Path) -> None:
    with pytest.raises(NotAReview, match="nothing is there"):
        describe(tmp_path / "absent.wsireview")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReviewError, match=r"can't be made .*; check its folder"):
        ReviewStore(tmp_path / "file" / "mine.wsireview")


def test_a_folder_is_no_review(tmp_path: Path) -> None:
    with pytest.raises(NotAReview, match="it is a folder"):
        ReviewStore(tmp_path)


_FULL_DISK = """
import resource, sys
from wsiview.errors import ReviewError
from wsiview.review.meanings import Meaning
from wsiview.review.store import ReviewStore
with ReviewStore(sys.argv[1]) as store:
    store.write("c", 0, Meaning("kept"))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, hard))
    try:
        store.write("c", 0, Meaning("lost", "x" * 200_000))
    except ReviewError as error:
        print(error)
    print(store.meaning("c", 0).name)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))
    store.write("c", 0, Meaning("again"))
"""


def test_on_a_full_disk_nothing_is_called_saved_and_nothing_saved_is_lost(path: Path) -> None:
    child = subprocess.run([sys.executable, "-c", _FULL_DISK, str(path)], capture_output=True, text=True, check=True)
    sentence, name = child.stdout.splitlines()
    assert sentence.startswith(f"nothing was saved to the review {path} (")
    assert name == "kept"
    with ReviewStore(path) as store:
        assert [entry.name for entry in store.history("c", 0)] == ["kept", "again"]


_WRITE_FOR_EVER = """
import sys
from itertools import count
from wsiview.review.meanings import Meaning
from wsiview.review.store import ReviewStore
store = ReviewStore(sys.argv[1], "R")
for number in count():
    store.write("c", number % 8, Meaning(str(number)))
    print(number, flush=True)
"""


def test_what_was_called_saved_survives_a_kill(path: Path) -> None:
    saved: list[str] = []
    for lines in (3, 17, 40):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITE_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            told = [child.stdout.readline() for _ in range(lines)]
            child.kill()
            told += child.stdout.readlines()  # what it said before it died
        saved += [line.strip() for line in told if line.endswith("\n")]
        with ReviewStore(path) as store:
            assert not store.read_only
            found = sorted(int(entry.name) for index in range(8) for entry in store.history("c", index))
            missing = set(map(int, saved)) - set(found)
            assert not missing
            assert len(found) <= len(saved) + 3  # at most one for each kill that was written and not yet told


def test_a_store_belongs_to_one_thread(path: Path) -> None:
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            store.meaning(CLUSTERING, 0)
        except Exception as error:
            caught.append(error)

    with ReviewStore(path) as store:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert len(caught) == 1


def test_a_review_is_described_without_being_locked(path: Path) -> None:
    with ReviewStore(path, "R") as store:
        written = store.write(CLUSTERING, 0, GLANDS)
        assert describe(path) == {
            "reader": "R",
            "reader id": store.reader_id,
            "clusterings": 1,
            "entries": 1,
            "last written": written.updated,
            "bookmarks": 0,
            "regions": 0,
        }


def test_the_usual_review_lies_in_the_users_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WSIVIEW_DATA", str(tmp_path))
    assert default_path() == tmp_path / "review.wsireview"
