import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from wsiview.analysis.surrogate_model import surrogate_model


def patches(n: int = 900, groups: int = 9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.gamma(1, 1, (n, 4)) * [1, 10, 100, 1000]
    logit = x @ [1.0, -0.2, 0.03, 0.0] - 2 + rng.logistic(size=n)
    return x, logit > 0, np.array([f"patient {i % groups}" for i in range(n)])


def test_coefficients_are_scikit_learns_on_standardised_features() -> None:
    x, y, groups = patches()
    found = surrogate_model(x, y, groups)
    scaler = StandardScaler().fit(x)
    model = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(scaler.transform(x), y)
    np.testing.assert_allclose(found.standardised, model.coef_[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.raw, model.coef_[0] / scaler.scale_, rtol=1e-5, atol=1e-8)
    assert found.in_sample is not None
    assert found.in_sample.accuracy == model.score(scaler.transform(x), y)
    np.testing.assert_allclose(
        x @ found.raw + found.intercept, model.decision_function(scaler.transform(x)), rtol=1e-4, atol=1e-5
    )
    assert (found.n, found.positives, found.separated, found.problem) == (900, int(y.sum()), False, None)


def test_the_truth_is_found_and_repeats_with_the_seed() -> None:
    x, y, groups = patches()
    found, again = (surrogate_model(x, y, groups, seed=3) for _ in range(2))
    assert np.sign(found.raw[:3]).tolist() == [1, -1, 1]
    assert found.raw.tobytes() == again.raw.tobytes()
    assert vars(found.cross_validation) == vars(again.cross_validation)


def test_cross_validation_scores_groups_that_were_never_seen() -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(12), 40)
    y = groups % 2 == 0
    x = np.eye(12)[groups] + 0.01 * rng.normal(size=(480, 12))  # each group has a mark of its own: pure memory
    found = surrogate_model(x, y, groups)
    assert found.in_sample is not None
    assert found.in_sample.accuracy == 1.0
    assert found.cross_validation is not None
    assert found.cross_validation.scores.accuracy < 0.8
    assert found.cross_validation.n_groups == 12


def test_separated_labels_are_reported_and_finite() -> None:
    x, _, groups = patches()
    y = x[:, 0] > 1
    found = surrogate_model(x, y, groups)
    assert found.separated is True
    assert np.isfinite(found.raw).all()


@pytest.mark.parametrize("label", [True, False])
def test_one_label_only_is_not_estimable_and_says_so(label: bool) -> None:
    x, _, groups = patches()
    found = surrogate_model(x, np.full(len(x), label), groups)
    assert found.problem is not None
    assert "all 900 patches" in found.problem
    assert found.in_sample is None
    assert found.cross_validation is None
    assert np.isnan(found.raw).all()
    assert found.positives == 900 * label


def test_no_patches_and_features_that_never_vary_are_not_estimable() -> None:
    assert surrogate_model(np.zeros((0, 3)), np.zeros(0, bool)).problem == "there are no patches"
    found = surrogate_model(np.ones((10, 3)), np.arange(10) < 5)
    assert found.problem is not None
    assert "varies" in found.problem


def test_a_feature_that_never_varies_gets_coefficient_0_and_is_flagged() -> None:
    x, y, groups = patches()
    x[:, 1] = 0.1
    found = surrogate_model(x, y, groups)
    assert found.constant.tolist() == [False, True, False, False]
    assert found.raw[1] == 0


@pytest.mark.parametrize(
    ("groups", "reason"), [(None, "unknown"), (["a"] * 900, "one patient"), ("by label", "one label only")]
)
def test_why_nothing_was_cross_validated_is_said(groups, reason: str) -> None:
    x, y, _ = patches()
    found = surrogate_model(x, y, np.where(y, "p", "n") if groups == "by label" else groups)
    assert found.in_sample is not None
    assert found.cross_validation is None
    assert found.no_cross_validation is not None
    assert reason in found.no_cross_validation


def test_patches_of_folds_that_could_not_be_fitted_are_counted() -> None:
    x, y, _ = patches(300)
    groups = np.where(y, "only positives", np.where(np.arange(300) % 2, "a", "b"))
    found = surrogate_model(x, y, groups)
    assert found.cross_validation is not None
    assert found.cross_validation.left_out == int(y.sum())
