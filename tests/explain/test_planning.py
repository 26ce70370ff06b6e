"""The fixed order of patches, and which of them reach into a block."""

from __future__ import annotations

import numpy as np
import pytest

from wsiview.explain.planning import patch_plan
from wsiview.geometry import Size
from wsiview.tiling.patch_grid import patch_grid


@pytest.mark.parametrize(("patch", "step", "trim", "block"), [(96, 48, 1, 64), (512, 256, 2, 64), (512, 64, 2, 16)])
def test_patches_reaching_into_a_block_are_those_whose_cells_lie_in_it(
    patch: int, step: int, trim: int, block: int
) -> None:
    grid = patch_grid(Size(6000, 5000), patch, step, trim, (16, 16), (8.0, 8.0))
    kept = np.random.default_rng(0).random((grid.n_rows, grid.n_cols)) < 0.4
    plan = patch_plan(grid, kept, 16, block)
    assert plan.n_patches == kept.sum()
    cells = [grid.trimmed_cells(int(r), int(c)) for r, c in zip(plan.rows, plan.cols, strict=True)]
    covered = np.zeros(plan.shape, bool)
    for row, col, height, width in cells:
        covered[row : row + height, col : col + width] = True
    assert np.array_equal(covered, plan.covered())
    for block_row in range(plan.block_grid[0]):
        for block_col in range(plan.block_grid[1]):
            top, left = block_row * block, block_col * block
            expected = [
                index
                for index, (row, col, height, width) in enumerate(cells)
                if row < top + block and row + height > top and col < left + block and col + width > left
            ]
            assert plan.reaching(block_row, block_col).tolist() == expected


def test_the_patches_of_a_block_stand_together_and_every_patch_belongs_to_one() -> None:
    grid = patch_grid(Size(4000, 3000), 96, 48, 1, (16, 16), (8.0, 8.0))
    plan = patch_plan(grid, np.ones((grid.n_rows, grid.n_cols), bool), 16, 64)
    owned = [i for row in range(plan.block_grid[0]) for col in range(plan.block_grid[1]) for i in plan.own(row, col)]
    assert owned == list(range(plan.n_patches))
    for index in range(plan.n_patches):
        block = plan.cell_rows[index] // 64, plan.cell_cols[index] // 64
        assert index in plan.own(int(block[0]), int(block[1]))
