"""Windows: rectangles that hold all covered cells of an area, cut so that little is read beside them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from wsiview.tiling.lattice import Cells, Lattice


def windows(lattice: Lattice, covered: NDArray[np.bool_], side: int) -> Iterator[Cells]:
    """Windows of at most `side` cells a side that hold each covered cell (rows, cols) once, and lie apart.

    The area is cut from edge to edge, again and again, as long as that makes the pixels fewer that must be read:
    through solid tissue windows are large, for the sake of their halo, and along its border they are small. The cuts
    depend on what is covered alone, so whoever asks for an area has the same windows of it.
    """
    for top in range(0, covered.shape[0], side):
        for left in range(0, covered.shape[1], side):
            part = covered[top : top + side, left : left + side]
            for one in _cut(lattice, part, _shrunk(part, 0, 0)):
                yield Cells(top + one.row, left + one.col, one.rows, one.cols)


def _cut(lattice: Lattice, covered: NDArray[np.bool_], whole: Cells | None) -> Iterator[Cells]:
    if whole is None:
        return
    there = covered[whole.row : whole.row + whole.rows, whole.col : whole.col + whole.cols]
    least, best = _pixels(lattice, whole), None
    for halves in _halves(there):
        parts = [_shrunk(there[rows, cols], rows.start, cols.start) for rows, cols in halves]
        pixels = sum(0 if part is None else _pixels(lattice, part) for part in parts)
        if pixels < least:
            least, best = pixels, parts
    if best is None:
        yield whole
        return
    for part in best:
        for one in _cut(lattice, there, part):
            yield Cells(whole.row + one.row, whole.col + one.col, one.rows, one.cols)


def _halves(there: NDArray[np.bool_]) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Both sides of every cut that can save anything: where one row or column differs from the next."""
    rows, cols = there.shape
    for row in np.flatnonzero((there[1:] != there[:-1]).any(axis=1)) + 1:
        yield (slice(0, row), slice(0, cols)), (slice(row, rows), slice(0, cols))
    for col in np.flatnonzero((there[:, 1:] != there[:, :-1]).any(axis=0)) + 1:
        yield (slice(0, rows), slice(0, col)), (slice(0, rows), slice(col, cols))


def _shrunk(covered: NDArray[np.bool_], row: int, col: int) -> Cells | None:
    """The smallest rectangle around what is covered, whose corner is at (row, col); None for nothing."""
    rows, cols = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    if not len(rows):
        return None
    top, left = int(rows[0]), int(cols[0])
    return Cells(row + top, col + left, int(rows[-1]) - top + 1, int(cols[-1]) - left + 1)


def _pixels(lattice: Lattice, cells: Cells) -> int:
    _, _, width, height = lattice.pixels(cells)
    return width * height
