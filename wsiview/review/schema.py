"""Schema: the tables of a review, version by version; nobody's entry is ever changed or removed by a later one."""

from __future__ import annotations

APPLICATION_ID = 0x77736972  # "wsir"
VERSION = 2

# Rows of `meaning` and `item` are only ever added: the newest is what holds, the older ones are its history.
_MEANINGS = """
CREATE TABLE reader (
    uuid TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE TABLE meaning (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    reader TEXT NOT NULL REFERENCES reader (uuid),
    clustering TEXT NOT NULL,
    class INTEGER NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    role TEXT NOT NULL,
    certainty TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX meaning_of_class ON meaning (clustering, class, id);
CREATE TRIGGER meaning_stays BEFORE UPDATE ON meaning BEGIN SELECT RAISE (ABORT, 'history is kept'); END;
CREATE TRIGGER meaning_remains BEFORE DELETE ON meaning BEGIN SELECT RAISE (ABORT, 'history is kept'); END;
"""

# What a reader puts on a slide. `uuid` names the entry, `item` the thing through all its entries; `content` is JSON,
# `picture` a JPEG, NULL where the one before still holds.
_ITEMS = """
CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    reader TEXT NOT NULL REFERENCES reader (uuid),
    slide TEXT NOT NULL,
    kind TEXT NOT NULL,
    item TEXT NOT NULL,
    content TEXT NOT NULL,
    picture BLOB,
    deleted INTEGER NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX item_of_slide ON item (slide, item, id);
CREATE TRIGGER item_stays BEFORE UPDATE ON item BEGIN SELECT RAISE (ABORT, 'history is kept'); END;
CREATE TRIGGER item_remains BEFORE DELETE ON item BEGIN SELECT RAISE (ABORT, 'history is kept'); END;
"""

_STEPS = {1: _MEANINGS, 2: _ITEMS}
TABLES = {1: {"reader", "meaning"}, 2: {"reader", "meaning", "item"}}
"""What a review of each version must have."""

WHOLE = (
    f"PRAGMA journal_mode = DELETE; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
    f"BEGIN; {''.join(_STEPS.values())} COMMIT;"
)
"""Makes a new review."""


def steps_from(version: int) -> str:
    """Brings a review of an older version to this one, in one transaction."""
    missing = "".join(step for number, step in _STEPS.items() if number > version)
    return f"BEGIN IMMEDIATE; {missing} PRAGMA user_version = {VERSION}; COMMIT;"
