"""Fields lead from the place where a class is strongest to the next, and never twice to the same."""

from itertools import combinations

import numpy as np
import pytest

from wsiview.geometry import Affine
from wsiview.scene.fields import Field, class_fields
from wsiview.scene.grids import MapGrids

SIZE = (120.0, 120.0)


def mapped(weights: np.ndarray, blocks: int = 4) -> MapGrids:
    """A map of cells of 10 px, as many of its 64² blocks as asked for."""
    grids = MapGrids(weights.shape[1:], Affine.scaling(10, 10, 70, 30), len(weights))
    for row, col in [(0, 0), (0, 1), (1, 0), (1, 1)][:blocks]:
        part = weights[:, row * 64 : row * 64 + 64, col * 64 : col * 64 + 64]
        grids.put(row, col, part, np.full(part.shape[1:], 2, np.uint8))
    return grids


@pytest.fixture
def weights() -> np.ndarray:
    """Three places of A: strong and small, weaker and large, weak beside a stronger B; one under the threshold."""
    made = np.zeros((2, 128, 128), np.float32)
    made[0, 20:32, 20:32] = 1.0
    made[0, 70:110, 70:94] = 0.6
    made[0, 20:32, 90:102], made[1, 20:32, 90:102] = 0.8, 0.9
    made[0, 100:112, 10:22] = 0.05
    return made


def holds(field: Field, row: float, col: float) -> bool:
    region = field.region
    return region.x <= 70 + 10 * col <= region.right and region.y <= 30 + 10 * row <= region.bottom


def test_the_strongest_field_comes_first_and_none_overlaps_another(weights: np.ndarray) -> None:
    fields = class_fields(mapped(weights), 0, SIZE, 0.1)
    assert holds(fields[0], 26, 26)
    assert fields[0].score == pytest.approx(1.0)
    assert fields[1].score == pytest.approx(0.6, rel=1e-3)
    assert [one.score for one in fields] == sorted((one.score for one in fields), reverse=True)
    assert len(fields) >= 5, "the large place takes several"
    for one, other in combinations(fields, 2):
        assert abs(one.region.x - other.region.x) >= SIZE[0] or abs(one.region.y - other.region.y) >= SIZE[1], (
            "fields may touch, not overlap"
        )


def test_a_field_needs_the_class_to_be_the_strongest_and_above_its_threshold(weights: np.ndarray) -> None:
    fields = class_fields(mapped(weights), 0, SIZE, 0.1)
    assert not any(holds(one, 26, 96) or holds(one, 106, 16) for one in fields)
    assert [holds(one, 26, 96) for one in class_fields(mapped(weights), 1, SIZE, 0.1)] == [True]
    assert class_fields(mapped(weights), 0, SIZE, 0.99)[0].score == pytest.approx(1.0)
    assert len(class_fields(mapped(weights), 0, SIZE, 0.99)) == 1
    assert class_fields(mapped(np.zeros_like(weights)), 0, SIZE, 0.1) == ()


def test_a_map_that_is_still_being_computed_gives_the_fields_it_has(weights: np.ndarray) -> None:
    assert class_fields(mapped(weights, 0), 0, SIZE, 0.1) == ()
    begun = class_fields(mapped(weights, 1), 0, SIZE, 0.1)
    assert len(begun) == 1
    assert holds(begun[0], 26, 26)


def test_fields_larger_than_the_map_and_smaller_than_a_cell_are_fields_too(weights: np.ndarray) -> None:
    (whole,) = class_fields(mapped(weights), 0, (5000, 4000), 0.1)
    assert 0 < whole.score < 0.1
    tiny = class_fields(mapped(weights), 0, (4, 4), 0.1)
    assert tiny[0].score == pytest.approx(1.0)
