"""Windows: every covered cell once, large through solid tissue, small along its border."""

from __future__ import annotations

import numpy as np
import pytest

from wsiview.tiling.lattice import Cells, Lattice
from wsiview.tiling.windows import windows

VGG16 = Lattice((16, 16), (8.0, 8.0), (196, 196))
RESNET18 = Lattice((32, 32), (0.5, 0.5), (435, 435))


def read(lattice: Lattice, found: list[Cells]) -> int:
    """Pixels that the windows read."""
    return sum(width * height for _, _, width, height in map(lattice.pixels, found))


@pytest.mark.parametrize("lattice", [VGG16, RESNET18])
def test_windows_hold_every_covered_cell_once(lattice: Lattice) -> None:
    covered = np.random.default_rng(0).random((130, 50)) < 0.002
    covered[40:, :20] = True
    count = np.zeros(covered.shape, int)
    found = list(windows(lattice, covered, 64))
    for one in found:
        part = count[one.row : one.row + one.rows, one.col : one.col + one.cols]
        assert part.shape == (one.rows, one.cols)
        assert max(part.shape) <= 64
        assert one.row // 64 == (one.row + one.rows - 1) // 64
        part += 1
    assert count.max() == 1
    assert (count[covered] == 1).all()
    assert list(windows(lattice, np.zeros((64, 64), bool), 64)) == []


def test_solid_tissue_is_one_window_and_what_lies_apart_is_cut() -> None:
    covered = np.zeros((128, 128), bool)
    covered[3:100, 5:120] = True
    assert list(windows(VGG16, covered, 128)) == [Cells(3, 5, 97, 115)]
    corner = np.zeros((128, 128), bool)
    corner[:80, :30] = corner[80:, 60:] = True
    found = list(windows(VGG16, corner, 128))
    assert found == [Cells(0, 0, 80, 30), Cells(80, 60, 48, 68)]
    assert read(VGG16, found) < read(VGG16, [Cells(0, 0, 128, 128)]) / 2
    # Nothing is cut whose halves would read more than the whole does.
    notched = covered.copy()
    notched[3:6, 5:8] = False
    assert list(windows(VGG16, notched, 128)) == [Cells(3, 5, 97, 115)]
