"""Agreement is over the computed cells of exactly the part in view."""

import numpy as np
import pytest

from wsiview.analysis.cell_agreement import NO_CELLS, cell_agreement
from wsiview.geometry import Affine, Region
from wsiview.scene.agreement import map_agreement
from wsiview.scene.grids import MapGrids

SHAPE = (90, 70)


@pytest.fixture
def cells() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    weights = np.clip(random.normal(size=(2, *SHAPE)), 0, None).astype(np.float32)
    state = np.where(random.random(SHAPE) < 0.2, random.integers(0, 4, SHAPE), 2).astype(np.uint8)
    return {"weights": weights, "state": state, "influence": random.normal(size=SHAPE).astype(np.float32)}


@pytest.fixture
def grids(cells: dict[str, np.ndarray]) -> MapGrids:
    made = MapGrids(SHAPE, Affine.scaling(8, 5, 100, -40), 2, strength_scale=3.0)
    for row in range(2):
        for col in range(2):
            part = np.s_[row * 64 : row * 64 + 64, col * 64 : col * 64 + 64]
            made.put(row, col, cells["weights"][(slice(None), *part)], cells["state"][part], None,
                     {"cam": cells["influence"][part]})  # fmt: skip
    return made


@pytest.mark.parametrize(
    "region",
    [None, Region(100, -40, 560, 450), Region(331, 121, 97, 211), Region(-1e6, -1e6, 2e6, 2e6), Region(104, 0, 1, 100)],
)
def test_the_cells_whose_middle_is_in_view_count_and_no_others(
    grids: MapGrids, cells: dict[str, np.ndarray], region: Region | None
) -> None:
    inside = cells["state"] == 2
    if region is not None:
        y, x = -40 + 5 * (np.arange(90) + 0.5), 100 + 8 * (np.arange(70) + 0.5)
        rows, cols = (y >= region.y) & (y < region.bottom), (x >= region.x) & (x < region.right)
        inside &= rows[:, None] & cols[None, :]
    found = map_agreement(grids, "cam", region)
    expected = cell_agreement(cells["weights"][:, inside], cells["influence"][inside])
    assert found.n_cells == inside.sum() > 0
    for one, other in zip(found.classes, expected.classes, strict=True):
        assert one.iou.value == pytest.approx(other.iou.value, abs=1e-4)
        assert one.corr_signed.value == pytest.approx(other.corr_signed.value, abs=1e-3)
        assert one.corr_relu.value == pytest.approx(other.corr_relu.value, abs=1e-3)


def test_nothing_in_view_and_no_such_map_have_no_figures(grids: MapGrids) -> None:
    for found in (map_agreement(grids, "cam", Region(9000, 0, 10, 10)), map_agreement(grids, "other")):
        assert found.n_cells == 0
        assert [one.iou.reason for one in found.classes] == [NO_CELLS] * 2
