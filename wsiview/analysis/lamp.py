"""Lamp: one check of a map, with what was found in words."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.Enum):
    """How a lamp shines."""

    GOOD = "good"
    LOOK = "look"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lamp:
    """One check.

    Attributes
    ----------
    key
        What it is about, one word, the same for ever.
    title
        What would be well.
    finding
        What is, with figures, as a sentence.
    meaning
        What that may mean and what can be done.
    """

    key: str
    title: str
    level: Level
    finding: str
    meaning: str
