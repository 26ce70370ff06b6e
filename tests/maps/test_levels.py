from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wsiview.maps.cell_state import COMPUTED, strongest
from wsiview.maps.cluster_map import ClusterMap


@pytest.mark.parametrize("level", [1, 2])
def test_a_coarse_cell_is_the_mean_of_the_computed_cells_below_it(finished: Path, level: int) -> None:
    found = ClusterMap.open(finished)
    weights, computed = found.weights().astype(float), found.state() == COMPUTED
    coarse, side = found.weights_at(level), 2**level
    assert coarse.shape == (3, -(-150 // side), -(-200 // side))
    empty = 0
    for row in range(coarse.shape[1]):
        for col in range(coarse.shape[2]):
            below = np.s_[row * side : (row + 1) * side, col * side : (col + 1) * side]
            inside = computed[below]
            if not inside.any():
                empty += 1
                assert not coarse[:, row, col].any()
                continue
            expected = weights[:, *below][:, inside].mean(axis=1)
            assert coarse[:, row, col] == pytest.approx(expected, rel=1e-6)
    assert empty > 10


def test_ties_go_to_the_lower_class_and_nothing_to_none() -> None:
    weights = np.array([[0.0, 1.0, 0.0, 0.5], [0.0, 1.0, 2.0, 0.25]], np.float32)
    assert strongest(weights).tolist() == [0, 1, 2, 1]
    assert strongest(weights).dtype == np.uint8
