"""Passes: exact alternation over all feature vectors, W given H vector by vector, H given W from WᵀW and WᵀV alone.

Each pass runs a little ahead in the direction of the last (Ang & Gillis 2019); if that raised the objective the pass is
dropped and the next starts from where the last good one ended, so the objective never rises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wsiview.clustering.nnls import passive_weights
from wsiview.clustering.sums import CHUNK, ChunkSums, chunk_sums, objective, total
from wsiview.clustering.vectors import Vectors, ordered
from wsiview.progress import Progress

Floats = NDArray[np.float64]
Read = tuple[int, NDArray[np.float32]]

STAGE = "clustering"
_FIRST, _GROWTH, _CAUTION, _BACK, _MOST = 0.5, 1.2, 1.05, 2.0, 4.0  # β, its factor, its bound's, its divisor, its bound
_EXACT = 1e-12  # of ‖V‖²: an objective below it is rounding
_EMPTY = 1e-12  # of the largest weight sum of squares: a class used less than that is dead


@dataclass(frozen=True, eq=False)
class State:
    """Where the passes have come to; all that the next one depends on.

    Attributes
    ----------
    class_vectors, before
        H (K, C) after the last good pass and after the one before it, rows of unit norm.
    beta, bound
        How far the next pass runs ahead, and how far any may.
    history
        ‖V − WH‖² after each pass.
    settled
        Whether the next pass is not needed.
    """

    class_vectors: Floats
    before: Floats
    beta: float = _FIRST
    bound: float = _MOST
    history: tuple[float, ...] = ()
    settled: bool = False


def alternate(
    vectors: Vectors,
    state: State,
    max_passes: int,
    tolerance: float,
    threads: int,
    progress: Progress,
    keep: Callable[[State], None],
    signed: bool = False,
) -> State:
    """Passes until the objective settles.

    Parameters
    ----------
    state
        Where to begin.
    max_passes, tolerance
        Stop after so many, or when one lowers the objective by less than this share of it.
    threads
        Chunks worked on at once; the result doesn't depend on it.
    keep
        Told the state after every pass.
    signed
        Whether class vectors may be negative (semi-NMF, Ding, Li & Jordan 2010).

    Raises
    ------
    Cancelled
        If nobody wants the result any more.
    """
    while not state.settled and len(state.history) < max_passes:
        progress.report(STAGE, len(state.history), max_passes)
        ahead = state.class_vectors + state.beta * (state.class_vectors - state.before)
        ahead = unit(ahead if signed else np.maximum(ahead, 0.0))
        sums = total(_sums(vectors, ahead, threads, progress))
        state = _advance(state, update(sums, signed), sums, tolerance)
        keep(state)
    progress.report(STAGE, max_passes, max_passes)
    return state


def _advance(state: State, h: Floats, sums: ChunkSums, tolerance: float) -> State:
    """The state after a pass that found the sums and, for their weights, class vectors."""
    now = objective(sums, h)
    last = state.history[-1] if state.history else sums.residual
    if now > last * (1 + 1e-9) and not np.array_equal(state.class_vectors, state.before):
        return replace(
            state, before=state.class_vectors, beta=state.beta / _BACK, bound=state.beta, history=(*state.history, last)
        )
    now = min(now, last)
    return State(
        class_vectors=unit(h),
        before=state.class_vectors,
        beta=min(state.bound, state.beta * _GROWTH),
        bound=min(_MOST, state.bound * _CAUTION),
        history=(*state.history, now),
        settled=last - now <= tolerance * last or now <= _EXACT * sums.square,
    )


def chunks(vectors: Vectors, progress: Progress) -> Iterator[Read]:
    """All vectors, with the number of the first of each chunk; read by the caller's thread."""
    for first in range(0, vectors.shape[0], CHUNK):
        progress.check()
        yield first, vectors.read(first, min(first + CHUNK, vectors.shape[0]))


def _sums(vectors: Vectors, h: Floats, threads: int, progress: Progress) -> Iterator[ChunkSums]:
    def work(chunk: Read) -> ChunkSums:
        return chunk_sums(chunk[1], h)[0]

    return ordered(work, chunks(vectors, progress), threads)


def update(sums: ChunkSums, signed: bool = False) -> Floats:
    """The best class vectors (K, C), non-negative unless signed, for the weights behind the sums; zero if unused."""
    gram = sums.ww.copy()
    diagonal = np.diag(gram)
    unused = diagonal <= _EMPTY * diagonal.max()
    gram[unused], gram[:, unused] = 0.0, 0.0
    if signed:
        return np.asarray(np.linalg.pinv(gram, hermitian=True) @ sums.wv)
    return np.ascontiguousarray(passive_weights(sums.wv.T, gram)[0].T)


def unit(h: Floats) -> Floats:
    """Rows of unit L2 norm, zero rows as they are."""
    norm = np.sqrt((h * h).sum(axis=1, keepdims=True))
    return h / np.where(norm > 0, norm, 1.0)
