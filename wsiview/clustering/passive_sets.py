"""Passive sets: least squares of each location on its own set of classes, a bit mask, and where that is not optimal.

Arrays lie as (K, n). Along n everything is elementwise and in a fixed order, as `nnls` promises.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Masks = NDArray[np.uint16]

_PIVOT_FLOOR = 1e-13  # of the Gram's unit diagonal: below it a class counts as a sum of the others
_TABLE = 8  # classes up to which all 2ᴷ passive sets are factored at once


class Factors:
    """Cholesky factors of the sub-Grams of passive sets, made once for each set that comes up.

    Column j of a factor is (K − j, sets): the inverted diagonal, then what is below it. Classes outside the set have
    zeros there, so that solving gives them exactly 0. A pivot at the floor stands for a class that depends on earlier
    ones: the perturbation it means for the gradient is the floor times the weight, far below what rounding of b does.
    """

    def __init__(self, g: Floats) -> None:
        self._g = g
        self._all = _factor(g, np.arange(1 << len(g), dtype=np.uint16)) if len(g) <= _TABLE else None

    def inverse(self, mask: int) -> Floats:
        """The inverse of one set's sub-Gram (K, K), 0 outside it."""
        k = len(self._g)
        return solve(np.eye(k), self, np.full(k, mask, dtype=np.uint16))

    def of(self, masks: Masks) -> list[Floats]:
        """Columns of each location's factor, (K − j, n), or (K − j, 1) where all have the same set."""
        if len(masks) and (masks == masks[0]).all():
            return _factor(self._g, masks[:1])
        if self._all is not None:
            return [column.take(masks, axis=1) for column in self._all]
        place = np.zeros(1 << len(self._g), dtype=np.int64)
        place[masks] = 1
        sets = np.flatnonzero(place)
        place[sets] = np.arange(len(sets))
        which = place[masks]
        return [column.take(which, axis=1) for column in _factor(self._g, sets.astype(np.uint16))]


def _factor(g: Floats, masks: Masks) -> list[Floats]:
    """The columns for some passive sets."""
    k = len(g)
    inside = ((masks >> np.arange(k, dtype=np.uint16)[:, None]) & np.uint16(1)).astype(np.float64)
    columns: list[Floats] = []
    for j in range(k):
        column = g[j:, j, None] * inside[j:] * inside[j]
        for p, earlier in enumerate(columns):
            column = column - earlier[j - p :] * earlier[j - p]
        column[0] = inside[j] / np.sqrt(np.maximum(column[0], _PIVOT_FLOOR * max(g[j, j], 1e-300)))
        column[1:] *= column[0]
        columns.append(column)
    return columns


def solve(b: Floats, factors: Factors, masks: Masks) -> Floats:
    """Unconstrained least squares on each location's passive set, 0 outside it; (K, n)."""
    columns = factors.of(masks)
    k = len(columns)
    w = b.copy()
    term = np.empty(b.shape)
    for j, column in enumerate(columns):
        w[j] *= column[0]
        np.multiply(column[1:], w[j], out=term[j + 1 :])
        w[j + 1 :] -= term[j + 1 :]
    for i in reversed(range(k)):
        np.multiply(columns[i][1:], w[i + 1 :], out=term[i + 1 :])
        for line in term[i + 1 :]:
            w[i] -= line
        w[i] *= columns[i][0]
    return w


def gradient(b: Floats, g: Floats, w: Floats) -> Floats:
    """G w − b, summed in class order; (K, n)."""
    y = -b
    term = np.empty(b.shape)
    for j in range(len(g)):
        np.multiply(g[:, j, None], w[j], out=term)
        y += term
    return y


def bits_of(k: int) -> Masks:
    """Each class's bit (K, 1)."""
    return (np.uint16(1) << np.arange(k, dtype=np.uint16))[:, None]
