"""Descent: coordinate descent on a sample, from a start to a local optimum, with extrapolation.

W and H are moved in turn, column by column (Cichocki & Phan 2009), W several sweeps at a time because the product V Hᵀ
costs more than a sweep (Gillis & Glineur 2012), and both go on a little in the direction of the last step, which is
taken back where the objective rises (Ang & Gillis 2019). From the same start, different numbers of sweeps end in
different optima, on real features up to 3 % apart, and none is always best: so a race is run on a small sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.progress import Progress

Singles = NDArray[np.float32]

SWEEPS = (1, 2, 4)  # of W in one pass, one racer each
_FIRST, _GROWTH, _CAUTION, _BACK = 0.5, 1.05, 1.01, 1.5  # β, its factor, that of its bound, its divisor (Ang & Gillis)
_WINDOW = 5  # passes that are looked at together: single ones may stand still


@dataclass(frozen=True, eq=False)
class Descent:
    """H (K, C) float32, ‖V − WH‖² there, and how many passes it took."""

    class_vectors: Singles
    objective: float
    passes: int


def descend(
    vectors: Singles, w: Singles, h: Singles, sweeps: int, max_passes: int, tolerance: float, progress: Progress
) -> Descent:
    """Descend from W and H until a pass lowers ‖V − WH‖² by less than `tolerance` of it.

    Parameters
    ----------
    vectors
        V (n, C) float32.
    w, h
        (n, K) and (K, C), not changed.
    sweeps
        Sweeps of W in a pass.
    max_passes, tolerance
        When to stop.
    progress
        Asked whether to go on; not told anything, since several may descend at once.
    """
    square = float(sum(np.vdot(part, part) for part in np.array_split(vectors, max(1, len(vectors) // 1024))))
    lines, h = np.ascontiguousarray(w.T), h.copy()
    ahead_w, ahead_h = lines, h
    beta, bound, now = _FIRST, 1.0, np.inf
    history: list[float] = []
    for done in range(1, max_passes + 1):
        progress.check()
        new_w = ahead_w.copy()
        _sweep(new_w, ahead_h @ ahead_h.T, np.ascontiguousarray((vectors @ ahead_h.T).T), sweeps)
        far_w = np.maximum(new_w + np.float32(beta) * (new_w - lines), 0) if history else new_w
        ww, wv = _sums(far_w, vectors)
        new_h = ahead_h.copy()
        _sweep(new_h, ww.astype(np.float32), wv.astype(np.float32), sweeps)
        exact = new_h.astype(np.float64)
        found = square - 2.0 * float((wv * exact).sum()) + float((ww * (exact @ exact.T)).sum())
        if found > now:  # too far: back to the last pass, without running ahead
            ahead_w, ahead_h, bound, beta = lines, h, beta, beta / _BACK
        else:
            ahead_w, ahead_h = far_w, np.maximum(new_h + np.float32(beta) * (new_h - h), 0) if history else new_h
            lines, h, now = new_w, new_h, found
            beta, bound = min(bound, beta * _GROWTH), min(1.0, bound * _CAUTION)
        history.append(now)
        if done > _WINDOW and history[-1 - _WINDOW] - now <= max(_WINDOW * tolerance * now, 1e-7 * square):
            break
    return Descent(h, now, len(history))


def _sums(lines: Singles, vectors: Singles) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """WᵀW and WᵀV in short float32 sums, added in float64."""
    ww, wv = np.zeros((len(lines), len(lines))), np.zeros((len(lines), vectors.shape[1]))
    for first in range(0, len(vectors), 2048):
        part = lines[:, first : first + 2048]
        ww += part @ part.T
        wv += part @ vectors[first : first + 2048]
    return ww, wv


def _sweep(lines: Singles, gram: Singles, projections: Singles, times: int) -> None:
    """Move each of the K lines in turn to its best non-negative values, the others fixed."""
    for _ in range(times):
        for k in range(len(gram)):
            if gram[k, k] > 0:
                step = gram[k] @ lines
                step -= projections[k]
                step /= gram[k, k]
                np.subtract(lines[k], step, out=step)
                np.maximum(step, 0, out=lines[k])
