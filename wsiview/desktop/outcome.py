"""Outcome: what installing or removing has done."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What was written or taken away, and what there is to say about it.

    Parameters
    ----------
    places
        Paths of files, and on Windows keys of the registry.
    notes
        Sentences without a full stop: things that went otherwise than usual and do no harm.
    """

    places: tuple[str, ...]
    notes: tuple[str, ...] = ()
