"""Agreement is over the computed cells of exactly the part in view."""

import numpy as np
import pytest

from wsiview.analysis.cell_agreement import NO_CELLS, cell_agreement
from wsiview.geometry import Affine, Point, Size
from wsiview.scene.agreement import map_agreement
from wsiview.scene.grids import MapGrids
from wsiview.scene.viewport import Viewport

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


VIEWS = {
    "whole map": None,
    "all of it": Viewport(Point(380, 185), 1.0, Size(900, 900)),
    "a part": Viewport(Point(379.5, 226.5), 0.5, Size(194, 422)),
    "turned": Viewport(Point(400, 150), 0.7, Size(300, 200), rotation=37.0, flipped=True),
    "one column": Viewport(Point(104.5, 50), 1.0, Size(5, 100)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_the_cells_whose_middle_is_in_view_count_and_no_others(
    grids: MapGrids, cells: dict[str, np.ndarray], name: str
) -> None:
    inside, view = cells["state"] == 2, VIEWS[name]
    for row, col in np.ndindex(SHAPE) if view is not None else ():
        x, y = view.to_device.apply(100 + 8 * (col + 0.5), -40 + 5 * (row + 0.5))
        inside[row, col] &= 0 <= x < view.size.width and 0 <= y < view.size.height
    found = map_agreement(grids, "cam", view)
    expected = cell_agreement(cells["weights"][:, inside], cells["influence"][inside])
    assert found.n_cells == inside.sum() > 0
    for one, other in zip(found.classes, expected.classes, strict=True):
        assert one.iou.value == pytest.approx(other.iou.value, abs=1e-4)
        assert one.corr_signed.value == pytest.approx(other.corr_signed.value, abs=1e-3)
        assert one.corr_relu.value == pytest.approx(other.corr_relu.value, abs=1e-3)


def test_nothing_in_view_and_no_such_map_have_no_figures(grids: MapGrids) -> None:
    elsewhere = Viewport(Point(9000, 0), 1.0, Size(10, 10))
    for found in (map_agreement(grids, "cam", elsewhere), map_agreement(grids, "other")):
        assert found.n_cells == 0
        assert [one.iou.reason for one in found.classes] == [NO_CELLS] * 2
