"""NMF: fits K non-negative class vectors to feature vectors, V ≈ W H in the Frobenius norm.

Alternating exact non-negative least squares: W given H location by location, H given W from the sums WᵀW and WᵀV
alone. `start` goes ahead of it on a random part of the vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from wsiview.clustering.nnls import MAX_CLASSES, passive_weights
from wsiview.clustering.start import descend, nndsvda
from wsiview.clustering.sums import CHUNK, ChunkSums, chunk_sums, objective, total
from wsiview.errors import ClusteringError, UsageError
from wsiview.progress import Progress

Floats = NDArray[np.float64]

QUANTILES = (0.5, 0.95, 0.99, 0.999)
THREADS = 1  # of BLAS: sums over n depend in their last bit on how many share the work
_EXACT = 1e-12  # of ‖V‖²: an objective below it is rounding
_SAMPLE_NUMBERS = 2**25  # in float64: 268 MB at most
_EMPTY = 1e-12  # of the largest weight sum of squares: a class used less than that is dead


@dataclass(frozen=True, eq=False)
class Factorisation:
    """A fitted NMF.

    Attributes
    ----------
    class_vectors
        H (K, C) float32, rows of unit L2 norm, dead ones zero, in order of their share of the total weight.
    quantiles
        (K + 1, 4) float64: the 50th, 95th, 99th and 99.9th percentile of each class's weights over all vectors,
        zeros included; last row: of the largest weight at each vector.
    objective
        ‖V − WH‖² over all vectors after every full pass; last entry: exact weights for the final class vectors.
    share
        (K,) each class's part of the total weight; sums to 1.
    dead
        (K,) bool.
    parameters
        What the result depends on beside the vectors: seed, tolerance, passes, sample, chunk, BLAS threads.
    """

    class_vectors: NDArray[np.float32]
    quantiles: Floats
    objective: tuple[float, ...]
    share: Floats
    dead: NDArray[np.bool_]
    parameters: dict[str, int | float | str]


def fit(
    vectors: NDArray[np.float32],
    n_classes: int,
    seed: int = 0,
    progress: Progress | None = None,
    *,
    max_passes: int = 300,
    tolerance: float = 2e-6,
    sample: int = 50_000,
) -> Factorisation:
    """Fit K class vectors; the same vectors, seed and numbers give the same bytes on one machine.

    Parameters
    ----------
    vectors
        V (n, C) float32, non-negative, n ≥ K, C ≥ K.
    n_classes
        K, 2 to 16.
    seed
        Of the draw of the sample, where there are more vectors than `sample`.
    progress
        Stages "clustering a sample" and "clustering", counted in passes.
    max_passes
        Passes over the sample, and passes over everything, at most.
    tolerance
        Stop when a pass lowers the objective by less than this share of it.
    sample
        Vectors the start is sought with, at most; fewer where 2**25 numbers hold no more.

    Raises
    ------
    UsageError
        If K is not from 2 to 16.
    ClusteringError
        If the vectors can't be factorised: negative, not finite, all zero, fewer than K, or fewer channels than K.
    Cancelled
        If nobody wants the result any more.
    """
    progress = progress or Progress()
    _check(vectors, n_classes)
    with threadpool_limits(limits=THREADS):
        part = _draw(vectors, sample, seed)
        h, first = descend(part, *nndsvda(part, n_classes), max_passes, tolerance, progress)
        h, history = _alternate(vectors, _unit(h), max_passes, tolerance, progress)
        parameters: dict[str, int | float | str] = {
            "classes": n_classes,
            "vectors": len(vectors),
            "seed": seed,
            "start": "nndsvda",
            "sample": len(part),  # fewer than asked for where channels are many
            "sample_passes": first,
            "passes": len(history),
            "max_passes": max_passes,
            "tolerance": tolerance,
            "chunk": CHUNK,
            "blas_threads": THREADS,
        }
        return _finish(vectors, h, history, parameters)


def _check(vectors: NDArray[np.float32], n_classes: int) -> None:
    if not 2 <= n_classes <= MAX_CLASSES:
        raise UsageError(f"a clustering has 2 to {MAX_CLASSES} classes, not {n_classes}: choose another -k")
    if vectors.ndim != 2:
        raise ValueError(f"vectors must be (n, C), not {vectors.shape}")
    n, channels = vectors.shape
    if n < n_classes:
        raise ClusteringError(
            f"{n} feature vectors are too few for {n_classes} classes: add slides or lower the tissue threshold"
        )
    if channels < n_classes:
        raise ClusteringError(
            f"a layer of {channels} channels can't be told apart into {n_classes} classes: "
            f"choose at most {channels} classes or another layer"
        )
    largest = 0.0
    for first in range(0, n, CHUNK):
        chunk = vectors[first : first + CHUNK]
        if not np.isfinite(chunk).all():
            raise ClusteringError(
                "the layer's output holds values that are not finite: check the model's weights or choose another layer"
            )
        if (chunk < 0).any():
            raise ClusteringError(
                'the layer\'s output is negative in places and NMF needs it not to be: set "rectify" or choose a layer '
                "after its ReLU"
            )
        largest = max(largest, float(chunk.max()))
    if largest == 0:
        raise ClusteringError("the layer's output is zero everywhere, so there is nothing to cluster: choose another")


def _draw(vectors: NDArray[np.float32], sample: int, seed: int) -> Floats:
    """A random part of the vectors in file order, or all of them, in float64."""
    size = max(min(sample, _SAMPLE_NUMBERS // vectors.shape[1]), MAX_CLASSES)
    if len(vectors) <= size:
        return vectors.astype(np.float64)
    chosen = np.sort(np.random.default_rng(seed).choice(len(vectors), size=size, replace=False))
    return np.asarray(vectors[chosen], dtype=np.float64)


def _alternate(
    vectors: NDArray[np.float32], h: Floats, max_passes: int, tolerance: float, progress: Progress
) -> tuple[Floats, list[float]]:
    """Passes until the objective settles; class vectors and the objective after each."""
    passive = np.full(len(vectors), (1 << len(h)) - 1, dtype=np.uint16)
    history: list[float] = []
    for done in range(max_passes):
        progress.report("clustering", done, max_passes)
        sums = total(_chunks(vectors, h, passive, progress))
        h = _update(sums)
        history.append(objective(sums, h))
        h = _unit(h)
        if sums.residual - history[-1] <= tolerance * sums.residual or history[-1] <= _EXACT * sums.square:
            break
    progress.report("clustering", max_passes, max_passes)
    return h, history


def _chunks(
    vectors: NDArray[np.float32], h: Floats, passive: NDArray[np.uint16], progress: Progress
) -> Iterator[ChunkSums]:
    for first in range(0, len(vectors), CHUNK):
        progress.check()
        part = slice(first, first + CHUNK)
        yield chunk_sums(vectors[part], h, passive[part])[0]


def _update(sums: ChunkSums) -> Floats:
    """The best class vectors (K, C) for the weights behind the sums; unused classes become zero."""
    gram = sums.ww.copy()
    diagonal = np.diag(gram)
    unused = diagonal <= _EMPTY * diagonal.max()
    gram[unused], gram[:, unused] = 0.0, 0.0
    return np.ascontiguousarray(passive_weights(sums.wv.T, gram)[0].T)


def _unit(h: Floats) -> Floats:
    """Rows of unit L2 norm, zero rows as they are."""
    norm = np.sqrt((h * h).sum(axis=1, keepdims=True))
    return h / np.where(norm > 0, norm, 1.0)


def _finish(
    vectors: NDArray[np.float32], h: Floats, history: list[float], parameters: dict[str, int | float | str]
) -> Factorisation:
    """Round, weigh once more with what is stored, order by share of weight, take the percentiles."""
    stored = _unit(h).astype(np.float32)
    exact, n = stored.astype(np.float64), len(vectors)
    weights = np.empty((n, len(h)), dtype=np.float32)
    passive = np.full(n, (1 << len(h)) - 1, dtype=np.uint16)
    sums: list[ChunkSums] = []
    for first in range(0, n, CHUNK):
        part = slice(first, first + CHUNK)
        one, weights[part] = chunk_sums(vectors[part], exact, passive[part])
        sums.append(one)
    all_ = total(sums)
    share = all_.weight / all_.weight.sum()
    order = np.argsort(-share, kind="stable")
    lines = [weights[:, k] for k in order] + [weights.max(axis=1)]
    quantiles = np.array([np.quantile(line.astype(np.float64), QUANTILES) for line in lines])
    dead = np.array([not row.any() for row in stored])
    return Factorisation(
        np.ascontiguousarray(stored[order]),
        quantiles,
        (*history, max(all_.residual, 0.0)),
        share[order],
        dead[order],
        parameters,
    )
