"""Rank: which number of classes K the vectors speak for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from wsiview.clustering.nnls import MAX_CLASSES
from wsiview.errors import UsageError

HOLDS = 0.9
"""Share of refits in which each class must be found again."""


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
    fidelity
        0 to 1: how much of the model's own labels WH keeps above the majority share; None if not measured.
    rmse
        Of the logits with WH in place of the activations; None likewise.
    """

    classes: int
    residual: float
    worst_cosine: float
    dispersion: float
    found_again: int
    refits: int
    fidelity: float | None = None
    rmse: float | None = None


def check_classes(n_classes: int) -> None:
    """Refuse a number of classes that no clustering has.

    Raises
    ------
    UsageError
        If K is not from 2 to 16.
    """
    if not 2 <= n_classes <= MAX_CLASSES:
        raise UsageError(f"-k {n_classes}: a clustering has from 2 to {MAX_CLASSES} classes")


def needed(refits: int) -> int:
    """In how many of the refits a class must be found again to count as one that holds: nine of ten."""
    return math.ceil(HOLDS * refits)


def choose(rows: Sequence[RankRow]) -> tuple[RankRow, str]:
    """The K to take, and why as half a sentence.

    A K holds if each of its classes is found again in nine of ten refits: with fewer classes, tissues that could be
    told apart are merged; with more, they depend on who happened to be in the cohort. A class that is made of noise or
    of a few loud patients may come back as well, but refits then divide the vectors less alike than without it. So of
    the K that hold the largest is taken at which the dispersion is no lower than at the next smaller one. Without any,
    the one whose worst class comes back most often.
    """
    held = sorted((row for row in rows if row.found_again >= needed(row.refits)), key=lambda row: row.classes)
    if held:
        agreeing = [row for index, row in enumerate(held) if index == 0 or row.dispersion >= held[index - 1].dispersion]
        best = agreeing[-1]
        beyond = "; larger ones were not tried" if best.classes == max(row.classes for row in rows) else ""
        return best, (
            f"the largest at which every class is found again in at least {needed(best.refits)} of {best.refits} fits, "
            f"and at which these don't agree less than with fewer classes{beyond}"
        )
    best = max(rows, key=lambda row: (row.found_again / row.refits, row.worst_cosine, -row.classes))
    return best, (
        f"the one whose worst class is found again most often, in {best.found_again} of {best.refits} fits, though "
        f"not in {needed(best.refits)}: take more slides before trusting its classes"
    )
