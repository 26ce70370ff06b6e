"""Non-negative least squares: the exact weights of at most 16 classes at many locations at once.

Everything along the axis of locations is elementwise and in a fixed order, never a BLAS call or a reduction: so a
location's weights have the same bits whatever else is in the batch, in whatever order, on however many threads.
Inside, arrays lie as (K, n), one contiguous line for each class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.errors import ClusteringError

MAX_CLASSES = 16

Floats = NDArray[np.float64]
Masks = NDArray[np.uint16]

_CHUNK = 16384  # locations at once: K lines of 128 kB stay in the processor's cache
_PIVOT_FLOOR = 1e-13  # of the Gram's unit diagonal: below it a class counts as a sum of the others
_SLACK = 1e-12  # of the largest projection: gradients this close to zero are rounding
_PATIENCE = 3  # full exchanges without progress before single ones (Kim & Park 2011, p in their algorithm 2)


def class_weights(projections: NDArray[np.floating], gram: NDArray[np.floating]) -> Floats:
    """Exact non-negative weights w minimising ‖v − wH‖² from few numbers per location.

    Parameters
    ----------
    projections
        b = V Hᵀ, (n, K), K ≤ 16.
    gram
        G = H Hᵀ, (K, K); a class with G_kk = 0 (a dead row of H) gets weight 0.

    Returns
    -------
    (n, K) float64, never negative, exact zeros off the support; equal bits for equal rows.

    Raises
    ------
    ClusteringError
        If a value is not finite.
    ValueError
        If shapes don't fit.
    """
    return passive_weights(projections, gram)[0]


def passive_weights(
    projections: NDArray[np.floating], gram: NDArray[np.floating], start: Masks | None = None
) -> tuple[Floats, Masks]:
    """`class_weights` together with each location's passive set, bit k for class k.

    Parameters
    ----------
    projections, gram
        As for `class_weights`.
    start
        (n,) passive sets to begin from, such as those for a slightly different G: fewer exchanges, same weights.

    Returns
    -------
    weights (n, K) float64 and passive sets (n,) uint16.
    """
    b, g = np.asarray(projections, dtype=np.float64), np.asarray(gram, dtype=np.float64)
    _check(b, g)
    n, k = b.shape
    scale = _scale(g)
    unit = g * scale[:, None] * scale[None, :]
    usable = int(sum(1 << i for i in range(k) if scale[i] > 0))
    weights, masks = np.empty((n, k)), np.empty(n, dtype=np.uint16)
    for first in range(0, n, _CHUNK):
        part = slice(first, first + _CHUNK)
        lines = np.ascontiguousarray((b[part] * scale).T)
        begin = np.full(lines.shape[1], usable, dtype=np.uint16) if start is None else start[part] & np.uint16(usable)
        found, masks[part] = _exchange(lines, unit, begin, usable)
        weights[part] = found.T * scale
    return weights, masks


def kkt_violation(
    projections: NDArray[np.floating], gram: NDArray[np.floating], weights: NDArray[np.floating]
) -> Floats:
    """How far weights are from optimal: 0 is exact.

    The largest of −w·G_kk, −y and, where w > 0, |y|, with y = wG − b, over the location's largest |b|.

    Parameters
    ----------
    projections, gram
        b (n, K) and G (K, K) as for `class_weights`.
    weights
        (n, K).

    Returns
    -------
    (n,) float64.
    """
    b, g, w = (np.asarray(a, dtype=np.float64) for a in (projections, gram, weights))
    gradient = w @ g - b
    gradient[:, np.diag(g) <= 0] = 0.0
    worst = np.maximum(np.maximum(-gradient, -w * np.diag(g)), np.where(w > 0, np.abs(gradient), 0.0))
    largest = np.abs(b).max(axis=1)
    result: Floats = np.maximum(worst.max(axis=1), 0.0) / np.where(largest > 0, largest, 1.0)
    return result


def _check(b: Floats, g: Floats) -> None:
    if b.ndim != 2 or g.shape != (b.shape[1], b.shape[1]) or not 1 <= b.shape[1] <= MAX_CLASSES:
        raise ValueError(f"projections {b.shape} and gram {g.shape} must be (n, K) and (K, K) with K from 1 to 16")
    if not (np.isfinite(b).all() and np.isfinite(g).all()):
        raise ClusteringError(
            "the class weights can't be computed, because the layer's output holds values that are not finite: "
            "check the model's weights or choose another layer"
        )


def _scale(g: Floats) -> Floats:
    """Powers of two (so nothing is rounded) that bring the Gram's diagonal near one; 0 for dead classes."""
    diagonal = np.diag(g)
    alive = diagonal > 0
    exponent = np.round(0.5 * np.log2(np.where(alive, diagonal, 1.0)))
    return np.where(alive, np.exp2(-exponent), 0.0)


