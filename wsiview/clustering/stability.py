"""Stability: whether the classes of a fit are found again when it is repeated on resampled patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.clustering.matching import ALIKE, match
from wsiview.clustering.nmf import fit
from wsiview.clustering.nnls import class_weights
from wsiview.progress import Progress

Floats = NDArray[np.float64]

STAGE = "fitting again"
REFITS = 10
_LOOKED_AT = 1000  # vectors of the consensus matrix
_PASSES = 100


@dataclass(frozen=True, eq=False)
class Stability:
    """What refits say of K class vectors.

    Attributes
    ----------
    found_again
        (K,) in how many refits a class has a match of cosine `ALIKE` or more.
    refits
        How many there were.
    worst_cosine
        The median over refits of the worst matched cosine.
    dispersion
        Of the consensus matrix of strongest classes (Kim & Park 2007): 1 if refits agree on every pair of vectors.
    """

    found_again: NDArray[np.int64]
    refits: int
    worst_cosine: float
    dispersion: float


def stability(
    vectors: NDArray[np.float32],
    groups: NDArray[np.int64],
    class_vectors: NDArray[np.floating],
    seed: int,
    progress: Progress,
    refits: int = REFITS,
    *,
    signed: bool = False,
) -> Stability:
    """Fit again to resampled groups and match.

    Parameters
    ----------
    vectors
        (n, C) of all groups, as many as can well be fitted `refits` times.
    groups
        (n,) the patient, or what stands for one, that each vector comes from; resampled with replacement. Of a single
        one, its vectors are.
    class_vectors
        H (K, C) of the fit in question.
    seed
        Of the resampling.
    signed
        Whether the fit in question is a semi-NMF.

    Raises
    ------
    Cancelled
        If nobody wants the result any more.
    """
    k = len(class_vectors)
    rng = np.random.default_rng([seed, 1])
    looked_at = vectors[np.sort(rng.permutation(len(vectors))[:_LOOKED_AT])]
    matched, strongest = [], []
    for done in range(refits):
        progress.report(STAGE, done, refits)
        again = fit(vectors[_resampled(groups, rng)], k, seed=seed, max_passes=_PASSES, signed=signed)
        h = again.class_vectors.astype(np.float64)
        matched.append(match(class_vectors, h).cosine)
        strongest.append(_strongest(looked_at, h))
    progress.report(STAGE, refits, refits)
    cosine = np.array(matched)
    return Stability(
        (cosine >= ALIKE).sum(axis=0), refits, float(np.median(cosine.min(axis=1))), dispersion(np.array(strongest))
    )


def dispersion(strongest: NDArray[np.int64]) -> float:
    """Of the consensus of runs (runs, n), each naming every vector's class in its own way: 0 to 1."""
    n = strongest.shape[1]
    together = np.zeros((n, n))
    for run in strongest:
        together += run[:, None] == run[None, :]
    return float(np.mean(4 * (together / len(strongest) - 0.5) ** 2))


def _resampled(groups: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows of as many groups as there are, drawn with replacement; of a single group, of its rows."""
    names = np.unique(groups)
    if len(names) == 1:
        return np.sort(rng.integers(0, len(groups), len(groups)))
    drawn = np.sort(rng.choice(names, len(names)))
    return np.concatenate([np.flatnonzero(groups == name) for name in drawn])


def _strongest(vectors: NDArray[np.float32], h: Floats) -> NDArray[np.int64]:
    """Each vector's strongest class, −1 for none."""
    weights = class_weights(vectors.astype(np.float64) @ h.T, h @ h.T)
    return np.where(weights.max(axis=1) > 0, weights.argmax(axis=1), -1)
