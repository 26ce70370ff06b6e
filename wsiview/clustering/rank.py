"""Rank: which number of classes K the vectors speak for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wsiview.clustering.matching import ALIKE


@dataclass(frozen=True, slots=True)
class RankRow:
    """What is known of one K.

    Attributes
    ----------
    classes
        K.
    residual
        ‖V − WH‖² as a share of ‖V‖²: falls with every class more.
    worst_cosine, dispersion
        Of refits on resampled patients: see `stability`.
    found_again
        The least of the classes' counts of refits that found it again.
    refits
        Of how many.
    """

    classes: int
    residual: float
    worst_cosine: float
    dispersion: float
    found_again: int
    refits: int


def choose(rows: Sequence[RankRow]) -> tuple[RankRow, str]:
    """The K to take, and why as half a sentence.

    The largest K all of whose classes come back in refits: with fewer, tissues that could be told apart are merged;
    with more, classes depend on who happened to be in the cohort. Without any such K, the one whose worst class comes
    back best.
    """
    held = [row for row in rows if row.worst_cosine >= ALIKE]
    if held:
        best = max(held, key=lambda row: row.classes)
        beyond = "; larger ones were not tried" if best.classes == max(row.classes for row in rows) else ""
        return best, (
            f"the largest at which every class is found again (worst matched cosine {best.worst_cosine:.3f}){beyond}"
        )
    best = max(rows, key=lambda row: (row.worst_cosine, -row.classes))
    return best, (
        f"the one whose worst class is found again best (cosine {best.worst_cosine:.3f}), though below {ALIKE:g}: "
        "take more slides before trusting its classes"
    )
