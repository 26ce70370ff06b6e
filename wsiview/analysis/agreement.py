"""Agreement between classes and a saliency map: the paper's Table 2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.patch_statistics import SaliencyStatistics
from wsiview.analysis.summary import Summary, summarised

BUILT_IN = (
    "The model pools globally and then is linear: Grad-CAM is then nearly a fixed sum of the class weights, "
    "so agreement between classes and Grad-CAM is built in and no independent evidence."
)
MAYBE_BUILT_IN = (
    "If the model pools globally and then is linear, Grad-CAM is nearly a fixed sum of the class weights: "
    "agreement between classes and Grad-CAM is then built in and no independent evidence."
)


def warning_of_agreement(linear_head: bool | None) -> str:
    """What must stand beside every figure of agreement with Grad-CAM; empty where there is nothing to warn of.

    Parameters
    ----------
    linear_head
        Whether the model pools globally and then is linear; None if that is not known.
    """
    return {True: BUILT_IN, None: MAYBE_BUILT_IN, False: ""}[linear_head]


@dataclass(frozen=True, eq=False)
class AgreementPart:
    """One group of patches: summaries of (K,) arrays; `corr_relu` is the paper's."""

    n_patches: int
    iou: Summary
    corr_relu: Summary
    corr_signed: Summary


@dataclass(frozen=True, eq=False)
class Agreement:
    """Table 2: all patches, and split by the model's own label."""

    all: AgreementPart
    negative: AgreementPart
    positive: AgreementPart


def agreement(statistics: SaliencyStatistics, predicted: NDArray[np.bool_]) -> Agreement:
    """Table 2 for one saliency method.

    Parameters
    ----------
    statistics
        Of n patches.
    predicted
        (n,) the model's label.

    Raises
    ------
    ValueError
        If the labels don't fit.
    """
    if predicted.shape != (len(statistics.iou),) or predicted.dtype != np.bool_:
        raise ValueError("agreement needs one bool label for each patch")
    return Agreement(_part(statistics), _part(statistics.take(~predicted)), _part(statistics.take(predicted)))


def _part(statistics: SaliencyStatistics) -> AgreementPart:
    return AgreementPart(
        len(statistics.iou),
        summarised(statistics.iou),
        summarised(statistics.corr_relu),
        summarised(statistics.corr_signed),
    )
