"""Sampling: which patches the analyses speak of, drawn at random with a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.errors import UsageError


def sample_patches(
    n_total: int,
    n: int,
    seed: int,
    labels: NDArray[np.bool_] | None = None,
    stratified: bool = False,
) -> NDArray[np.int64]:
    """Indices of `n` patches without repetition, ascending; all of them where there are no more.

    Parameters
    ----------
    n_total
        Patches there are.
    n
        Patches wanted.
    seed
        Of the draw.
    labels
        (n_total,) the model's labels, needed to stratify.
    stratified
        Half of each label as far as they reach, which changes accuracy, precision and recall; say so beside them.

    Raises
    ------
    UsageError
        If `n` is below 1.
    ValueError
        If labels are missing or don't fit.
    """
    if n < 1:
        raise UsageError(f"an analysis needs at least one patch, not {n}: choose another --patches")
    rng = np.random.default_rng(seed)
    if not stratified:
        return np.sort(rng.choice(n_total, size=min(n, n_total), replace=False)).astype(np.int64)
    if labels is None or labels.shape != (n_total,):
        raise ValueError("a stratified draw needs one label for each patch")
    positive, negative = np.flatnonzero(labels), np.flatnonzero(~labels)
    want = min(n, n_total)
    n_positive = min(len(positive), max(want // 2, want - len(negative)))
    chosen = [
        rng.choice(positive, size=n_positive, replace=False),
        rng.choice(negative, size=want - n_positive, replace=False),
    ]
    return np.sort(np.concatenate(chosen)).astype(np.int64)
