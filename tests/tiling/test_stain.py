"""Thresholds split what can be split, and survive what can't."""

from __future__ import annotations

import numpy as np
import pytest

from wsiview.tiling.stain import otsu


def test_two_groups_are_split_between_them() -> None:
    values = np.concatenate([np.full(300, 10.0), np.full(100, 90.0)])
    assert 10 < otsu(values) < 90


@pytest.mark.parametrize("spread", [0.0, 1e-5])
def test_values_that_differ_by_rounding_alone_are_no_groups(spread: float) -> None:
    values = np.array([200.0, 200.0 + spread] * 50, np.float32)
    assert otsu(values) == pytest.approx(200, abs=1e-3)
