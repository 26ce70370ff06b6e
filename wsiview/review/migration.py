"""Migration: an older review gets the tables that came later, after a copy of it was put beside it."""

from __future__ import annotations

import os
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

from wsiview.errors import ReviewError
from wsiview.review import schema


def version_of(connection: sqlite3.Connection) -> int:
    """The format version of an open review."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(path: Path, connection: sqlite3.Connection) -> Path:
    """Bring an open review to this program's version.

    Returns
    -------
    Path
        The copy of the review as it was.

    Raises
    ------
    ReviewError
        If the copy or the new tables can't be written; the review is as it was then.
    """
    version = version_of(connection)
    try:
        copy = _copy(path, connection, version)
        try:
            connection.executescript(schema.steps_from(version))
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except (sqlite3.Error, OSError) as error:
        raise ReviewError(
            f"the review {path} was made by an older wsiview and must be copied before it is extended, which failed "
            f"({error}); make room or check its disk"
        ) from error
    return copy


def _copy(path: Path, connection: sqlite3.Connection, version: int) -> Path:
    """Put a whole copy beside the review, under a name that nothing has yet."""
    making = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.making")
    try:
        with closing(sqlite3.connect(making)) as target:
            connection.backup(target)
        with making.open("rb+") as file:
            os.fsync(file.fileno())
        copy = _free_name(path, version)
        os.replace(making, copy)
    finally:
        making.unlink(missing_ok=True)
    return copy


def _free_name(path: Path, version: int) -> Path:
    number = 1
    while True:
        tail = f" {number}" if number > 1 else ""
        name = path.with_name(f"{path.stem} (as of format {version}{tail}){path.suffix}")
        if not name.exists():
            return name
        number += 1
