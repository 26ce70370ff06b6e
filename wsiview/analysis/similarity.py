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


def class_cosine(gram: NDArray[np.floating]) -> NDArray[np.float64]:
    """Fig. 4 right: cosine between the rows of H, from G = H Hᵀ (K, K); (K, K), NaN for dead classes."""
    g = np.asarray(gram, dtype=np.float64)
    norm = np.sqrt(np.diag(g))
    unit = np.divide(1.0, norm, out=np.full_like(norm, np.nan), where=norm > 0)
    cosine: NDArray[np.float64] = np.minimum(g * unit[:, None] * unit[None, :], 1.0)
    return cosine
