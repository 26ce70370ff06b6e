"""Store: a reader's words on disk, each committed before it is called saved."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from wsiview.errors import ReviewError
from wsiview.maps import lock
from wsiview.maps.faults import MapLocked
from wsiview.resources import user_data_folder
from wsiview.review import file
from wsiview.review.faults import DamagedReview, ReadOnlyReview
from wsiview.review.items import Item, add_entry, count_of, items_of
from wsiview.review.meanings import Meaning
from wsiview.review.migration import migrate, version_of
from wsiview.review.schema import VERSION

_COLUMNS = "name, description, role, certainty, created"


def default_path() -> Path:
    """The review that is opened when none is named, in the user's data folder."""
    return user_data_folder() / "review.wsireview"


class ReviewStore:
    """One review file, made if it is not there; to be used from one thread.

    The first to open it writes; whoever opens it meanwhile, in this or another window, reads only. Every question
    is answered from the disk, so a reader sees what was written since.

    Parameters
    ----------
    path
        The `.wsireview` file.
    reader
        The reader's name; it replaces the one in the file, whose UUID stays. Empty leaves the name as it is.
    read_only
        Whether to leave writing to others from the start.

    Raises
    ------
    NotAReview, NewerReview, DamagedReview
        If the file is none, later than this program, or broken; it is left as it is.
    ReviewError
        If it can't be read, or made.
    """

    def __init__(self, path: Path | str, reader: str = "", *, read_only: bool = False) -> None:
        """Open the file."""
        self.path = Path(path)
        self._why_read_only = "it was opened to be read"
        self._lock = None if read_only else self._take_lock()
        try:
            if self._lock is not None and not self.path.exists():
                with self._writing():
                    file.create(self.path, reader)
            self._connection = file.connect(self.path, self.read_only)
        except BaseException:
            self._release()
            raise
        try:
            self._extend()
            if reader and not self.read_only and reader != self.reader_name:
                self._rename_reader(reader)
        except BaseException:
            self.close()
            raise

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written from here."""
        return self._lock is None

    @property
    def why_read_only(self) -> str:
        """Why nothing can be written; empty when it can."""
        return self._why_read_only if self.read_only else ""

    @property
    def reader_id(self) -> str:
        """The reader's UUID."""
        return str(self._ask("SELECT uuid FROM reader ORDER BY rowid LIMIT 1")[0][0])

    @property
    def reader_name(self) -> str:
        """The reader's name, maybe empty."""
        return str(self._ask("SELECT name FROM reader ORDER BY rowid LIMIT 1")[0][0])

    def meaning(self, clustering_fingerprint: str, class_index: int) -> Meaning:
        """What the reader last said of a class; an empty meaning when nothing."""
        rows = self._ask(
            f"SELECT {_COLUMNS} FROM meaning WHERE clustering = ? AND class = ? ORDER BY id DESC LIMIT 1",
            (clustering_fingerprint, class_index),
        )
        return self._meaning(rows[0]) if rows else Meaning()

    def meanings(self, clustering_fingerprint: str) -> dict[int, Meaning]:
        """What the reader last said of each class of a clustering, by class index."""
        rows = self._ask(
            f"SELECT class, {_COLUMNS} FROM meaning WHERE clustering = ? ORDER BY id", (clustering_fingerprint,)
        )
        return {int(row[0]): self._meaning(row[1:]) for row in rows}

    def history(self, clustering_fingerprint: str, class_index: int) -> tuple[Meaning, ...]:
        """Everything the reader ever said of a class, oldest first."""
        rows = self._ask(
            f"SELECT {_COLUMNS} FROM meaning WHERE clustering = ? AND class = ? ORDER BY id",
            (clustering_fingerprint, class_index),
        )
        return tuple(self._meaning(row) for row in rows)

    def write(self, clustering_fingerprint: str, class_index: int, meaning: Meaning) -> Meaning:
        """Commit what the reader says of a class, and return it with its time; the older words stay as history.

        Saying the same again adds nothing.

        Raises
        ------
        ReviewError
            If it could not be saved; what was saved before still is.
        """
        if self.read_only:
            raise ReadOnlyReview(self.path, self._why_read_only)
        before = self.meaning(clustering_fingerprint, class_index)
        if before.words == meaning.words:
            return before
        written = replace(meaning, updated=file.now())
        with self._writing():
            self._connection.execute(
                "INSERT INTO meaning (uuid, reader, clustering, class, name, description, role, certainty, created) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    str(uuid.uuid4()),
                    self.reader_id,
                    clustering_fingerprint,
                    class_index,
                    *written.words,
                    written.updated,
                ),
            )
        return written

    def items(self, slide_fingerprint: str) -> tuple[Item, ...]:
        """What the reader has put on a slide, in the order in which it came."""
        with self._asking():
            try:
                return items_of(self._connection, slide_fingerprint)
            except ValueError as error:
                raise DamagedReview(self.path, str(error)) from error

    def write_item(self, item: Item) -> Item:
        """Commit an item as it now is, or that it is deleted, and return it with its time; older entries stay.

        Raises
        ------
        ReviewError
            If it could not be saved; what was saved before still is.
        """
        if self.read_only:
            raise ReadOnlyReview(self.path, self._why_read_only)
        written, reader = replace(item, updated=file.now()), self.reader_id
        with self._writing():
            add_entry(self._connection, reader, written)
        return written

    def close(self) -> None:
        """Let go of the file; everything written is saved already."""
        self._connection.close()
        self._release()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _take_lock(self) -> lock.Lock | None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return lock.take(self.path.with_name(f".{self.path.name}.lock"), self.path)
        except MapLocked as error:
            self._why_read_only = f"{error.holder} has it open"
        except OSError as error:
            if not self.path.exists():
                raise ReviewError(
                    f"the review {self.path} can't be made ({error.strerror}); check its folder's disk and rights"
                ) from error
            self._why_read_only = f"its folder can't be written: {error.strerror}"
        return None

    def _extend(self) -> None:
        """Bring an older file to this version; where that can't be, it is read as it is."""
        if self.read_only or version_of(self._connection) == VERSION:
            return
        try:
            migrate(self.path, self._connection)
        except ReviewError as error:
            self._why_read_only = str(error)
            self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _rename_reader(self, name: str) -> None:
        with self._writing():
            self._connection.execute("UPDATE reader SET name = ? WHERE uuid = ?", (name, self.reader_id))

    def _meaning(self, row: tuple[Any, ...]) -> Meaning:
        try:
            return Meaning(*(str(value) for value in row))
        except ValueError as error:
            raise DamagedReview(self.path, str(error)) from error

    def _ask(self, question: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with self._asking():
            return self._connection.execute(question, values).fetchall()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise ReviewError(f"the review {self.path} can't be read ({error}); close it and open it again") from error
        except sqlite3.DatabaseError as error:
            raise DamagedReview(self.path, str(error)) from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One statement is one transaction: it is on the disk afterwards, or an error says that it is not."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise ReviewError(
                f"nothing was saved to the review {self.path} ({error}); make room or check its disk, and try again"
            ) from error


def describe(path: Path) -> dict[str, Any]:
    """What a review holds, in a few facts, read without touching it.

    Raises
    ------
    ReviewError
        If it can't be read.
    """
    with ReviewStore(path, read_only=True) as store:
        rows = store._ask("SELECT count(*), count(DISTINCT clustering), max(created) FROM meaning")
        count, clusterings, last = rows[0]
        return {
            "reader": store.reader_name or None,
            "reader id": store.reader_id,
            "clusterings": clusterings,
            "entries": count,
            "last written": last,
            "bookmarks": count_of(store._connection, "bookmark"),
            "regions": count_of(store._connection, "region"),
        }
