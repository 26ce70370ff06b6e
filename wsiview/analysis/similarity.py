"""Similarity between classes: the paper's Fig. 4."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.summary import Summary, summarised


def class_correlation(correlation: NDArray[np.float64]) -> Summary:
    """Fig. 4 left: correlation between weight maps, over the patches where both vary.

    Parameters
    ----------
    correlation
        (n, K, K) of `PatchStatistics`, NaN where undefined.

    Returns
    -------
    Summary of (K, K) arrays.
    """
    return summarised(correlation)


def class_cosine(class_vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Fig. 4 right: cosine between rows of H (K, C); (K, K), NaN for dead classes."""
    h = np.asarray(class_vectors, dtype=np.float64)
    norm = np.sqrt((h * h).sum(axis=1, keepdims=True))
    unit = np.where(norm > 0, h / np.where(norm > 0, norm, 1.0), np.nan)
    cosine: NDArray[np.float64] = np.minimum((unit[:, None, :] * unit[None, :, :]).sum(axis=2), 1.0)
    return cosine
