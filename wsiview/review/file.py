"""File: the SQLite form of a review, how a new one is made whole, and how an old one is checked before it is opened."""

from __future__ import annotations

import os
import sqlite3
import uuid
from datetime import UTC, datetime
from pathlib import Path

from wsiview.errors import ReviewError
from wsiview.review import migration, schema
from wsiview.review.faults import DamagedReview, NewerReview, NotAReview

_WAIT = 5.0  # seconds for another window's transaction


def now() -> str:
    """The time, UTC in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def create(path: Path, reader: str) -> None:
    """Make a new review beside its place and move it there when it is whole.

    Raises
    ------
    OSError, sqlite3.Error
        If it can't be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.making")
    try:
        connection = sqlite3.connect(making, isolation_level=None)
        try:
            connection.executescript(schema.WHOLE)
            connection.execute("INSERT INTO reader VALUES (?, ?, ?)", (str(uuid.uuid4()), reader, now()))
        finally:
            connection.close()
        os.replace(making, path)
    finally:
        making.unlink(missing_ok=True)


def connect(path: Path, read_only: bool) -> sqlite3.Connection:
    """Open a review after looking at its head, so that a foreign or newer file is never opened as a database.

    Raises
    ------
    NotAReview, NewerReview, DamagedReview
        If it is none, later than this program, or broken.
    ReviewError
        If it may not be read.
    """
    _check_head(path)
    mode = "ro" if read_only else "rw"
    connection: sqlite3.Connection | None = None
    try:
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_WAIT)
        _check_body(path, connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.OperationalError as error:
        if connection is not None:
            connection.close()
        raise ReviewError(f"the review {path} can't be opened ({error}); close other programs that use it") from error
    except sqlite3.DatabaseError as error:
        if connection is not None:
            connection.close()
        raise DamagedReview(path, str(error)) from error
    except BaseException:
        if connection is not None:
            connection.close()
        raise
    return connection


def _check_head(path: Path) -> None:
    """Look at SQLite's header (https://www.sqlite.org/fileformat.html): magic, version, application id."""
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError as error:
        raise NotAReview(path, "nothing is there") from error
    except IsADirectoryError as error:
        raise NotAReview(path, "it is a folder") from error
    except OSError as error:
        raise ReviewError(f"the review {path} can't be read ({error.strerror}); check its disk and rights") from error
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        raise NotAReview(path, "it is empty" if not head else "it is no SQLite database")
    if int.from_bytes(head[68:72], "big") != schema.APPLICATION_ID:
        raise NotAReview(path, "it is another program's database")
    version = int.from_bytes(head[60:64], "big")
    if version > schema.VERSION:
        raise NewerReview(path, version, schema.VERSION)
    if version < 1:
        raise DamagedReview(path, "it has no format version")


def _check_body(path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise DamagedReview(path, str(verdict).splitlines()[-1])
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not schema.TABLES[migration.version_of(connection)] <= tables:
        raise DamagedReview(path, "a table is missing")
    if connection.execute("SELECT count(*) FROM reader").fetchone()[0] < 1:
        raise DamagedReview(path, "it names no reader")
