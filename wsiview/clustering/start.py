"""Start: what a fit begins from, NNDSVDa on a sample (Boutsidis & Gallopoulos 2008, zeros filled with the mean)."""

from __future__ import annotations

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

Singles = NDArray[np.float32]

_ZERO = 1e-6  # entries below it count as zero, as in scikit-learn


def nndsvda(vectors: Singles, n_classes: int) -> tuple[Singles, Singles]:
    """W (n, K) and H (K, C) from the signs of the leading singular vectors; no chance is involved.

    Parameters
    ----------
    vectors
        V (n, C) float32 non-negative, n ≥ 1, C ≥ K.
    n_classes
        K.
    """
    channels, mean = vectors.shape[1], vectors.mean(dtype=np.float64)
    gram = np.asarray(vectors.T @ vectors, np.float64)
    values, right = scipy.linalg.eigh(gram, subset_by_index=[channels - n_classes, channels - 1])
    singular, right = np.sqrt(np.maximum(values[::-1], 0.0)), right[:, ::-1]
    left = (vectors @ right.astype(np.float32)) / np.where(singular > 0, singular, 1.0)
    w, h = np.zeros((len(vectors), n_classes)), np.zeros((n_classes, channels))
    w[:, 0], h[0] = np.sqrt(singular[0]) * np.abs(left[:, 0]), np.sqrt(singular[0]) * np.abs(right[:, 0])
    for k in range(1, n_classes):
        sides = [(np.maximum(s * left[:, k], 0.0), np.maximum(s * right[:, k], 0.0)) for s in (1.0, -1.0)]
        norms = [(np.linalg.norm(u), np.linalg.norm(v)) for u, v in sides]
        sizes = [float(a * b) for a, b in norms]
        best = int(sizes[1] >= sizes[0])
        if sizes[best] > 0:
            scale = np.sqrt(singular[k] * sizes[best])
            w[:, k], h[k] = scale * sides[best][0] / norms[best][0], scale * sides[best][1] / norms[best][1]
    w[w < _ZERO], h[h < _ZERO] = mean, mean
    return w.astype(np.float32), h.astype(np.float32)
