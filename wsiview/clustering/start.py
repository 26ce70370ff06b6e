"""Start: the class vectors a fit begins from, NNDSVDa (Boutsidis & Gallopoulos 2008, zeros filled with the mean)."""

from __future__ import annotations

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CHUNK = 8192
_ZERO = 1e-6  # entries below it count as zero, as in scikit-learn


def nndsvda(vectors: NDArray[np.float32], n_classes: int) -> Floats:
    """Class vectors (K, C) from the signs of the leading singular vectors; no chance is involved.

    The right singular vectors are the eigenvectors of the C × C sum VᵀV, so V is only walked through, never copied.

    Parameters
    ----------
    vectors
        (n, C) non-negative, n ≥ 1, C ≥ K.
    n_classes
        K.
    """
    second, total = _moments(vectors)
    channels = second.shape[0]
    values, basis = scipy.linalg.eigh(second, subset_by_index=[channels - n_classes, channels - 1])
    singular, basis = np.sqrt(np.maximum(values[::-1], 0.0)), np.ascontiguousarray(basis[:, ::-1])
    start = np.zeros((n_classes, channels))
    start[0] = np.sqrt(singular[0]) * np.abs(basis[:, 0])
    positive, negative = _side_norms(vectors, basis, singular)
    for k in range(1, n_classes):
        right = np.maximum(basis[:, k], 0.0), np.maximum(-basis[:, k], 0.0)
        norms = np.linalg.norm(right[0]), np.linalg.norm(right[1])
        sizes = norms[0] * positive[k], norms[1] * negative[k]
        side = 0 if sizes[0] > sizes[1] else 1
        if sizes[side] > 0:
            start[k] = np.sqrt(singular[k] * sizes[side]) * right[side] / norms[side]
    start[start < _ZERO] = total / vectors.size
    return start


def _moments(vectors: NDArray[np.float32]) -> tuple[Floats, float]:
    """VᵀV (C, C) and the sum of all entries, added chunk by chunk in order."""
    channels = vectors.shape[1]
    second, total = np.zeros((channels, channels)), 0.0
    for first in range(0, len(vectors), _CHUNK):
        chunk = vectors[first : first + _CHUNK].astype(np.float64)
        second += chunk.T @ chunk
        total += float(chunk.sum())
    return second, total


def _side_norms(vectors: NDArray[np.float32], basis: Floats, singular: Floats) -> tuple[Floats, Floats]:
    """Norms (K,) of the positive and the negative part of each left singular vector V v / σ."""
    positive, negative = np.zeros(basis.shape[1]), np.zeros(basis.shape[1])
    inverse = np.where(singular > 0, 1.0 / np.where(singular > 0, singular, 1.0), 0.0)
    for first in range(0, len(vectors), _CHUNK):
        left = (vectors[first : first + _CHUNK].astype(np.float64) @ basis) * inverse
        positive += np.square(np.maximum(left, 0.0)).sum(axis=0)
        negative += np.square(np.maximum(-left, 0.0)).sum(axis=0)
    return np.sqrt(positive), np.sqrt(negative)
