"""Normality: which feature vectors look like those that a clustering was fitted on.

Two numbers of a vector v are looked at: log q, with q = ‖v‖², and r, the share of q that no class explains. Either may
be unlike the fit's on either side; the residual alone would flag weak vectors and pass strong, strange ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from wsiview.clustering.nnls import class_weights
from wsiview.clustering.passes import chunks
from wsiview.clustering.vectors import ArrayVectors, Vectors
from wsiview.progress import Progress

Floats = NDArray[np.float64]

FLAGGED = 0.01
"""Share of the fit's own vectors that counts as unlike."""
_LEAST = 50  # vectors, below which nothing can be said of their spread
_MOST = 2**20  # vectors that are looked at
_THREADS = 1  # of BLAS, as for the fit: the same bytes each time
_RIDGE = 1e-6  # added to both variances, should the fit's vectors not differ


@dataclass(frozen=True, eq=False)
class Normality:
    """Mean (2,) and covariance (2, 2) of (log q, r) over the fit's vectors, and the squared distance that is too far.

    Raises
    ------
    ValueError
        If these are not what vectors could have.
    """

    mean: Floats
    cov: Floats
    cut: float

    def __post_init__(self) -> None:
        """Refuse what can't be inverted."""
        if self.mean.shape != (2,) or self.cov.shape != (2, 2):
            raise ValueError("its normal range has the wrong shape")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.cov).all() and np.isfinite(self.cut)):
            raise ValueError("its normal range holds numbers that are not finite")
        if self.cov[0, 0] <= 0 or np.linalg.det(self.cov) <= 0 or self.cut <= 0:
            raise ValueError("its normal range has no extent")

    def unlike(self, square: NDArray[np.floating], residual: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which vectors lie too far from the fit's, by their q and r of any one shape; none where q is 0."""
        there = np.asarray(square) > 0
        log_q = np.log(np.where(there, square, 1.0), dtype=np.float64)
        return np.asarray(there & (_distance(log_q, np.asarray(residual, np.float64), self.mean, self.cov) > self.cut))

    def to_json(self) -> dict[str, Any]:
        """Plain values for a file."""
        return {"mean": self.mean.tolist(), "cov": self.cov.tolist(), "cut": self.cut}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Normality:
        """Back from a file.

        Raises
        ------
        ValueError, TypeError, KeyError
            If a value is missing or of the wrong kind.
        """
        return cls(np.asarray(values["mean"], np.float64), np.asarray(values["cov"], np.float64), float(values["cut"]))


def normality_of(
    vectors: NDArray[np.float32] | Vectors, class_vectors: NDArray[np.floating], progress: Progress | None = None
) -> Normality | None:
    """The normal range of a fit's vectors (n, C) with its class vectors (K, C); None for too few that are not zero.

    Of more than 2**20 vectors every second, third, … is looked at.
    """
    source = ArrayVectors(vectors) if isinstance(vectors, np.ndarray) else vectors
    step = -(-source.shape[0] // _MOST)
    with threadpool_limits(limits=_THREADS):
        h = class_vectors.astype(np.float64)
        parts = [_square_and_residual(part[::step], h) for _, part in chunks(source, progress or Progress())]
    square, residual = (np.concatenate(column) for column in zip(*parts, strict=True))
    there = square > 0
    if there.sum() < _LEAST:
        return None
    log_q, r = np.log(square[there]), residual[there]
    mean = np.array([log_q.mean(), r.mean()])
    across, beside = log_q - mean[0], r - mean[1]
    mixed = (across * beside).mean()
    cov = np.array([[(across**2).mean() + _RIDGE, mixed], [mixed, (beside**2).mean() + _RIDGE]])
    return Normality(mean, cov, float(np.quantile(_distance(log_q, r, mean, cov), 1 - FLAGGED)))


def _square_and_residual(vectors: NDArray[np.float32], h: Floats) -> tuple[Floats, Floats]:
    """‖v‖² (n,) and the share of it that no class explains (n,)."""
    chunk = vectors.astype(np.float64)
    b, gram = chunk @ h.T, h @ h.T
    w = class_weights(b, gram)
    square = (chunk**2).sum(axis=1)
    left = square - 2 * (w * b).sum(axis=1) + ((w @ gram) * w).sum(axis=1)
    return square, np.clip(np.divide(left, square, out=np.zeros_like(square), where=square > 0), 0, 1)


def _distance(log_q: Floats, residual: Floats, mean: Floats, cov: Floats) -> Floats:
    """Squared Mahalanobis distance, term by term, so that a vector has the same bits in any company."""
    x, y = log_q - mean[0], residual - mean[1]
    det = cov[0, 0] * cov[1, 1] - cov[0, 1] * cov[1, 0]
    return np.asarray((cov[1, 1] * x * x - 2 * cov[0, 1] * x * y + cov[0, 0] * y * y) / det)
