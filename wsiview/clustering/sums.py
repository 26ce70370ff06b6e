"""Sums: all that an update of the class vectors needs to know of a chunk of feature vectors.

They come singly, one for each chunk of fixed size, and are added in the order of the chunks in float64: wherever the
chunks were computed, the total has the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.clustering.nnls import class_weights

Floats = NDArray[np.float64]

CHUNK = 16384  # vectors in one chunk; part of the result's bits
_STRIP = 2**16  # numbers taken to float64 at once: half a megabyte stays in the processor's cache


@dataclass(frozen=True, eq=False)
class ChunkSums:
    """WᵀW (K, K), WᵀV (K, C), Σ‖v‖², ‖V − WH‖² at this W and H, and Σw (K,)."""

    ww: Floats
    wv: Floats
    square: float
    residual: float
    weight: Floats


def chunk_sums(vectors: NDArray[np.float32], class_vectors: Floats, *, cross: bool = True) -> tuple[ChunkSums, Floats]:
    """One chunk's sums at its exact weights, and those weights (n, K).

    Parameters
    ----------
    vectors
        (n, C) of one chunk, n ≤ CHUNK. Multiplied in float64: float32 products are biased by some 1e-8 of ‖V‖², which
        is much where classes explain nearly all.
    class_vectors
        H (K, C) float64.
    cross
        Whether WᵀV is wanted; else it is 0.
    """
    gram = class_vectors @ class_vectors.T
    size = max(1, _STRIP // vectors.shape[1])
    strips = [slice(first, first + size) for first in range(0, len(vectors), size)]
    columns = np.ascontiguousarray(class_vectors.T)  # which the product reads faster
    b, square = np.empty((len(vectors), len(class_vectors))), 0.0
    for strip in strips:
        part = vectors[strip].astype(np.float64)
        b[strip] = part @ columns
        square += float(np.vdot(part, part))
    weights = class_weights(b, gram)  # not begun from those of the last pass: where two sets tie, bits would differ
    wv = np.zeros(class_vectors.shape)
    for strip in strips if cross else ():
        wv += weights[strip].T @ vectors[strip].astype(np.float64)
    ww = weights.T @ weights
    residual = square - 2.0 * float((weights * b).sum()) + float((ww * gram).sum())
    return ChunkSums(ww, wv, square, residual, weights.sum(axis=0)), weights


def total(sums: Iterable[ChunkSums]) -> ChunkSums:
    """The sums of chunks, added one after the other.

    Raises
    ------
    ValueError
        If there are none.
    """
    result: ChunkSums | None = None
    for one in sums:
        result = one if result is None else _add(result, one)
    if result is None:
        raise ValueError("there are no chunks to add")
    return result


def objective(sums: ChunkSums, class_vectors: Floats) -> float:
    """‖V − WH‖² with the weights of the sums and other class vectors; not below 0, where rounding may take it."""
    cross = float((sums.wv * class_vectors).sum())
    return max(sums.square - 2.0 * cross + float((sums.ww * (class_vectors @ class_vectors.T)).sum()), 0.0)


def _add(a: ChunkSums, b: ChunkSums) -> ChunkSums:
    return ChunkSums(a.ww + b.ww, a.wv + b.wv, a.square + b.square, a.residual + b.residual, a.weight + b.weight)
