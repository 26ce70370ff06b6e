"""Lattice: windows on one slide-wide grid of cells, each with a halo, so that no padding reaches a cell."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOW = 1024  # pixels on a side of a window, about, without its halo


@dataclass(frozen=True, slots=True)
class Cells:
    """A rectangle of cells."""

    row: int
    col: int
    rows: int
    cols: int


@dataclass(frozen=True, slots=True)
class Lattice:
    """How far a layer's locations see, and so how much a window must read around its cells; pairs are (x, y).

    Location (i, j) of an input whose corner lies at pixel (col · stride, row · stride) of the slide is the slide's
    cell (row + i, col + j): so every window agrees with every other, and with any patch, on where cells lie.

    Attributes
    ----------
    stride
        Virtual pixels between locations.
    centre
        Centre of location (0, 0)'s receptive field, from the input's corner.
    field
        Size of the receptive field.
    """

    stride: tuple[int, int]
    centre: tuple[float, float]
    field: tuple[int, int]

    @property
    def before(self) -> tuple[int, int]:
        """Locations at the start of an input that see its padding, (x, y)."""
        x, y = (max(0, math.ceil((self.field[axis] / 2 - self.centre[axis]) / self.stride[axis])) for axis in (0, 1))
        return x, y

    @property
    def side(self) -> int:
        """Cells on a side of a usual window: the power of two that comes nearest to 1024 pixels, from 1 to 64.

        So they divide the blocks of a map; where strides are small, fields are too, and small windows cost no more.
        """
        return int(2 ** min(6, max(0, round(math.log2(WINDOW / max(self.stride))))))

    def pixels(self, cells: Cells) -> tuple[int, int, int, int]:
        """What must be read for some cells, in virtual pixels: x, y, width, height, all multiples of the stride."""
        x, y = (cells.col - self.before[0]) * self.stride[0], (cells.row - self.before[1]) * self.stride[1]
        return x, y, self._length(cells.cols, 0), self._length(cells.rows, 1)

    def blemished(self, cells: Cells, damaged: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which of the cells (rows, cols) see any of the damaged pixels (height, width) of their window."""
        total = np.zeros((damaged.shape[0] + 1, damaged.shape[1] + 1), np.int64)
        total[1:, 1:] = damaged.cumsum(0, dtype=np.int64).cumsum(1)
        left, right = self._fields(cells.cols, 0, damaged.shape[1])
        top, bottom = self._fields(cells.rows, 1, damaged.shape[0])
        seen = total[np.ix_(bottom, right)] - total[np.ix_(top, right)]
        return np.asarray(seen - total[np.ix_(bottom, left)] + total[np.ix_(top, left)] > 0)

    def clean(self, patch: int) -> tuple[int, int]:
        """Locations of a patch that see none of its padding, (x, y)."""
        x, y = (self._clean(patch, axis) for axis in (0, 1))
        return x, y

    @property
    def cost(self) -> float:
        """Pixels that the network reads for each pixel of a whole window."""
        width, height = (self._length(self.side, axis) / (self.side * self.stride[axis]) for axis in (0, 1))
        return width * height

    def _length(self, cells: int, axis: int) -> int:
        end = self.centre[axis] + (self.before[axis] + cells - 1) * self.stride[axis] + self.field[axis] / 2
        return math.ceil(end / self.stride[axis]) * self.stride[axis]

    def _fields(self, cells: int, axis: int, length: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """First pixel of each cell's field in its window, and the one after its last."""
        middle = self.centre[axis] + (self.before[axis] + np.arange(cells)) * self.stride[axis]
        start, stop = np.floor(middle - self.field[axis] / 2), np.ceil(middle + self.field[axis] / 2)
        return np.clip(start, 0, length).astype(np.intp), np.clip(stop, 0, length).astype(np.intp)

    def _clean(self, patch: int, axis: int) -> int:
        last = math.floor((patch - self.field[axis] / 2 - self.centre[axis]) / self.stride[axis])
        return max(0, last - self.before[axis] + 1)
