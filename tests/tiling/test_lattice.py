"""Windows of a lattice: they read what their cells see, hold every covered cell once, and know what damage reaches."""

from __future__ import annotations

import numpy as np
import pytest

from wsiview.tiling.lattice import Cells, Lattice

VGG16 = Lattice((16, 16), (8.0, 8.0), (196, 196))
RESNET18 = Lattice((32, 32), (0.5, 0.5), (435, 435))
UNPADDED = Lattice((16, 16), (15.5, 15.5), (207, 207))
UNEVEN = Lattice((2, 1), (2.5, 0.5), (5, 3))


@pytest.mark.parametrize("lattice", [VGG16, RESNET18, UNPADDED, UNEVEN])
def test_a_window_reads_just_what_its_cells_see(lattice: Lattice) -> None:
    cells = Cells(7, 11, 5, 3)
    x, y, width, height = lattice.pixels(cells)
    for axis, (start, length, first, count) in enumerate([(x, width, 11, 3), (y, height, 7, 5)]):
        stride, centre, field = lattice.stride[axis], lattice.centre[axis], lattice.field[axis]
        seen_from = centre + first * stride - field / 2
        seen_to = centre + (first + count - 1) * stride + field / 2
        assert start % stride == length % stride == 0
        assert start <= seen_from < start + stride
        assert start + length - stride < seen_to <= start + length


def test_the_sides_of_windows_are_about_a_thousand_pixels_and_divide_blocks() -> None:
    assert [Lattice((s, s), (s / 2, s / 2), (s, s)).side for s in (1, 8, 14, 16, 32, 64, 2048)] == [
        64, 64, 64, 64, 32, 16, 1
    ]  # fmt: skip
    assert VGG16.cost == pytest.approx((1216 / 1024) ** 2)
    assert VGG16.clean(512) == (20, 20)
    assert VGG16.clean(96) == (0, 0)
    assert RESNET18.clean(1024) == (19, 19)


@pytest.mark.parametrize("lattice", [VGG16, UNEVEN])
def test_damage_reaches_the_cells_whose_field_holds_it(lattice: Lattice) -> None:
    cells = Cells(0, 0, 6, 9)
    _, _, width, height = lattice.pixels(cells)
    damaged = np.zeros((height, width), bool)
    row, col = height // 2, width // 3
    damaged[row, col] = True
    found = lattice.blemished(cells, damaged)
    for i in range(cells.rows):
        for j in range(cells.cols):
            middle_x = lattice.centre[0] + (lattice.before[0] + j) * lattice.stride[0]
            middle_y = lattice.centre[1] + (lattice.before[1] + i) * lattice.stride[1]
            away = abs(col + 0.5 - middle_x) / lattice.field[0], abs(row + 0.5 - middle_y) / lattice.field[1]
            assert found[i, j] == (max(away) < 0.5)
    assert found.any()
