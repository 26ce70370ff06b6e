"""Fidelity is 1 where every label is kept, 0 where a constant answer keeps as many, and unknown where all are alike."""

from __future__ import annotations

import numpy as np
import pytest

from wsiview.analysis.fidelity import fidelity

OWN = np.array([[2.0], [1.0], [-1.0], [-3.0], [-2.0], [-1.0], [-4.0], [-1.0]])  # 2 of 8 are the target's


def test_the_model_itself_keeps_all_of_its_labels() -> None:
    found = fidelity(OWN, OWN, "sigmoid", 0.5, 0)
    assert (found.patches, found.rmse, found.agreement, found.majority, found.above_majority) == (8, 0, 1, 0.75, 1)


def test_an_answer_that_is_always_the_same_is_worth_nothing_and_a_worse_one_no_less() -> None:
    for constant in (-5.0, 5.0):
        found = fidelity(OWN, np.full_like(OWN, constant), "sigmoid", 0.5, 0)
        assert found.above_majority == 0
    assert found.agreement == 0.25


def test_one_label_of_eight_lost_is_half_of_what_lies_above_the_majority() -> None:
    replaced = OWN + np.array([[-3.0], *[[0.0]] * 7])
    found = fidelity(OWN, replaced, "sigmoid", 0.5, 0)
    assert found.agreement == 0.875
    assert found.above_majority == 0.5
    assert found.rmse == pytest.approx(np.sqrt(9 / 8))


def test_a_model_that_labels_all_patches_alike_tells_nothing() -> None:
    assert fidelity(-np.abs(OWN), OWN, "sigmoid", 0.5, 0).above_majority is None


def test_of_three_outputs_the_label_is_whether_the_target_is_the_largest() -> None:
    own = np.array([[3.0, 1, 0], [0, 1, 3], [0, 3, 1]])
    found = fidelity(own, own[:, [0, 2, 1]], "softmax", 0.5, 0)
    assert found.agreement == 1
    assert found.rmse > 0


def test_logits_of_other_patches_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="same patches"):
        fidelity(OWN, OWN[1:], "sigmoid", 0.5, 0)
