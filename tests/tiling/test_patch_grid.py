"""Patches and cells."""

from __future__ import annotations

import numpy as np
import pytest

from wsiview.errors import UsageError
from wsiview.geometry import Region, Size
from wsiview.tiling import PatchGrid, TissueMask, patch_grid

_VGG = {"stride": (16, 16), "centre": (8.0, 8.0)}
_GRIDS = [
    (Size(1140, 1524), 96, 48, 1, (16, 16), (8.0, 8.0)),
    (Size(3000, 2001), 512, 256, 2, (16, 16), (8.0, 8.0)),
    (Size(900, 1700), 224, 96, 1, (32, 32), (0.5, 0.5)),
    (Size(16, 16), 96, 48, 0, (16, 16), (8.0, 8.0)),
    (Size(777, 555), 224, 224, 0, (32, 32), (0.5, 0.5)),
]


@pytest.mark.parametrize(("size", "patch", "step", "trim", "stride", "centre"), _GRIDS)
def test_trimmed_patches_cover_every_cell_where_their_locations_are(
    size: Size, patch: int, step: int, trim: int, stride: tuple[int, int], centre: tuple[float, float]
) -> None:
    grid = patch_grid(size, patch, step, trim, stride, centre)
    cover = np.zeros((grid.cells.rows, grid.cells.cols), int)
    for row in range(grid.n_rows):
        for col in range(grid.n_cols):
            row0, col0, rows, cols = grid.trimmed_cells(row, col)
            assert rows > 0
            assert cols > 0
            cover[row0 : row0 + rows, col0 : col0 + cols] += 1
            x, y = grid.origin(row, col)
            assert x + (trim * stride[0]) + centre[0] == centre[0] + col0 * stride[0]
            assert y + (trim * stride[1]) + centre[1] == centre[1] + row0 * stride[1]
    assert cover.min() >= 1
    last_x = centre[0] + (grid.cells.cols - 1) * stride[0]
    assert last_x < size.width <= last_x + stride[0]


@pytest.mark.parametrize(("centre", "corner"), [((8.0, 8.0), 0.0), ((0.5, 0.5), -31.0)])
def test_a_cell_is_centred_on_its_receptive_field(centre: tuple[float, float], corner: float) -> None:
    stride = 16 if centre[0] == 8.0 else 32
    grid = patch_grid(Size(900, 900), 224, 96, 1, (stride, stride), centre)
    affine = grid.cells.cell_to_level0((2.0, 3.0))
    assert affine.apply(0, 0)[0] == (0.0 if corner == 0 else -15.5 * 2)
    x, y = affine.apply(7.5, 4.5)
    assert (x, y) == ((centre[0] + 7 * stride) * 2.0, (centre[1] + 4 * stride) * 3.0)


def test_contradictions_are_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match="--stride 48"):
        patch_grid(Size(900, 900), 96, 50, 1, **_VGG)
    with pytest.raises(UsageError, match="gaps"):
        patch_grid(Size(900, 900), 96, 96, 1, **_VGG)
    with pytest.raises(UsageError, match="gaps"):
        patch_grid(Size(900, 900), 96, 16, 3, **_VGG)


def test_the_label_region_is_the_central_square_in_level_0_pixels() -> None:
    grid = patch_grid(Size(3000, 2001), 512, 256, 2, **_VGG)
    assert grid.origin(0, 0) == (-32, -32)
    assert grid.label_region(1, 2, 256, (2.0, 4.0)) == Region((480 + 128) * 2, (224 + 128) * 4, 512, 1024)


def test_the_patches_of_a_block_are_those_that_touch_it() -> None:
    grid = patch_grid(Size(3000, 2001), 512, 256, 2, **_VGG)
    touching = []
    for row in range(grid.n_rows):
        for col in range(grid.n_cols):
            row0, col0, rows, cols = grid.trimmed_cells(row, col)
            if row0 < 64 + 20 and row0 + rows > 64 and col0 < 30 + 64 and col0 + cols > 30:
                touching.append((row, col))
    first_row, first_col, rows, cols = grid.patches_of_cells(64, 30, 20, 64)
    assert touching == [(first_row + r, first_col + c) for r in range(rows) for c in range(cols)]


def _mask(rows: int, cols: int, scale: float) -> TissueMask:
    return TissueMask(np.zeros((rows, cols), bool), np.zeros((rows, cols), bool), (scale, scale))


def test_a_patch_is_kept_for_the_tissue_of_its_central_square() -> None:
    grid = patch_grid(Size(2048, 2048), 512, 256, 2, **_VGG)
    mask = _mask(256, 256, 16.0)  # a slide of twice the virtual size
    x, y, side = (grid.origin(3, 4)[0] + 128) * 2, (grid.origin(3, 4)[1] + 128) * 2, 512
    mask.mask[y // 16 : (y + side) // 16, x // 16 : (x + 64) // 16] = True
    share = grid.tissue_share(mask, (2.0, 2.0))
    assert share[3, 4] == pytest.approx(0.125)
    assert share.sum() == pytest.approx(0.125)
    assert grid.kept(mask, (2.0, 2.0), 0.1).sum() == 1
    assert grid.kept(mask, (2.0, 2.0), 0.13).sum() == 0


def test_half_a_million_patches_are_sorted_at_once() -> None:
    grid: PatchGrid = patch_grid(Size(52_592 * 2, 110_886), 512, 128, 2, **_VGG)
    mask = _mask(1733, 1643, 64.0)
    mask.mask[100:800, 300:900] = True
    kept = grid.kept(mask, (1.0, 1.0), 0.1)
    assert kept.shape == (grid.n_rows, grid.n_cols)
    assert len(grid) > 500_000
    assert 0.1 < kept.mean() < 0.2


@pytest.mark.parametrize(("size", "patch", "step", "trim", "stride", "centre"), _GRIDS)
def test_any_cells_can_be_asked_for_being_covered(
    size: Size, patch: int, step: int, trim: int, stride: tuple[int, int], centre: tuple[float, float]
) -> None:
    grid = patch_grid(size, patch, step, trim, stride, centre)
    mask = _mask(-(-size.height // 8), -(-size.width // 8), 8.0)
    mask.mask[np.random.default_rng(1).random(mask.mask.shape) < 0.002] = True
    covered = np.zeros((grid.cells.rows, grid.cells.cols), bool)
    for row, col in np.argwhere(grid.kept(mask, (1.0, 1.0), 0.001)).tolist():
        row0, col0, rows, cols = grid.trimmed_cells(row, col)
        covered[row0 : row0 + rows, col0 : col0 + cols] = True
    rows, cols = np.arange(grid.cells.rows), np.arange(1, grid.cells.cols, 3)
    assert np.array_equal(grid.covers(mask, (1.0, 1.0), 0.001, rows, cols), covered[:, 1::3])
    beyond = np.array([-1, grid.cells.rows])
    assert not grid.covers(mask, (1.0, 1.0), 0.001, beyond, np.arange(grid.cells.cols)).any()
