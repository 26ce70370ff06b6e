"""Items: what a reader puts on a slide – a bookmark, a region – as it is kept, with its history."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on one slide.

    Attributes
    ----------
    slide
        The slide's fingerprint.
    kind
        What it is, for example "bookmark" or "region"; kinds of later versions are kept and left alone.
    content
        What it says; only what JSON knows.
    item
        Its UUID, the same however often it is changed.
    picture
        A JPEG, or nothing.
    updated
        When it was written, UTC in ISO 8601; empty when it never was. The store sets it.
    """

    slide: str
    kind: str
    content: Mapping[str, Any]
    item: str = field(default_factory=lambda: str(uuid.uuid4()))
    picture: bytes = b""
    deleted: bool = False
    updated: str = ""

    def says_as(self, other: Item) -> bool:
        """Whether both say the same, whenever it was written."""
        return self == replace(other, updated=self.updated)


def items_of(connection: sqlite3.Connection, slide: str) -> tuple[Item, ...]:
    """What is on a slide now, in the order in which it came; nothing where the review has no such table yet.

    Raises
    ------
    ValueError
        If what is kept is no JSON.
    """
    if not _has_table(connection):
        return ()
    rows = connection.execute(
        """
        SELECT slide, kind, content, item, deleted, created,
            (SELECT picture FROM item AS older WHERE older.slide = item.slide AND older.item = item.item
             AND picture IS NOT NULL ORDER BY id DESC LIMIT 1)
        FROM item JOIN (SELECT min(id) AS first, max(id) AS last FROM item WHERE slide = ? GROUP BY item) ON id = last
        WHERE NOT deleted ORDER BY first
        """,
        (slide,),
    ).fetchall()
    return tuple(
        Item(str(slide), str(kind), json.loads(content), str(item), picture or b"", bool(deleted), str(created))
        for slide, kind, content, item, deleted, created, picture in rows
    )


def count_of(connection: sqlite3.Connection, kind: str) -> int:
    """How many items of a kind there are now, on all slides."""
    if not _has_table(connection):
        return 0
    newest = "SELECT max(id) FROM item GROUP BY slide, item"
    question = f"SELECT count(*) FROM item WHERE kind = ? AND NOT deleted AND id IN ({newest})"
    return int(connection.execute(question, (kind,)).fetchone()[0])


def add_entry(connection: sqlite3.Connection, reader: str, item: Item) -> None:
    """Add what now holds for an item; a picture that is there already is not kept twice."""
    known = connection.execute(
        "SELECT picture FROM item WHERE slide = ? AND item = ? AND picture IS NOT NULL ORDER BY id DESC LIMIT 1",
        (item.slide, item.item),
    ).fetchone()
    picture = None if not item.picture or (known is not None and known[0] == item.picture) else item.picture
    content = json.dumps(item.content, ensure_ascii=False, sort_keys=True, allow_nan=False)
    connection.execute(
        "INSERT INTO item (uuid, reader, slide, kind, item, content, picture, deleted, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (str(uuid.uuid4()), reader, item.slide, item.kind, item.item, content, picture, item.deleted, item.updated),
    )


def _has_table(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'item'").fetchall())
