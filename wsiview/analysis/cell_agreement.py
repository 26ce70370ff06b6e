"""Cell agreement: Table 2's figures over any set of cells, such as those in view, instead of patch by patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.patch_statistics import patch_statistics

NO_CELLS = "no computed cells"
NOTHING_ABOVE_0 = "neither is above 0 anywhere"
CLASS_CONSTANT = "the class is the same in all cells"
MAP_CONSTANT = "the influence is the same in all cells"
POSITIVE_CONSTANT = "the influence's positive part is the same in all cells"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, or the reason why it is not defined."""

    value: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ClassAgreement:
    """How one class agrees with an influence map.

    Attributes
    ----------
    iou
        Of {weight > 0} and {influence > 0}.
    corr_relu, corr_signed
        Pearson correlation of the weight with the influence's positive part (the paper's), and with the influence.
    """

    iou: Figure
    corr_relu: Figure
    corr_signed: Figure


@dataclass(frozen=True, slots=True)
class CellAgreement:
    """The agreement of every class over n cells."""

    n_cells: int
    classes: tuple[ClassAgreement, ...]


def cell_agreement(weights: NDArray[np.floating[Any]], influence: NDArray[np.floating[Any]]) -> CellAgreement:
    """Agreement of class weights (K, n), not negative, with a signed influence map (n,) on the same computed cells.

    The scales of both are of no consequence.

    Raises
    ------
    ValueError
        If shapes don't fit, or a value is not finite.
    """
    if weights.ndim != 2 or influence.shape != weights.shape[1:]:
        raise ValueError(f"weights {weights.shape} and influence {influence.shape} don't lie on the same cells")
    return CellAgreement(len(influence), tuple(_of_class(one, influence) for one in weights))


def _of_class(weights: NDArray[np.floating[Any]], influence: NDArray[np.floating[Any]]) -> ClassAgreement:
    if not len(influence):
        return ClassAgreement(*[Figure(None, NO_CELLS)] * 3)
    # All cells as one patch; class by class, or many cells would be held in memory as often as there are classes.
    one = patch_statistics(weights[None, None, :, None], {"map": influence[None, None, :]}).saliency["map"]
    if (weights == weights[0]).all():
        constant = positive = CLASS_CONSTANT
    else:
        constant, positive = MAP_CONSTANT, POSITIVE_CONSTANT
    return ClassAgreement(
        _figure(one.iou[0, 0], NOTHING_ABOVE_0),
        _figure(one.corr_relu[0, 0], positive),
        _figure(one.corr_signed[0, 0], constant),
    )


def _figure(value: np.float64, reason: str) -> Figure:
    return Figure(None, reason) if np.isnan(value) else Figure(float(value))
