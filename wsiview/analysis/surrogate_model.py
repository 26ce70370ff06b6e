"""Surrogate model: how well class weights alone predict the model's own label, the paper's Table 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from wsiview.analysis.scores import Bools, Floats, Intervals, Scores, group_intervals, scores

FEATURES = ("weight_sum", "coverage", "weight_max", "mean_positive")  # the paper's is the first
PENALTY = 1.0
FOLDS = 5


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Scores on patches of groups the regression never saw, pooled over folds.

    Attributes
    ----------
    scores, intervals
        Of the pooled patches; intervals over groups.
    n_groups, n_folds
        Groups there are and folds they were dealt into.
    left_out
        Patches of folds whose other groups have one label only, so that nothing could be fitted.
    """

    scores: Scores
    intervals: Intervals
    n_groups: int
    n_folds: int
    left_out: int


@dataclass(frozen=True, eq=False)
class SurrogateModel:
    """Logistic regression with L2 penalty, C = 1, on standardised features.

    Attributes
    ----------
    n, positives
        Patches, and those with a positive label.
    standardised, raw
        (K,) coefficients per standard deviation, and per unit of the feature; NaN where not estimable.
    intercept
        Belongs to the raw coefficients.
    constant
        (K,) features that don't vary and so can't say anything; their coefficients are 0.
    in_sample
        Scores on the patches it was fitted on, as in the paper; None if not estimable.
    separated
        Whether some combination of features separates the labels without (or up to) contradiction: the size of
        coefficients is then the penalty's doing. None if not estimable.
    cross_validation
        None where `no_cross_validation` says why.
    problem
        Why nothing could be estimated, or None.
    """

    n: int
    positives: int
    standardised: Floats
    raw: Floats
    intercept: float
    constant: Bools
    in_sample: Scores | None
    separated: bool | None
    cross_validation: CrossValidation | None
    no_cross_validation: str | None
    problem: str | None


def surrogate_model(
    features: NDArray[np.floating], labels: Bools, groups: NDArray[Any] | None = None, seed: int = 0
) -> SurrogateModel:
    """Fit the regression, in-sample and cross-validated by group.

    Parameters
    ----------
    features
        (n, K), one of `FEATURES` of the patch statistics.
    labels
        (n,) bool, the model's own label of each patch.
    groups
        (n,) patient or slide of each patch; without it nothing is cross-validated.
    seed
        Of folds and bootstrap.

    Raises
    ------
    ValueError
        If shapes don't fit or a feature is not finite.
    """
    x = np.asarray(features, dtype=np.float64)
    if x.ndim != 2 or labels.shape != (len(x),) or (groups is not None and len(groups) != len(x)):
        raise ValueError("a surrogate model needs features (n, K), n labels and n groups")
    if labels.dtype != np.bool_ or not np.isfinite(x).all():
        raise ValueError("a surrogate model needs finite features and bool labels")
    constant = x.max(axis=0) == x.min(axis=0) if len(x) else np.ones(x.shape[1], dtype=bool)
    problem = _problem(labels, constant)
    if problem is not None:
        none = np.full(x.shape[1], np.nan)
        return SurrogateModel(
            len(x), int(labels.sum()), none, none, float("nan"), constant, None, None, None, problem, problem
        )
    with threadpool_limits(limits=1):  # else the last bits depend on how many threads share the sums
        coefficients, raw, intercept = _fit(x, labels)
        checked, reason = _cross_validate(x, labels, groups, seed)
    return SurrogateModel(
        len(x),
        int(labels.sum()),
        coefficients,
        raw,
        intercept,
        constant,
        scores(labels, x @ raw + intercept),
        _separated(x[:, ~constant], labels),
        checked,
        reason,
        None,
    )


def _problem(labels: Bools, constant: Bools) -> str | None:
    if not len(labels):
        return "there are no patches"
    if labels.all() or not labels.any():
        return f"the model labels all {len(labels)} patches {'positive' if labels.all() else 'negative'}"
    return "no class feature varies over the patches" if constant.all() else None


def _fit(x: Floats, labels: Bools) -> tuple[Floats, Floats, float]:
    """Standardised coefficients, raw ones, raw intercept."""
    from sklearn.linear_model import LogisticRegression  # heavy; opening a map shouldn't wait for it

    mean, sd = x.mean(axis=0), x.std(axis=0)
    varies = (x.max(axis=0) > x.min(axis=0)) & (sd > 0)
    sd = np.where(varies, sd, 1.0)
    standardised = np.where(varies, (x - mean) / sd, 0.0)
    model = LogisticRegression(C=PENALTY, tol=1e-8, max_iter=10_000).fit(standardised, labels)
    coefficients = np.where(varies, model.coef_[0], 0.0)
    raw = coefficients / sd
    return coefficients, raw, float(model.intercept_[0] - (raw * mean).sum())


def _cross_validate(
    x: Floats, labels: Bools, groups: NDArray[Any] | None, seed: int
) -> tuple[CrossValidation | None, str | None]:
    if groups is None:
        return None, "patients or slides of the patches are unknown"
    number = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1].astype(np.int64)
    n_groups = int(number.max()) + 1
    if n_groups < 2:
        return None, "all patches are of one patient or slide"
    decision = np.full(len(x), np.nan)
    folds = _folds(labels, number, seed)
    for fold in range(int(folds.max()) + 1):
        test = folds == fold
        train = labels[~test]
        if train.any() and not train.all():
            _, raw, intercept = _fit(x[~test], train)
            decision[test] = x[test] @ raw + intercept
    known = np.isfinite(decision)
    if not known.any():
        return None, "leaving any patient or slide out leaves one label only"
    kept = np.unique(number[known], return_inverse=True)[1].astype(np.int64)
    return (
        CrossValidation(
            scores(labels[known], decision[known]),
            group_intervals(labels[known], decision[known], kept, seed),
            n_groups,
            int(folds.max()) + 1,
            int((~known).sum()),
        ),
        None,
    )


def _folds(labels: Bools, groups: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """A fold for each patch (n,): whole groups, dealt so that folds are alike in size and share of positives.

    Groups go in a random order, the ones with most positives first, each to the fold that has fewest of them
    (then fewest patches), so that no fold takes all of a rare label.
    """
    n_groups = int(groups.max()) + 1
    n_folds = min(FOLDS, n_groups)
    positive = np.bincount(groups, weights=labels, minlength=n_groups)
    size = np.bincount(groups, minlength=n_groups)
    shuffled = np.random.default_rng(seed).permutation(n_groups)
    order = shuffled[np.lexsort((-size[shuffled], -positive[shuffled]))]
    dealt, load = np.zeros(n_groups, dtype=np.int64), np.zeros((n_folds, 2))
    for group in order:
        keys = load if positive[group] else load[:, ::-1]
        fold = int(np.lexsort((keys[:, 1], keys[:, 0]))[0])
        dealt[group] = fold
        load[fold] += positive[group], size[group]
    return dealt[groups]


def _separated(x: Floats, labels: Bools) -> bool:
    """Whether a plane parts the labels, touching allowed (Konis 2007): a linear programme has a solution above 0."""
    from scipy.optimize import linprog

    standardised = (x - x.mean(axis=0)) / x.std(axis=0)
    rows = np.column_stack([standardised, np.ones(len(x))]) * np.where(labels, 1.0, -1.0)[:, None]
    found = linprog(-rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1), method="highs")
    return bool(found.status == 0 and -found.fun > 1e-6)
