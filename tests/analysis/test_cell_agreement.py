"""Agreement over any cells equals the patch's where the cells are a patch, and says why where it is not defined."""

import numpy as np
import pytest

from wsiview.analysis.agreement import BUILT_IN, MAYBE_BUILT_IN, warning_of_agreement
from wsiview.analysis.cell_agreement import (
    CLASS_CONSTANT,
    MAP_CONSTANT,
    NO_CELLS,
    NOTHING_ABOVE_0,
    POSITIVE_CONSTANT,
    cell_agreement,
)
from wsiview.analysis.patch_statistics import patch_statistics


def test_the_figures_are_those_of_a_patch_with_the_same_cells() -> None:
    random = np.random.default_rng(2)
    weights = np.clip(random.normal(size=(3, 400)), 0, None).astype(np.float32)
    influence = (weights[1] - 0.5 + 0.2 * random.normal(size=400)).astype(np.float32)
    found = cell_agreement(weights, influence)
    lines = weights.T.reshape(1, 20, 20, 3)
    expected = patch_statistics(lines, {"m": influence.reshape(1, 20, 20)}).saliency["m"]
    assert found.n_cells == 400
    for k, one in enumerate(found.classes):
        for name in ("iou", "corr_relu", "corr_signed"):
            assert getattr(one, name).value == pytest.approx(getattr(expected, name)[0, k], rel=1e-12)
            assert getattr(one, name).reason == ""
    assert found.classes[1].corr_signed.value > 0.8 > found.classes[0].corr_signed.value


def test_what_is_not_defined_has_its_reason() -> None:
    varied, negative = np.array([1.0, 0, 2]), np.array([-1.0, -2, -3])
    absent, alone = cell_agreement(np.array([np.zeros(3), varied]), negative).classes
    assert (absent.iou.value, absent.iou.reason) == (None, NOTHING_ABOVE_0)
    assert (absent.corr_signed.reason, absent.corr_relu.reason) == (CLASS_CONSTANT, CLASS_CONSTANT)
    assert (alone.iou.value, alone.corr_relu.reason) == (0.0, POSITIVE_CONSTANT)
    assert alone.corr_signed.value is not None
    (flat,) = cell_agreement(varied[None], np.full(3, 0.5)).classes
    assert (flat.corr_signed.reason, flat.corr_relu.reason) == (MAP_CONSTANT, POSITIVE_CONSTANT)
    none = cell_agreement(np.zeros((2, 0)), np.zeros(0))
    assert none.n_cells == 0
    assert {one.iou.reason for one in none.classes} == {NO_CELLS}


def test_cells_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="same cells"):
        cell_agreement(np.zeros((2, 3)), np.zeros(4))
    with pytest.raises(ValueError, match="finite"):
        cell_agreement(np.zeros((1, 2)), np.array([np.nan, 1]))


def test_the_warning_is_there_unless_the_head_is_known_to_be_another() -> None:
    assert [warning_of_agreement(known) for known in (True, None, False)] == [BUILT_IN, MAYBE_BUILT_IN, ""]