def _factor(g: Floats, masks: Masks) -> list[list[Floats]]:
    """Cholesky factors of the sub-Grams of passive sets: [i][j] (m,), j ≤ i; the diagonal is inverted.

    Classes outside the set have a zero line and zero inverse, so that solving gives them exactly 0.
    A pivot at the floor stands for a class that depends on earlier ones: the perturbation it means for the
    gradient is the floor times the weight, far below what rounding of b does.
    """
    k = len(g)
    inside = [((masks >> np.uint16(i)) & np.uint16(1)).astype(np.float64) for i in range(k)]
    rows: list[list[Floats]] = []
    for i in range(k):
        row: list[Floats] = []
        for j in range(i):
            entry = g[i, j] * inside[i] * inside[j]
            for m in range(j):
                entry = entry - row[m] * rows[j][m]
            row.append(entry * rows[j][j])
        pivot = np.full(len(masks), g[i, i])
        for m in range(i):
            pivot = pivot - row[m] * row[m]
        row.append(inside[i] / np.sqrt(np.maximum(pivot, _PIVOT_FLOOR * max(g[i, i], 1e-300))))
        rows.append(row)
    return rows


def _solve(b: Floats, g: Floats, masks: Masks) -> Floats:
    """Unconstrained least squares on each location's passive set, 0 outside it; (K, n)."""
    k = len(g)
    if len(masks) and (masks == masks[0]).all():
        lower: list[list[Floats]] = _factor(g, masks[:1])  # (1,) entries broadcast
    else:
        sets, which = np.unique(masks, return_inverse=True)
        lower = [[entry[which] for entry in row] for row in _factor(g, sets)]
    w = np.empty_like(b)
    term = np.empty(b.shape[1])
    for i in range(k):
        w[i] = b[i]
        for j in range(i):
            np.multiply(lower[i][j], w[j], out=term)
            w[i] -= term
        w[i] *= lower[i][i]
    for i in reversed(range(k)):
        for j in range(i + 1, k):
            np.multiply(lower[j][i], w[j], out=term)
            w[i] -= term
        w[i] *= lower[i][i]
    return w


def _gradient(b: Floats, g: Floats, w: Floats) -> Floats:
    """G w − b, summed in class order; (K, n)."""
    y = -b
    term = np.empty(b.shape[1])
    for i in range(len(g)):
        for j in range(len(g)):
            np.multiply(w[j], g[i, j], out=term)
            y[i] += term
    return y


def _slack(b: Floats) -> Floats:
    """The gradient's rounding at each location (n,)."""
    largest: Floats = np.abs(b[0])
    for line in b[1:]:
        largest = np.maximum(largest, np.abs(line))
    return np.multiply(largest, _SLACK)


def _wrong(b: Floats, g: Floats, w: Floats, masks: Masks, slack: Floats, usable: int) -> Masks:
    """Classes on the wrong side of each location's optimality conditions, as bits (n,)."""
    y = _gradient(b, g, w)
    wrong = np.zeros(len(masks), dtype=np.uint16)
    for i in range(len(g)):
        if usable >> i & 1:
            inside = (masks >> np.uint16(i)) & np.uint16(1) != 0
            out = np.where(inside, w[i] < 0, y[i] < -slack)
            wrong |= out.astype(np.uint16) << np.uint16(i)
    return wrong


