import numpy as np
import pytest

from wsiview.analysis import predicted_label
from wsiview.analysis.prediction import model_score
from wsiview.errors import ModelError


def test_one_output_is_positive_from_its_threshold_on() -> None:
    logits = np.array([[-1.0], [0.0], [2.0]])
    assert predicted_label(logits, "sigmoid", 0.5, 0).tolist() == [False, True, True]
    assert predicted_label(logits, "sigmoid", 0.8, 0).tolist() == [False, False, True]


def test_two_outputs_are_positive_from_the_targets_threshold_on() -> None:
    logits = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 3.0]])
    assert predicted_label(logits, "softmax", 0.5, 1).tolist() == [False, True, True]
    assert predicted_label(logits, "softmax", 0.5, 0).tolist() == [True, True, False]


def test_more_outputs_are_positive_where_the_target_is_largest() -> None:
    logits = np.array([[0.1, 0.2, 0.3], [5.0, 0.0, 0.0]])
    assert predicted_label(logits, "softmax", 0.9, 2).tolist() == [True, False]


def test_scores_stay_between_0_and_1_for_huge_logits() -> None:
    huge = np.array([[-1e4, 1e4], [1e4, -1e4]])
    assert model_score(huge, "softmax", 1).tolist() == [1.0, 0.0]
    assert model_score(huge, "sigmoid", 1).tolist() == [1.0, 0.0]


def test_absent_outputs_and_activations_are_refused() -> None:
    with pytest.raises(ModelError, match="no output 2"):
        predicted_label(np.zeros((3, 2)), "softmax", 0.5, 2)
    with pytest.raises(ModelError, match="unknown"):
        predicted_label(np.zeros((3, 2)), "tanh", 0.5, 1)
    with pytest.raises(ValueError, match="no label"):
        predicted_label(np.full((3, 2), np.nan), "softmax", 0.5, 1)
