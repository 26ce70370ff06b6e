"""Paper tables: Fig. 4, Table 1 and Table 2 of one sample of patches, together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.agreement import Agreement, agreement
from wsiview.analysis.patch_statistics import PatchStatistics
from wsiview.analysis.similarity import class_correlation, class_cosine
from wsiview.analysis.summary import Summary
from wsiview.analysis.surrogate_model import FEATURES, SurrogateModel, surrogate_model


@dataclass(frozen=True, eq=False)
class PaperTables:
    """The analyses of n patches.

    Attributes
    ----------
    n_patches, positives
        Patches, and those the model labels positive.
    correlation
        Fig. 4 left, (K, K).
    cosine
        Fig. 4 right, (K, K), NaN for dead classes.
    surrogate
        Table 1: feature → regression; "weight_sum" is the paper's.
    agreement
        Table 2: saliency method → agreement.
    """

    n_patches: int
    positives: int
    correlation: Summary
    cosine: NDArray[np.float64]
    surrogate: Mapping[str, SurrogateModel]
    agreement: Mapping[str, Agreement]


def paper_tables(
    statistics: PatchStatistics,
    labels: NDArray[np.bool_],
    gram: NDArray[np.floating],
    groups: NDArray[Any] | None = None,
    seed: int = 0,
) -> PaperTables:
    """All the paper's analyses of a sample.

    Parameters
    ----------
    statistics
        Of the n sampled patches.
    labels
        (n,) bool, the model's own label.
    gram
        G = H Hᵀ (K, K) of the clustering.
    groups
        (n,) patient, or else slide, of each patch.
    seed
        Of folds and bootstrap.

    Raises
    ------
    ValueError
        If shapes don't fit.
    """
    if len(gram) != statistics.n_classes or labels.shape != (len(statistics),):
        raise ValueError("the Gram matrix, labels and patch statistics speak of different classes or patches")
    return PaperTables(
        len(statistics),
        int(labels.sum()),
        class_correlation(statistics.correlation),
        class_cosine(gram),
        {name: surrogate_model(getattr(statistics, name), labels, groups, seed) for name in FEATURES},
        {method: agreement(one, labels) for method, one in statistics.saliency.items()},
    )
