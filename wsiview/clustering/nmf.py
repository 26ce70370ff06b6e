"""NMF: fits K non-negative class vectors to feature vectors, V ≈ W H in the Frobenius norm.

Descents race on a small random part of the vectors, the best goes on on a larger part, and exact passes over all
vectors finish what it found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from wsiview.clustering.descent import SWEEPS, Descent, descend
from wsiview.clustering.k_means import directions
from wsiview.clustering.nnls import MAX_CLASSES, class_weights
from wsiview.clustering.passes import Read, State, alternate, chunks, unit
from wsiview.clustering.rank import check_classes
from wsiview.clustering.start import nndsvda
from wsiview.clustering.sums import CHUNK, ChunkSums, chunk_sums, total
from wsiview.clustering.vectors import ArrayVectors, Vectors, drawn_rows, ordered, pick
from wsiview.errors import ClusteringError
from wsiview.progress import Progress

Floats = NDArray[np.float64]

QUANTILES = (0.5, 0.95, 0.99, 0.999)
BLAS_THREADS = 1  # sums over n depend in their last bit on how many share the work; several chunks at once don't
STAGE = "clustering a sample"
_SAMPLE_NUMBERS = 2**23  # in float32: 34 MB at most
_RACE = 4  # the race is run on one in so many of the sample
_RACE_LEAST = 2048  # vectors it is run on at least
_RACE_TOLERANCE = 1e-5
_QUANTILE_VECTORS = 2**20  # that percentiles are taken over, at most


@dataclass(frozen=True, eq=False)
class Factorisation:
    """A fitted NMF.

    Attributes
    ----------
    class_vectors
        H (K, C) float32, rows of unit L2 norm, dead ones zero, in order of their share of the total weight.
    quantiles
        (K + 1, 4) float64: the 50th, 95th, 99th and 99.9th percentile of each class's weights, zeros included; last
        row: of the largest weight at each vector. Over all vectors, or 2**20 drawn at random where there are more.
    objective
        ‖V − WH‖² over all vectors after every full pass; last entry: exact weights for the final class vectors.
    share
        (K,) each class's part of the total weight; sums to 1.
    dead
        (K,) bool.
    parameters
        What the result depends on beside the vectors: seed, tolerance, passes, sample, chunk, BLAS threads; and
        `threads`, which it doesn't depend on.
    """

    class_vectors: NDArray[np.float32]
    quantiles: Floats
    objective: tuple[float, ...]
    share: Floats
    dead: NDArray[np.bool_]
    parameters: dict[str, int | float | str]


def fit(
    vectors: NDArray[np.float32] | Vectors,
    n_classes: int,
    seed: int = 0,
    progress: Progress | None = None,
    *,
    max_passes: int = 300,
    tolerance: float = 1e-5,
    sample: int = 50_000,
    threads: int = 1,
    signed: bool = False,
    going_on: State | None = None,
    keep: Callable[[State], None] | None = None,
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
        Vectors the start is sought with, at most; fewer where 2**23 numbers hold no more.
    threads
        Chunks worked on at once; no bit of the result depends on it.
    signed
        Semi-NMF, for a layer whose features may be negative: class vectors may be as well, weights may not.
    going_on, keep
        The state that an interrupted fit of the same vectors and numbers has kept last, and who keeps it.

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
    source = ArrayVectors(vectors) if isinstance(vectors, np.ndarray) else vectors
    check_enough(source, n_classes)
    with threadpool_limits(limits=BLAS_THREADS):
        state = going_on
        if state is None:
            _check_values(source, signed, threads, progress)
            drawn = pick(source, drawn_rows(source.shape[0], _sample_size(source, sample), seed), CHUNK)
            if signed:
                h = directions(drawn, n_classes, seed)
            else:
                h = _start(drawn, n_classes, seed, max_passes, tolerance, threads, progress)
            state = State(h, h)
        state = alternate(source, state, max_passes, tolerance, threads, progress, keep or (lambda state: None), signed)
        parameters: dict[str, int | float | str] = {
            "classes": n_classes,
            "vectors": source.shape[0],
            "seed": seed,
            "method": "semi-nmf" if signed else "nmf",
            "start": "k-means" if signed else "nndsvda",
            "sample": _sample_size(source, sample),  # fewer than asked for where channels are many
            "passes": len(state.history),
            "max_passes": max_passes,
            "tolerance": tolerance,
            "chunk": CHUNK,
            "blas_threads": BLAS_THREADS,
            "threads": threads,
        }
        return _finish(source, state, seed, threads, progress, parameters)


def check_enough(vectors: Vectors, n_classes: int) -> None:
    """Refuse more classes than can be told apart.

    Raises
    ------
    UsageError, ClusteringError
        In one sentence.
    """
    check_classes(n_classes)
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


def _check_values(vectors: Vectors, signed: bool, threads: int, progress: Progress) -> None:
    def extremes(chunk: Read) -> tuple[float, float]:
        return float(chunk[1].min()), float(chunk[1].max())  # a NaN comes through

    found = np.array(list(ordered(extremes, chunks(vectors, progress), threads)))
    if not np.isfinite(found).all():
        raise ClusteringError(
            "the layer's output holds values that are not finite: check the model's weights or choose another layer"
        )
    if not signed and (found < 0).any():
        raise ClusteringError(
            'the layer\'s output is negative in places and NMF needs it not to be: set "rectify" or choose a layer '
            "after its ReLU"
        )
    if not found.any():
        raise ClusteringError("the layer's output is zero everywhere, so there is nothing to cluster: choose another")


def _sample_size(vectors: Vectors, sample: int) -> int:
    n, channels = vectors.shape
    return min(n, max(min(sample, _SAMPLE_NUMBERS // channels), MAX_CLASSES))


def _start(
    drawn: NDArray[np.float32],
    n_classes: int,
    seed: int,
    max_passes: int,
    tolerance: float,
    threads: int,
    progress: Progress,
) -> Floats:
    """Class vectors (K, C) that are a good local optimum of a sample, rows of unit norm."""
    rng = np.random.default_rng([seed, len(drawn)])
    few = (
        drawn
        if len(drawn) < _RACE * _RACE_LEAST
        else drawn[np.sort(rng.permutation(len(drawn))[: len(drawn) // _RACE])]
    )
    progress.report(STAGE, 0, len(SWEEPS) + 1)
    w, h = nndsvda(few, n_classes)

    def race(sweeps: int) -> Descent:
        return descend(few, w, h, sweeps, max_passes, _RACE_TOLERANCE, progress)

    racers = []
    for done, one in enumerate(ordered(race, SWEEPS, threads), start=1):
        racers.append(one)
        progress.report(STAGE, done, len(SWEEPS) + 1)
    place = min(range(len(SWEEPS)), key=lambda index: racers[index].objective)
    best = racers[place].class_vectors.astype(np.float64)
    weights = class_weights(drawn @ best.T.astype(np.float32), best @ best.T).astype(np.float32)
    found = descend(drawn, weights, racers[place].class_vectors, SWEEPS[place], max_passes, tolerance, progress)
    progress.report(STAGE, len(SWEEPS) + 1, len(SWEEPS) + 1)
    return unit(found.class_vectors.astype(np.float64))


def _finish(
    vectors: Vectors,
    state: State,
    seed: int,
    threads: int,
    progress: Progress,
    parameters: dict[str, int | float | str],
) -> Factorisation:
    """Round, weigh once more with what is stored, order by share of weight, take the percentiles."""
    stored = unit(state.class_vectors).astype(np.float32)
    exact, rows = stored.astype(np.float64), drawn_rows(vectors.shape[0], _QUANTILE_VECTORS, seed)

    def work(chunk: Read) -> tuple[ChunkSums, NDArray[np.float32]]:
        first, part = chunk
        sums, weights = chunk_sums(part, exact, cross=False)
        low, high = np.searchsorted(rows, (first, first + CHUNK))
        return sums, weights[rows[low:high] - first].astype(np.float32)

    sums: list[ChunkSums] = []
    drawn: list[NDArray[np.float32]] = []
    for one, some in ordered(work, chunks(vectors, progress), threads):
        sums[:] = [total([*sums, one])]
        drawn.append(some)
    all_, weights = sums[0], np.concatenate(drawn)
    share = all_.weight / all_.weight.sum()
    order = np.argsort(-share, kind="stable")
    lines = [weights[:, k] for k in order] + [weights.max(axis=1)]
    quantiles = np.array([np.quantile(line.astype(np.float64), QUANTILES) for line in lines])
    dead = np.array([not row.any() for row in stored])
    return Factorisation(
        np.ascontiguousarray(stored[order]),
        quantiles,
        (*state.history, max(all_.residual, 0.0)),
        share[order],
        dead[order],
        parameters,
    )
