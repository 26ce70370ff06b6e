"""Exemplars: cells that show what a class is like: strongest, drawn at random, and on the border to another class.

Blocks are looked at one by one, in any order, and their best cells chosen from together; so a growing map needs only
its new blocks looked at. Ties go to the upper, then the left cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.class_tally import feature_square
from wsiview.maps.cell_state import COMPUTED

WORTH = 0.1
"""Strength from which a class is drawn at all: weaker cells are shown only where there is none stronger."""
_SPARE = 2  # times as many cells are kept of a block as are wanted, since neighbouring blocks may lie too near


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One cell.

    Attributes
    ----------
    row, col
        Of the cell.
    strength
        Of the class there.
    share
        W²/q: how much of the cell's features the class alone accounts for, from 0 to 1; None where that is not known.
    second
        The next strongest class (from 0), None for none.
    margin
        How far the class is ahead of that one, as a share of itself; negative where it is behind.
    """

    row: int
    col: int
    strength: float
    share: float | None
    second: int | None
    margin: float


@dataclass(frozen=True, slots=True)
class Exemplars:
    """What is shown of one class, best first."""

    strongest: tuple[Exemplar, ...] = ()
    random: tuple[Exemplar, ...] = ()
    borderline: tuple[Exemplar, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cell with what it is ranked by: whether it is strong enough to be drawn, then the key; the largest first."""

    worth: bool
    key: float
    cell: Exemplar

    @property
    def rank(self) -> tuple[bool, float, int, int]:
        """For sorting, best first."""
        return not self.worth, -self.key, self.cell.row, self.cell.col


@dataclass(frozen=True, slots=True)
class Candidates:
    """The best cells of one block, for each kind."""

    strongest: tuple[Candidate, ...] = ()
    random: tuple[Candidate, ...] = ()
    borderline: tuple[Candidate, ...] = ()


def candidates(
    strength: NDArray[np.floating[Any]],
    state: NDArray[np.uint8],
    residual: NDArray[np.floating[Any]] | None,
    *,
    index: int,
    corner: tuple[int, int],
    scale: float,
    gram: NDArray[np.float64],
    apart: tuple[int, int],
    count: int,
    seed: int,
) -> Candidates:
    """The best cells of one block.

    Parameters
    ----------
    strength
        (K, h, w) weights over the declared scale.
    state, residual
        (h, w).
    index
        The class, from 0.
    corner
        Row and column of the block's first cell.
    scale
        The weight that is strength 1.
    gram
        G = HHᵀ (K, K), rows of H of unit length.
    apart
        Rows and columns that exemplars must lie apart.
    count
        How many are wanted of each kind.
    seed
        Of the random ones.
    """
    own = strength[index].astype(np.float64)
    here = (state == COMPUTED) & (own > 0)
    if not here.any():
        return Candidates()
    cells = _Cells(strength, residual, index, corner, scale, gram)
    wins = here & (own >= strength.max(axis=0))
    keep = _SPARE * count
    share = np.where(here, cells.share(here), -1.0)
    margin = cells.margin
    near = np.where(wins & cells.has_second, 1 - margin, -1.0)
    return Candidates(
        _spaced(cells, share, here, apart, keep),
        _drawn(cells, wins, seed, count),
        _spaced(cells, near, near >= 0, apart, keep),
    )


def chosen(blocks: Iterable[Candidates], apart: tuple[int, int], count: int) -> Exemplars:
    """The best of all blocks, `count` of each kind at most."""
    found = list(blocks)
    return Exemplars(
        _best([one for block in found for one in block.strongest], apart, count),
        _best([one for block in found for one in block.random], (1, 1), count),
        _best([one for block in found for one in block.borderline], apart, count),
    )


class _Cells:
    """One block seen from one class."""

    def __init__(
        self,
        strength: NDArray[np.floating[Any]],
        residual: NDArray[np.floating[Any]] | None,
        index: int,
        corner: tuple[int, int],
        scale: float,
        gram: NDArray[np.float64],
    ) -> None:
        self.strength, self.residual, self.index = strength.astype(np.float64), residual, index
        self.corner, self.scale, self.gram = corner, scale, gram
        self.own = self.strength[index]
        others = self.strength.copy()
        others[index] = -1
        self.second = others.argmax(axis=0)
        self._next = np.maximum(np.take_along_axis(others, self.second[None], axis=0)[0], 0)
        self.has_second: NDArray[np.bool_] = self._next > 0
        self.margin = np.divide(self.own - self._next, self.own, out=np.zeros_like(self.own), where=self.own > 0)
        self._share = np.full(self.own.shape, np.nan)

    def share(self, here: NDArray[np.bool_]) -> NDArray[np.float64]:
        """W²/q (h, w) of some cells; what can't be known comes last."""
        weights = self.strength[:, here] * self.scale
        residual = np.zeros(weights.shape[1]) if self.residual is None else self.residual[here].astype(np.float64)
        square, _ = feature_square(weights, residual, self.gram)
        known = square > 0
        self._share[here] = np.where(known, weights[self.index] ** 2 / np.where(known, square, 1), np.nan)
        return np.nan_to_num(self._share, nan=0.0)

    def at(self, row: int, col: int) -> Exemplar:
        """A cell of the block."""
        share = float(self._share[row, col])
        return Exemplar(
            self.corner[0] + row, self.corner[1] + col, float(self.own[row, col]),
            None if np.isnan(share) else min(share, 1.0),
            int(self.second[row, col]) if self.has_second[row, col] else None, float(self.margin[row, col]),
        )  # fmt: skip


def _spaced(
    cells: _Cells, key: NDArray[np.float64], allowed: NDArray[np.bool_], apart: tuple[int, int], count: int
) -> tuple[Candidate, ...]:
    """The cells of a block with the largest keys, apart from one another."""
    worth = cells.own >= WORTH
    rank = np.where(allowed, key + 10.0 * worth, -np.inf)
    found: list[Candidate] = []
    while len(found) < count and rank.max() > -np.inf:
        row, col = (int(place) for place in np.unravel_index(int(rank.argmax()), rank.shape))
        found.append(Candidate(bool(worth[row, col]), float(key[row, col]), cells.at(row, col)))
        rank[_around(row, apart[0]), _around(col, apart[1])] = -np.inf
    return tuple(found)


def _around(place: int, apart: int) -> slice:
    return slice(max(0, place - apart + 1), place + apart)


def _drawn(cells: _Cells, wins: NDArray[np.bool_], seed: int, count: int) -> tuple[Candidate, ...]:
    """Cells drawn by a number that depends on nothing but their place, the class and the seed."""
    rows, cols = np.nonzero(wins)
    place = (rows + cells.corner[0]).astype(np.uint64) << np.uint64(32) | (cols + cells.corner[1]).astype(np.uint64)
    keys = _scrambled(place ^ _scrambled(np.array([seed * 64 + cells.index], np.uint64)))
    first = np.argsort(keys, kind="stable")[:count]
    return tuple(Candidate(True, -float(keys[at]), cells.at(int(rows[at]), int(cols[at]))) for at in first)


def _scrambled(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each number to one that looks like chance (SplitMix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        z = values + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _best(found: Sequence[Candidate], apart: tuple[int, int], count: int) -> tuple[Exemplar, ...]:
    kept: list[Exemplar] = []
    for one in sorted(found, key=lambda candidate: candidate.rank):
        cell = one.cell
        if all(abs(cell.row - other.row) >= apart[0] or abs(cell.col - other.col) >= apart[1] for other in kept):
            kept.append(cell)
        if len(kept) == count:
            break
    return tuple(kept)
