"""Non-negative least squares: the exact weights of at most 16 classes at many locations at once.

Everything along the axis of locations is elementwise and in a fixed order, never a BLAS call or a reduction: so a
location's weights have the same bits whatever else is in the batch, in whatever order, on however many threads.
Inside, arrays lie as (K, n), one contiguous line for each class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.clustering.passive_sets import Factors, bits_of, gradient, solve
from wsiview.errors import ClusteringError

MAX_CLASSES = 16

Floats = NDArray[np.float64]
Masks = NDArray[np.uint16]

_CHUNK = 16384  # locations at once: their K lines stay in the processor's cache
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


@np.errstate(over="ignore", invalid="ignore")  # where many classes depend on others; see `_wrong`
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
    factors = Factors(unit)
    inverse = factors.inverse(usable).astype(np.float32)
    weights, masks = np.empty((n, k)), np.empty(n, dtype=np.uint16)
    wrong = np.empty(n, dtype=np.uint16)
    for first in range(0, n, _CHUNK):
        part = slice(first, first + _CHUNK)
        lines = _lines(b[part], scale)
        masks[part] = (_guess(lines, inverse) if start is None else start[part]) & np.uint16(usable)
        found = solve(lines, factors, masks[part])
        wrong[part] = _wrong(lines, unit, found, masks[part], _slack(lines), usable)
        np.multiply(found.T, scale, out=weights[part])
    rows = np.flatnonzero(wrong)
    for first in range(0, len(rows), _CHUNK):  # of all chunks together, because calls on few locations cost as much
        some = rows[first : first + _CHUNK]
        found, masks[some] = _exchange(_lines(b[some], scale), unit, factors, masks[some], wrong[some], usable)
        weights[some] = found.T * scale
    weights += 0.0  # turns −0 into 0
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


def _lines(b: Floats, scale: Floats) -> Floats:
    """One contiguous line for each class (K, n), scaled."""
    return np.multiply(b.T, scale[:, None], out=np.empty(b.T.shape))


def _guess(b: Floats, inverse: NDArray[np.float32]) -> Masks:
    """The classes that unconstrained weights are positive for, in single precision: where exchanging begins."""
    narrow = b.astype(np.float32)
    weight, term = np.empty_like(narrow[0]), np.empty_like(narrow[0])
    masks = np.zeros(b.shape[1], dtype=np.uint16)
    for bit, row in enumerate(inverse):
        np.multiply(narrow[0], row[0], out=weight)
        for j in range(1, len(row)):
            np.multiply(narrow[j], row[j], out=term)
            weight += term
        masks |= (weight > 0).astype(np.uint16) << np.uint16(bit)
    return masks


def _slack(b: Floats) -> Floats:
    """The gradient's rounding at each location (n,)."""
    largest: Floats = np.abs(b).max(axis=0)
    return largest * _SLACK


def _wrong(b: Floats, g: Floats, w: Floats, masks: Masks, slack: Floats, usable: int) -> Masks:
    """Classes on the wrong side of each location's optimality conditions, as bits (n,).

    So are those whose weight overflowed: in a set with many classes that depend on others, each takes 1e13 times more.
    """
    bits = bits_of(len(g))
    out = w < 0
    if not np.isfinite(w.sum()):
        out |= ~np.isfinite(w)
    out |= (gradient(b, g, w) < -slack) & (masks & bits == 0)
    wrong: Masks = np.bitwise_or.reduce(np.where(out, bits & np.uint16(usable), np.uint16(0)), axis=0)
    return wrong


def _exchange(b: Floats, g: Floats, factors: Factors, masks: Masks, wrong: Masks, usable: int) -> tuple[Floats, Masks]:
    """Block principal pivoting (Kim & Park 2011): exchange all wrong classes at once, one at a time if that stalls."""
    k, n = b.shape
    slack = _slack(b)
    weights, final, rows = np.empty((k, n)), np.empty_like(masks), np.arange(n)
    best, patience = np.full(n, k + 1, dtype=np.int64), np.full(n, _PATIENCE)
    for _ in range(5 + 3 * k):
        if not len(rows):
            break
        count = np.bitwise_count(wrong).astype(np.int64)
        better = count < best
        full = better | (patience > 0)
        patience = np.where(better, _PATIENCE, patience - 1)
        best = np.minimum(best, count)
        masks = masks ^ np.where(full, wrong, _highest(wrong))
        part = b.take(rows, axis=1)
        w = solve(part, factors, masks)
        weights[:, rows], final[rows] = w, masks
        wrong = _wrong(part, g, w, masks, slack[rows], usable)
        left = np.flatnonzero(wrong)
        rows, masks, wrong, best, patience = rows[left], masks[left], wrong[left], best[left], patience[left]
    else:
        weights[:, rows], final[rows] = _descend(b.take(rows, axis=1), g, slack[rows], usable)
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
    bits, factors = bits_of(k), Factors(g)
    w, masks = np.zeros((k, n)), np.zeros(n, dtype=np.uint16)
    blocked, added = np.zeros(n, dtype=np.uint16), np.zeros(n, dtype=np.uint16)
    open_ = np.ones(n, dtype=bool)
    for _ in range(20 * k):
        solved = solve(b, factors, masks)
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
        y = gradient(b, g, w)
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
