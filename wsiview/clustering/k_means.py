"""K-means: what the fit of a signed layer begins from, the directions of seeded clusters of a sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROUNDS = 30


def directions(vectors: NDArray[np.float32], n_classes: int, seed: int) -> Floats:
    """Centres (K, C) of clusters of vectors (n, C), rows of unit norm or, of an empty cluster, zero.

    Begun from rows drawn far apart (Arthur & Vassilvitskii 2007), then Lloyd's rounds until no vector moves.
    """
    rng = np.random.default_rng([seed, 3])
    points = vectors.astype(np.float64)
    square = (points * points).sum(axis=1)
    centres = points[rng.integers(len(points))][None]
    nearest = np.full(len(points), np.inf)
    for _ in range(1, n_classes):
        nearest = np.minimum(nearest, _distances(points, square, centres[-1:])[:, 0])
        whole = nearest.sum()
        row = rng.choice(len(points), p=nearest / whole) if whole > 0 else rng.integers(len(points))
        centres = np.concatenate([centres, points[row][None]])
    belongs = np.full(len(points), -1)
    for _ in range(_ROUNDS):
        now = _distances(points, square, centres).argmin(axis=1)
        if (now == belongs).all():
            break
        belongs = now
        for k in range(n_classes):
            if (belongs == k).any():
                centres[k] = points[belongs == k].mean(axis=0)
    norm = np.linalg.norm(centres, axis=1, keepdims=True)
    return np.asarray(centres / np.where(norm > 0, norm, 1.0))


def _distances(points: Floats, square: Floats, centres: Floats) -> Floats:
    """Squared distances (n, K)."""
    return np.asarray(np.maximum(square[:, None] - 2 * points @ centres.T + (centres * centres).sum(axis=1), 0.0))
