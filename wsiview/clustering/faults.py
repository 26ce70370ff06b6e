"""Faults: what arrays of a clustering can't be, since no fit gives them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.clustering.nnls import MAX_CLASSES

_UNIT = 1e-4  # float32 rows are unit to 1e-7; files from elsewhere may have been rounded


def fault_of(
    vectors: NDArray[np.float32],
    quantiles: NDArray[np.float64],
    manifest: NDArray[np.int64],
    slides: int,
    signed: bool,
) -> str | None:
    """What is wrong with the arrays, as the end of a sentence."""
    if vectors.ndim != 2 or not 2 <= len(vectors) <= MAX_CLASSES or vectors.shape[1] < 1:
        return f"its class vectors have the shape {vectors.shape}"
    if quantiles.shape != (len(vectors) + 1, 4):
        return f"its percentiles {quantiles.shape} don't fit its {len(vectors)} classes"
    if manifest.ndim != 2 or manifest.shape[1] != 3:
        return f"its list of patches has the shape {manifest.shape}"
    if not (np.isfinite(vectors).all() and np.isfinite(quantiles).all()):
        return "it holds numbers that are not finite"
    if (not signed and (vectors < 0).any()) or (quantiles < 0).any():
        return "it holds negative numbers"
    norms = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1))
    if (np.abs(norms[norms > 0] - 1.0) > _UNIT).any():
        return "its class vectors are not of unit length"
    if not (norms > 0).any():
        return "all its classes are empty"
    if len(manifest) and (manifest[:, 0].min() < 0 or manifest[:, 0].max() >= slides):
        return f"its list of patches speaks of slides beyond its {slides}"
    return None
