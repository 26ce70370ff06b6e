"""Scores of a two-label prediction, weighted, so that resampling groups is only another weight."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_LEVEL = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Scores:
    """Accuracy, precision, recall, F1 and area under the ROC curve; NaN where undefined."""

    accuracy: float
    precision: float
    recall: float
    f1: float
    auc: float


@dataclass(frozen=True, slots=True)
class Intervals:
    """95 % bootstrap intervals over groups, low and high, and in how many draws each score was defined."""

    low: Scores
    high: Scores
    draws: int
    defined: Scores


def scores(truth: Bools, decision: Floats, weight: Floats | None = None) -> Scores:
    """How well the sign of a decision value finds the truth, and how well its order does.

    Parameters
    ----------
    truth
        (n,).
    decision
        (n,); above 0 means positive.
    weight
        (n,) how often each counts; 1 where not given.
    """
    w = np.ones(len(truth)) if weight is None else weight
    found = decision > 0
    tp, fp = float(w[truth & found].sum()), float(w[~truth & found].sum())
    fn, all_ = float(w[truth & ~found].sum()), float(w.sum())
    return Scores(
        _ratio(all_ - fp - fn, all_),
        _ratio(tp, tp + fp),
        _ratio(tp, tp + fn),
        _ratio(2 * tp, 2 * tp + fp + fn),
        _auc(truth, decision, w),
    )


def group_intervals(
    truth: Bools, decision: Floats, groups: NDArray[np.int64], seed: int, draws: int = 1000
) -> Intervals:
    """Percentile bootstrap: whole groups are drawn with replacement, since patches of one are no independent evidence.

    Parameters
    ----------
    groups
        (n,) 0 … number of groups − 1.
    """
    rng = np.random.default_rng(seed)
    n_groups = int(groups.max()) + 1
    order = np.argsort(decision, kind="stable")  # sorted once; each draw only changes weights
    truth, decision, groups = truth[order], decision[order], groups[order]
    table = np.empty((draws, 5))
    for draw in range(draws):
        times = np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups)
        table[draw] = astuple(scores(truth, decision, times[groups].astype(np.float64)))
    low, high = np.full(5, np.nan), np.full(5, np.nan)
    defined = np.isfinite(table)
    for column in range(5):
        if defined[:, column].any():
            low[column], high[column] = np.quantile(table[defined[:, column], column], _LEVEL)
    counts = defined.sum(axis=0).astype(float)
    return Intervals(Scores(*low.tolist()), Scores(*high.tolist()), draws, Scores(*counts.tolist()))


def _auc(truth: Bools, decision: Floats, w: Floats) -> float:
    """Chance that a positive stands above a negative, ties counting half."""
    if (np.diff(decision) < 0).any():
        order = np.argsort(decision, kind="stable")
        truth, decision, w = truth[order], decision[order], w[order]
    first = np.flatnonzero(np.concatenate([[True], np.diff(decision) > 0]))
    positive, negative = np.add.reduceat(w * truth, first), np.add.reduceat(w * ~truth, first)
    below = np.cumsum(negative) - negative
    return _ratio(float((positive * (below + negative / 2)).sum()), float(positive.sum() * negative.sum()))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")
