"""Planning: which patches of a slide are computed, in which batches, and which blocks of cells they fill."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.tiling.patch_grid import PatchGrid

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class PatchPlan:
    """The kept patches of one slide, in the fixed order in which they are batched.

    Each patch belongs to the block that holds its first trimmed cell, and the patches of a block stand together,
    so that the patches that reach into a block from outside come from its left and upper neighbours alone.

    Attributes
    ----------
    rows, cols
        Place of each patch in the patch grid, (n,).
    cell_rows, cell_cols
        Its first trimmed cell, (n,).
    side
        Rows and columns of a patch's trimmed cells.
    shape
        Rows and columns of cells on the slide.
    block
        Cells on a side of a block.
    first_patch
        Where each block's own patches start, (blocks + 1,), blocks row by row.
    """

    rows: Indices
    cols: Indices
    cell_rows: Indices
    cell_cols: Indices
    side: tuple[int, int]
    shape: tuple[int, int]
    block: int
    first_patch: Indices

    @property
    def n_patches(self) -> int:
        """How many patches are computed."""
        return len(self.rows)

    @property
    def block_grid(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        return -(-self.shape[0] // self.block), -(-self.shape[1] // self.block)

    def own(self, block_row: int, block_col: int) -> range:
        """The patches whose first trimmed cell lies in the block."""
        index = block_row * self.block_grid[1] + block_col
        return range(int(self.first_patch[index]), int(self.first_patch[index + 1]))

    def reaching(self, block_row: int, block_col: int) -> Indices:
        """All patches with a trimmed cell in the block, in ascending order (the order of every sum)."""
        back = -(-(max(self.side) - 1) // self.block)
        near = [
            np.arange(own.start, own.stop)
            for row in range(max(0, block_row - back), block_row + 1)
            for col in range(max(0, block_col - back), block_col + 1)
            if (own := self.own(row, col))
        ]
        if not near:
            return np.zeros(0, np.int64)
        patches = np.concatenate(near)
        top, left = block_row * self.block, block_col * self.block
        reaches = (self.cell_rows[patches] + self.side[0] > top) & (self.cell_cols[patches] + self.side[1] > left)
        return patches[reaches]

    def covered(self) -> NDArray[np.bool_]:
        """Cells that any kept patch covers with its trimmed part, (rows, cols)."""
        # A difference array: each patch adds one at two corners of its square and takes it off at the others.
        steps = np.zeros((self.shape[0] + 1, self.shape[1] + 1), np.int32)
        bottom = np.minimum(self.cell_rows + self.side[0], self.shape[0])
        right = np.minimum(self.cell_cols + self.side[1], self.shape[1])
        np.add.at(steps, (self.cell_rows, self.cell_cols), 1)
        np.add.at(steps, (bottom, self.cell_cols), -1)
        np.add.at(steps, (self.cell_rows, right), -1)
        np.add.at(steps, (bottom, right), 1)
        return np.asarray(steps.cumsum(0, dtype=np.int32).cumsum(1, dtype=np.int32)[:-1, :-1] > 0)


def patch_plan(grid: PatchGrid, kept: NDArray[np.bool_], batch: int, block: int) -> PatchPlan:
    """Order the kept patches (rows, cols of the patch grid) by block, and inside a block by compact batches."""
    rows, cols = (index.astype(np.int64) for index in np.nonzero(kept))
    cell_rows, cell_cols = rows * grid.step_cells[1], cols * grid.step_cells[0]
    shape = grid.cells.rows, grid.cells.cols
    block_cols = -(-shape[1] // block)
    blocks = cell_rows // block * block_cols + cell_cols // block
    compact = max(1, int(np.sqrt(batch)))
    order = np.lexsort((cols, rows, cols // compact, rows // compact, blocks))
    n_blocks = -(-shape[0] // block) * block_cols
    first = np.searchsorted(blocks[order], np.arange(n_blocks + 1)).astype(np.int64)
    side = grid.trimmed[1], grid.trimmed[0]
    return PatchPlan(
        rows[order], cols[order], cell_rows[order], cell_cols[order], side, shape, block, first
    )  # fmt: skip
