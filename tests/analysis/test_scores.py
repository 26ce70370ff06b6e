import numpy as np
import pytest
from sklearn import metrics

from wsiview.analysis.scores import group_intervals, scores


def labelled(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = rng.random(n) < 0.3
    return truth, np.round(rng.normal(size=n) + truth, 1)  # rounded: ties


def test_scores_equal_scikit_learns_with_ties_and_weights() -> None:
    truth, decision = labelled()
    weight = np.random.default_rng(1).integers(0, 4, len(truth)).astype(float)
    for w in (None, weight):
        found = scores(truth, decision, w)
        assert found.accuracy == pytest.approx(metrics.accuracy_score(truth, decision > 0, sample_weight=w))
        assert found.precision == pytest.approx(metrics.precision_score(truth, decision > 0, sample_weight=w))
        assert found.recall == pytest.approx(metrics.recall_score(truth, decision > 0, sample_weight=w))
        assert found.f1 == pytest.approx(metrics.f1_score(truth, decision > 0, sample_weight=w))
        assert found.auc == pytest.approx(metrics.roc_auc_score(truth, decision, sample_weight=w))


def test_scores_without_anything_to_divide_by_are_undefined() -> None:
    found = scores(np.zeros(5, bool), np.full(5, -1.0))
    assert found.accuracy == 1.0
    assert np.isnan([found.precision, found.recall, found.f1, found.auc]).all()


def test_intervals_repeat_with_the_seed_and_hold_the_score() -> None:
    truth, decision = labelled()
    groups = np.arange(len(truth)) % 20
    found = group_intervals(truth, decision, groups, seed=1, draws=200)
    assert found == group_intervals(truth, decision, groups, seed=1, draws=200)
    whole = scores(truth, decision)
    assert found.low.auc < whole.auc < found.high.auc
    assert found.defined.auc == 200


def test_intervals_are_of_groups_and_not_of_patches() -> None:
    truth, decision = labelled()
    many = group_intervals(truth, decision, np.arange(len(truth)), seed=0, draws=200)
    order = np.argsort(decision)  # groups as unlike each other as can be
    groups = np.empty(len(truth), int)
    groups[order] = np.arange(len(truth)) * 5 // len(truth)
    few = group_intervals(truth, decision, groups, seed=0, draws=200)
    assert few.high.accuracy - few.low.accuracy > 2 * (many.high.accuracy - many.low.accuracy)
