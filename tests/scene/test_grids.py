"""Grids: what a map holds can be asked for, cell by cell."""

import numpy as np
import pytest

from wsiview.geometry import Affine, Point
from wsiview.scene.grids import MapGrids


def test_a_place_finds_its_cell(grids: MapGrids) -> None:
    for row, col in ((0, 0), (63, 64), (99, 89)):
        region = grids.cell_region(row, col)
        assert grids.cell_at(region.center) == (row, col)
        assert grids.cell_at(Point(region.x + 1e-6, region.bottom - 1e-6)) == (row, col)
    assert grids.cell_at(Point(1000.4, 0)) is None
    assert grids.cell_at(Point(grids.region.right, 0)) is None


def test_values_tell_weights_strengths_and_margin(grids: MapGrids) -> None:
    values = grids.values_at(70, 42)
    assert values.state == 2
    assert values.weights == pytest.approx((2.0, 1.9, 0.3), rel=1e-3)
    assert values.strengths == pytest.approx((1.0, 0.95, 0.15), rel=1e-3)
    assert (values.strongest, values.second) == (0, 1)
    assert values.margin == pytest.approx(0.05, abs=2e-3)
    assert values.undecided
    assert not grids.values_at(70, 10).undecided
    assert values.residual == pytest.approx(0.2, rel=1e-3)
    assert values.saliency["gradcam/0"] == pytest.approx(-1 + 2 * 42 / 89, abs=1e-3)


def test_cells_without_a_class_say_why(grids: MapGrids) -> None:
    assert [grids.values_at(row, 5).state for row in (0, 1, 2, 3)] == [0, 1, 3, 2]
    assert grids.values_at(1, 5).strengths == ()
    empty = MapGrids((10, 10), Affine.scaling(4, 4), 2)
    assert empty.values_at(3, 3).state == 0
    assert empty.saliency_scale("gradcam/0") == 0


def test_all_zero_belongs_to_no_class_and_ties_to_the_first() -> None:
    grids = MapGrids((1, 2), Affine.scaling(1, 1), 2)
    weights = np.array([[[0, 3]], [[0, 3]]], np.float32)
    grids.put(0, 0, weights, np.full((1, 2), 2, np.uint8))
    assert grids.values_at(0, 0).strongest is None
    tied = grids.values_at(0, 1)
    assert (tied.strongest, tied.second, tied.margin) == (0, 1, 0)


def test_sampling_equals_asking_cell_by_cell(grids: MapGrids) -> None:
    rows, cols = np.array([-3, 2, 3, 63, 64, 99, 100]), np.array([-1, 0, 41, 63, 64, 89, 95])
    found = grids.sample("strongest", rows, cols)
    for i, row in enumerate(rows):
        for j, col in enumerate(cols):
            inside = 0 <= row < 100 and 0 <= col < 90
            strongest = grids.values_at(int(row), int(col)).strongest if inside else None
            assert found[i, j] == (0 if strongest is None else strongest + 1)


def test_an_undeclared_scale_is_the_maps_own_percentile(grids: MapGrids) -> None:
    assert grids.has_declared_scale("gradcam/0")
    grids.put(0, 0, np.ones((3, 64, 64), np.float32), np.full((64, 64), 2, np.uint8), None,
              {"other": np.full((64, 64), -5, np.float32)})  # fmt: skip
    assert not grids.has_declared_scale("other")
    assert grids.saliency_scale("other") == pytest.approx(5)


def test_memory_is_a_few_bytes_per_cell_and_class(grids: MapGrids) -> None:
    assert grids.nbytes <= 100 * 90 * (2 * 3 + 4 + 2 + 2)


def test_turned_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="upright"):
        MapGrids((2, 2), Affine(1, 0.1, 0, 0, 1, 0), 2)
    with pytest.raises(ValueError, match="positive"):
        MapGrids((2, 2), Affine.scaling(1, 1), 2, strength_scale=0)


def test_a_prediction_is_found_by_its_label_region(grids: MapGrids) -> None:
    positions = np.array([[1000, 0], [1100, 0], [1000, 100]])
    grids.set_predictions(positions, np.array([0.25, np.nan, 1.0], np.float32), (50, 50), (100, 100))
    found = grids.prediction_at(Point(1030, 30))
    assert found is not None
    assert found.score == pytest.approx(0.25)
    assert (found.label.x, found.label.y, found.patch.x) == (1025, 25, 1000)
    assert grids.prediction_at(Point(1010, 30)) is None
    unread = grids.prediction_at(Point(1130, 30))
    assert unread is not None
    assert unread.score is None