def _exchange(b: Floats, g: Floats, masks: Masks, usable: int) -> tuple[Floats, Masks]:
    """Block principal pivoting (Kim & Park 2011): exchange all wrong classes at once, one at a time if that stalls."""
    k, n = b.shape
    weights, final = np.zeros((k, n)), masks.copy()
    rows = np.arange(n)
    masks = masks.copy()
    best, patience = np.full(n, k + 1, dtype=np.int64), np.full(n, _PATIENCE)
    slack = _slack(b)
    for _ in range(6 + 3 * k):
        part = b if len(rows) == n else np.ascontiguousarray(b[:, rows])
        w = _solve(part, g, masks)
        wrong = _wrong(part, g, w, masks, slack[rows], usable)
        done = wrong == 0
        weights[:, rows[done]] = w[:, done]
        final[rows[done]] = masks[done]
        left = ~done
        if not left.any():
            break
        rows, masks, wrong, best, patience = rows[left], masks[left], wrong[left], best[left], patience[left]
        count = np.bitwise_count(wrong).astype(np.int64)
        better = count < best
        full = better | (patience > 0)
        patience = np.where(better, _PATIENCE, patience - 1)
        best = np.minimum(best, count)
        masks = masks ^ np.where(full, wrong, _highest(wrong))
    else:
        weights[:, rows], final[rows] = _descend(np.ascontiguousarray(b[:, rows]), g, slack[rows], usable)
    weights += 0.0  # turns −0 into 0
    return weights, final


def _highest(bits: Masks) -> Masks:
    """The highest set bit of each."""
    filled = bits.copy()
    for shift in (1, 2, 4, 8):
        filled |= filled >> np.uint16(shift)
    return filled ^ (filled >> np.uint16(1))


def _descend(b: Floats, g: Floats, slack: Floats, usable: int) -> tuple[Floats, Masks]:
    """Lawson & Hanson's active set, for locations that exchanging doesn't finish (nearly equal classes).

    Each step lowers the objective or blocks the class that wouldn't, so it ends; the weights are feasible throughout.
    """
    k, n = b.shape
    bits = (np.uint16(1) << np.arange(k, dtype=np.uint16))[:, None]
    w, masks = np.zeros((k, n)), np.zeros(n, dtype=np.uint16)
    blocked, added = np.zeros(n, dtype=np.uint16), np.zeros(n, dtype=np.uint16)
    open_ = np.ones(n, dtype=bool)
    for _ in range(20 * k):
        solved = _solve(b, g, masks)
        inside = (masks & bits) != 0
        negative = inside & (solved <= 0)
        stuck = open_ & (negative & (added & bits != 0) & (w <= 0)).any(axis=0)
        accept = open_ & ~negative.any(axis=0)
        step = open_ & ~accept & ~stuck
        w = np.where(accept, solved, w)
        masks, blocked = np.where(stuck, masks ^ added, masks), np.where(stuck, blocked | added, blocked)
        w, masks = _shorten(w, solved, negative, step, masks, bits)
        added = np.where(step, added, np.uint16(0))
        choose = accept | stuck
        y = _gradient(b, g, w)
        free = ((masks | blocked | np.uint16(0xFFFF & ~usable)) & bits) == 0
        steep = np.where(free & (y < -slack), y, 0.0)
        pick = steep.argmin(axis=0)
        enter = choose & (steep.min(axis=0) < 0)
        added = np.where(enter, bits[pick, 0], added)
        masks = np.where(enter, masks | added, masks)
        blocked = np.where(accept, np.uint16(0), blocked)
        open_ &= ~(choose & ~enter)
        if not open_.any():
            break
    return w, masks


def _shorten(
    w: Floats, solved: Floats, negative: NDArray[np.bool_], step: NDArray[np.bool_], masks: Masks, bits: Masks
) -> tuple[Floats, Masks]:
    """Walk from w towards the solution as far as no weight turns negative, and drop the classes that reach zero."""
    falling = negative & step
    distance = np.where(falling, w - solved, 1.0)
    reach = np.where(falling, w / np.where(distance > 0, distance, 1.0), np.inf)
    nearest = reach.min(axis=0)
    moved = w + np.where(step, np.minimum(nearest, 1.0), 0.0) * (solved - w)
    gone = falling & ((reach <= nearest) | (moved <= 0))
    moved = np.where(gone, 0.0, moved)
    dropped = np.bitwise_or.reduce(np.where(gone, bits, np.uint16(0)), axis=0)
    return np.where(step, moved, w), masks & ~dropped
