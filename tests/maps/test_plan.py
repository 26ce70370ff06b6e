from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from wsiview.geometry import Affine
from wsiview.maps.plan import MapPlan


def test_the_patches_of_the_blocks_are_all_patches_once(plan: MapPlan) -> None:
    rows, cols = plan.block_grid
    seen = [i for row in range(rows) for col in range(cols) for i in range(*plan.patches(row, col).indices(10**9))]
    assert seen == list(range(len(plan.positions)))


def test_blocks_are_cut_at_the_border(plan: MapPlan) -> None:
    assert plan.block_grid == (3, 4)
    assert plan.block_slices(2, 3) == (slice(128, 150), slice(192, 200))
    with pytest.raises(IndexError, match="no block"):
        plan.block_slices(3, 0)


def test_a_block_is_covered_where_a_cell_is(plan: MapPlan) -> None:
    expected = np.array([[plan.covered[plan.block_slices(r, c)].any() for c in range(4)] for r in range(3)])
    assert not expected.all()
    assert np.array_equal(plan.covered_blocks(), expected)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"n_classes": 0}, "classes"),
        ({"class_names": ("A",)}, "name"),
        ({"first_patch": np.zeros(13, np.int64)}, "spans"),
        ({"covered": np.zeros((2, 2), bool)}, "covered"),
        ({"cell_to_level0": Affine(16, 1, 0, 0, 16, 0)}, "straight"),
    ],
)
def test_a_plan_that_contradicts_itself_is_a_bug(plan: MapPlan, changes: dict[str, object], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        replace(plan, **changes)


def test_the_facts_tell_which_cells_are_covered(plan: MapPlan, plan_with: Callable[..., MapPlan]) -> None:
    other = plan.covered.copy()
    other[0, 0] = ~other[0, 0]
    assert plan_with().facts() == plan.facts()
    assert plan_with(covered=other).facts()["patches"] != plan.facts()["patches"]
