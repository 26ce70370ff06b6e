"""Patch grid: where patches lie on a virtual level, and the grid of cells that their trimmed locations fill."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.errors import UsageError
from wsiview.geometry import Affine, Region, Size
from wsiview.tiling.tissue import TissueMask

Part = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Rows and columns of patches."""


@dataclass(frozen=True, slots=True)
class CellGrid:
    """One cell for each feature location of a slide; a cell is centred on its location's receptive field.

    Attributes
    ----------
    rows, cols
        All cells whose centre is on the slide (at least one).
    stride
        Virtual pixels per cell, (x, y).
    centre
        Centre of cell (0, 0) in continuous virtual pixels, (x, y).
    """

    rows: int
    cols: int
    stride: tuple[int, int]
    centre: tuple[float, float]

    def cell_to_level0(self, scale: tuple[float, float]) -> Affine:
        """From (col, row) to the level-0 position of that cell's corner; `scale` is level-0 px per virtual px."""
        corner_x, corner_y = self.centre[0] - self.stride[0] / 2, self.centre[1] - self.stride[1] / 2
        return Affine.scaling(
            self.stride[0] * scale[0], self.stride[1] * scale[1], corner_x * scale[0], corner_y * scale[1]
        )


@dataclass(frozen=True, slots=True)
class PatchGrid:
    """Patches at equal steps, the first one `trim` locations to the left of and above the slide.

    Attributes
    ----------
    n_rows, n_cols
        Patches on each axis; together their trimmed locations cover every cell.
    patch, step
        Side and step in virtual pixels.
    trim
        Locations left out on each side of a patch.
    locations
        Feature locations of a whole patch, (x, y).
    cells
        The slide's cells.
    """

    n_rows: int
    n_cols: int
    patch: int
    step: int
    trim: int
    locations: tuple[int, int]
    cells: CellGrid

    def __len__(self) -> int:
        """All patches, tissue or not."""
        return self.n_rows * self.n_cols

    def origin(self, row: int, col: int) -> tuple[int, int]:
        """Top left corner (x, y) of a patch in virtual pixels; may be negative."""
        stride_x, stride_y = self.cells.stride
        return col * self.step - self.trim * stride_x, row * self.step - self.trim * stride_y

    def origins(self, rows: NDArray[np.integer], cols: NDArray[np.integer]) -> NDArray[np.int64]:
        """Top left corners (n, 2) as x, y of many patches in virtual pixels."""
        stride_x, stride_y = self.cells.stride
        xs = np.asarray(cols, np.int64) * self.step - self.trim * stride_x
        ys = np.asarray(rows, np.int64) * self.step - self.trim * stride_y
        return np.stack([xs, ys], axis=-1)

    @property
    def trimmed(self) -> tuple[int, int]:
        """Locations of a patch after trimming, (x, y)."""
        return self.locations[0] - 2 * self.trim, self.locations[1] - 2 * self.trim

    @property
    def step_cells(self) -> tuple[int, int]:
        """Cells between neighbouring patches, (x, y)."""
        return self.step // self.cells.stride[0], self.step // self.cells.stride[1]

    def trimmed_cells(self, row: int, col: int) -> tuple[int, int, int, int]:
        """The cells that a patch's trimmed locations fill: (first row, first col, rows, cols), clipped to the slide.

        Cell (first row + i, first col + j) is the patch's location (trim + i, trim + j).
        """
        row0, col0 = row * self.step_cells[1], col * self.step_cells[0]
        n_rows = min(self.trimmed[1], self.cells.rows - row0)
        n_cols = min(self.trimmed[0], self.cells.cols - col0)
        return row0, col0, max(0, n_rows), max(0, n_cols)

    def patches_of_cells(self, row0: int, col0: int, rows: int, cols: int) -> tuple[int, int, int, int]:
        """The patches whose trimmed locations touch a block of cells: (first row, first col, rows, cols)."""
        first_row, last_row = self._covering(row0, rows, 1, self.n_rows)
        first_col, last_col = self._covering(col0, cols, 0, self.n_cols)
        return first_row, first_col, last_row - first_row, last_col - first_col

    def _covering(self, first_cell: int, n_cells: int, axis: int, n_patches: int) -> tuple[int, int]:
        step, trimmed = self.step_cells[axis], self.trimmed[axis]
        first = max(0, -(-(first_cell - trimmed + 1) // step))
        return first, max(first, min(n_patches, (first_cell + n_cells - 1) // step + 1))

    def label_region(self, row: int, col: int, side: int, scale: tuple[float, float]) -> Region:
        """The central square of `side` virtual pixels, of which a patch's prediction speaks, in level-0 pixels."""
        x, y = self.origin(row, col)
        inset = (self.patch - side) / 2
        return Region((x + inset) * scale[0], (y + inset) * scale[1], side * scale[0], side * scale[1])

    def tissue_share(
        self, mask: TissueMask, scale: tuple[float, float], part: Part | None = None
    ) -> NDArray[np.float64]:
        """Tissue share (n_rows, n_cols) of each patch's central step × step area; off the slide counts as none.

        `part` picks rows and columns of patches.
        """
        rows, cols = part or (np.arange(self.n_rows), np.arange(self.n_cols))
        corners = self.origins(*np.meshgrid(rows, cols, indexing="ij")) + (self.patch - self.step) / 2
        x0 = (corners[..., 0] * scale[0]).astype(np.float64)
        y0 = (corners[..., 1] * scale[1]).astype(np.float64)
        return mask.share(x0, y0, x0 + self.step * scale[0], y0 + self.step * scale[1])

    def kept(
        self, mask: TissueMask, scale: tuple[float, float], min_tissue: float, part: Part | None = None
    ) -> NDArray[np.bool_]:
        """Which patches (n_rows, n_cols) hold enough tissue; `scale` is level-0 per virtual pixel, (x, y).

        Where any of it is unreadable a patch is kept as well: it is then tried and counted, not passed over.
        `part` picks rows and columns of patches.
        """
        kept: NDArray[np.bool_] = self.tissue_share(mask, scale, part) >= min_tissue - 1e-9
        if mask.unreadable.any():
            kept |= self.tissue_share(TissueMask(mask.unreadable, mask.unreadable, mask.scale), scale, part) > 1e-9
        return kept

    def covers(
        self,
        mask: TissueMask,
        scale: tuple[float, float],
        min_tissue: float,
        cell_rows: NDArray[np.int64],
        cell_cols: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Which of the cells at these rows and columns the kept patches cover, (rows, cols); none off the slide."""
        rows, of_row = self._patches_over(cell_rows, 1)
        cols, of_col = self._patches_over(cell_cols, 0)
        kept = np.zeros((len(rows) + 1, len(cols) + 1), bool)  # the last stands for no patch
        kept[:-1, :-1] = self.kept(mask, scale, min_tissue, (rows, cols))
        down = np.logical_or.reduce(kept[of_row], axis=1)
        return np.asarray(np.logical_or.reduce(down[:, of_col], axis=2), bool)

    def _patches_over(self, cells: NDArray[np.int64], axis: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Patches over some cells of an axis, and for each cell (n, m) which of those, one past the end for none."""
        step, trimmed = self.step_cells[axis], self.trimmed[axis]
        count, patches = (self.cells.cols, self.n_cols) if axis == 0 else (self.cells.rows, self.n_rows)
        over = cells[:, None] // step - np.arange(-(-trimmed // step))[None, :]
        there = (over >= 0) & (over < patches) & (cells[:, None] - over * step < trimmed)
        there &= ((cells >= 0) & (cells < count))[:, None]
        wanted = np.unique(over[there])
        return wanted, np.where(there, np.searchsorted(wanted, over), len(wanted))


def patch_grid(
    size: Size,
    patch: int,
    step: int,
    trim: int,
    stride: tuple[int, int],
    centre: tuple[float, float],
    locations: tuple[int, int] | None = None,
) -> PatchGrid:
    """Lay patches over a virtual level so that every cell is covered.

    Parameters
    ----------
    size
        Of the virtual level.
    patch, step
        Side of a patch and distance between patches, in virtual pixels.
    trim
        Locations left out on each side.
    stride, centre
        Virtual pixels between locations and centre of location (0, 0), (x, y), as the layer's probe found them.
    locations
        Feature locations of one patch, (x, y); by default patch // stride.

    Raises
    ------
    UsageError
        If the step is no multiple of the stride, or trimmed patches would leave a gap.
    """
    if locations is None:
        locations = patch // stride[0], patch // stride[1]
    for axis in (0, 1):
        _check_axis(patch, step, trim, stride[axis], locations[axis])
    cols = max(1, math.ceil((size.width - centre[0]) / stride[0]))
    rows = max(1, math.ceil((size.height - centre[1]) / stride[1]))
    cells = CellGrid(rows, cols, stride, centre)
    n_cols = _patches(cols, step // stride[0], locations[0] - 2 * trim)
    n_rows = _patches(rows, step // stride[1], locations[1] - 2 * trim)
    return PatchGrid(n_rows, n_cols, patch, step, trim, locations, cells)


def _check_axis(patch: int, step: int, trim: int, stride: int, locations: int) -> None:
    if patch < 1 or step < 1 or trim < 0:
        raise UsageError(f"patch {patch} and stride {step} must be at least 1 and trim {trim} at least 0; change them")
    if step % stride:
        near = max(stride, round(step / stride) * stride)
        raise UsageError(
            f"a patch stride of {step} px is no multiple of the layer's {stride} px; use --stride {near}, say"
        )
    trimmed = locations - 2 * trim
    if trimmed < 1 or trimmed * stride < step:
        raise UsageError(
            f"patches of {patch} px trimmed by {trim} locations leave gaps at a stride of {step} px; "
            "use a smaller --stride or --trim"
        )


def _patches(cells: int, step_cells: int, trimmed: int) -> int:
    """The fewest patches whose trimmed locations reach the last cell."""
    return -(-max(0, cells - trimmed) // step_cells) + 1
