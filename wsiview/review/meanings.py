"""Meanings: what a reader says that a class is."""

from __future__ import annotations

from dataclasses import dataclass

ROLES = ("speaks for", "against", "neither", "technical", "mixed", "can't name")
CERTAINTIES = ("sure", "probable", "unsure")


@dataclass(frozen=True, slots=True)
class Meaning:
    """A reader's words about one class; empty where nothing was said.

    Attributes
    ----------
    role
        One of ROLES, or empty.
    certainty
        One of CERTAINTIES, or empty.
    updated
        When it was written, UTC in ISO 8601; empty when it never was. The store sets it.
    """

    name: str = ""
    description: str = ""
    role: str = ""
    certainty: str = ""
    updated: str = ""

    def __post_init__(self) -> None:
        """Refuse words that nobody could choose."""
        if self.role and self.role not in ROLES:
            raise ValueError(f"{self.role!r} is no role; there are {', '.join(ROLES)}")
        if self.certainty and self.certainty not in CERTAINTIES:
            raise ValueError(f"{self.certainty!r} is no certainty; there are {', '.join(CERTAINTIES)}")

    @property
    def words(self) -> tuple[str, str, str, str]:
        """What is said, whenever it was said."""
        return self.name, self.description, self.role, self.certainty
