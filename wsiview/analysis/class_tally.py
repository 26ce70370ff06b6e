"""Class tally: what the cells of a map amount to, class by class; blocks are counted apart and added in any order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.clustering.normality import Normality
from wsiview.maps.cell_state import COMPUTED

TISSUE, GLASS, INK = 0, 1, 2
"""What lies beneath a cell; glass is whatever has no stain."""
GROUNDS = 3
_NOTHING_LEFT = 1e-3  # of a vector that its classes must explain for its length to be known


@dataclass(frozen=True, eq=False)
class ClassTally:
    """Sums over computed cells.

    Attributes
    ----------
    cells
        (GROUNDS,) cells by what lies beneath them.
    strongest
        (K, GROUNDS) cells in which a class is the strongest.
    weight
        (K, GROUNDS) a class's weight.
    judged, unlike
        Cells whose features are not nought, and how many of those lie far from the fit's; both 0 where the clustering
        doesn't know its own.
    """

    cells: NDArray[np.int64]
    strongest: NDArray[np.int64]
    weight: NDArray[np.float64]
    judged: int
    unlike: int

    @classmethod
    def empty(cls, n_classes: int) -> ClassTally:
        """Nothing counted yet."""
        by_class = n_classes, GROUNDS
        return cls(np.zeros(GROUNDS, np.int64), np.zeros(by_class, np.int64), np.zeros(by_class), 0, 0)

    def __add__(self, other: ClassTally) -> ClassTally:
        """Both together."""
        return ClassTally(
            self.cells + other.cells, self.strongest + other.strongest, self.weight + other.weight,
            self.judged + other.judged, self.unlike + other.unlike,
        )  # fmt: skip


def tally(
    weights: NDArray[np.floating[Any]],
    state: NDArray[np.uint8],
    strongest: NDArray[np.uint8],
    residual: NDArray[np.floating[Any]] | None,
    ground: NDArray[np.uint8] | None,
    gram: NDArray[np.float64],
    normality: Normality | None,
) -> ClassTally:
    """Count one block.

    Parameters
    ----------
    weights
        (K, h, w).
    state, strongest
        (h, w); classes count from 1, 0 for none.
    residual
        (h, w), the share that no class explains.
    ground
        (h, w) TISSUE, GLASS or INK; None where that is not known: all counts as tissue.
    gram
        G = HHᵀ (K, K).
    """
    known = state == COMPUTED
    w = weights[:, known].astype(np.float64)
    beneath = np.zeros(w.shape[1], np.uint8) if ground is None else ground[known]
    winner = strongest[known].astype(np.int64)
    count = np.bincount(winner * GROUNDS + beneath, minlength=(len(w) + 1) * GROUNDS).reshape(-1, GROUNDS)
    weight = np.stack([np.asarray(np.bincount(beneath, one, GROUNDS), np.float64) for one in w])
    judged = unlike = 0
    if normality is not None and residual is not None:
        r = residual[known].astype(np.float64)
        square, lost = feature_square(w, r, gram)
        judged = int(((square > 0) | lost).sum())
        unlike = int((lost | normality.unlike(square, r)).sum())
    return ClassTally(np.bincount(beneath, minlength=GROUNDS), count[1:], weight, judged, unlike)


def feature_square(
    weights: NDArray[np.float64], residual: NDArray[np.float64], gram: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """q = ‖v‖² of cells from what a map holds, since wGwᵀ = (1 − r) q; weights (K, n), residual (n,).

    Returns
    -------
    q (n,), 0 where it can't be known, and (n,) where that is because no class explains anything of v.
    """
    explained = (weights * (gram @ weights)).sum(axis=0)
    kept = 1 - residual
    known = (kept > _NOTHING_LEFT) & (explained > 0)
    square = np.divide(explained, kept, out=np.zeros_like(explained), where=known)
    return square, (residual > 0) & ~known
