"""Sampling: which cell each screen pixel shows, exactly and without smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.scene.grids import MapGrids
from wsiview.scene.visible_tiles import Window


@dataclass(frozen=True, slots=True, eq=False)
class Sampling:
    """The cells (rows, cols) that a window shows, each once, and for every pixel row and column which of them."""

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    row_of: NDArray[np.intp]
    col_of: NDArray[np.intp]

    @classmethod
    def of(cls, grids: MapGrids, window: Window) -> Sampling:
        """A pixel shows the cell under its centre; where cells are smaller than pixels, the others are left out."""
        to, step = grids.cell_to_level0, window.downsample
        x = (np.arange(window.x, window.x + window.width) + 0.5) * step
        y = (np.arange(window.y, window.y + window.height) + 0.5) * step
        rows, row_of = np.unique(np.floor((y - to.ty) / to.d).astype(np.int64), return_inverse=True)
        cols, col_of = np.unique(np.floor((x - to.tx) / to.a).astype(np.int64), return_inverse=True)
        return cls(rows, cols, row_of, col_of)

    def spread(self, cells: NDArray[Any]) -> NDArray[Any]:
        """From cells (rows, cols, …) to pixels (h, w, …)."""
        return np.take(np.take(cells, self.row_of, axis=0), self.col_of, axis=1)
