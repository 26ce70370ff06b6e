"""Fidelity: how much of what a network says of patches is left when its classes take the place of its activations."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.prediction import predicted_label


@dataclass(frozen=True, slots=True)
class Fidelity:
    """The model's outputs with WH in place of a layer's activations, against its own.

    Attributes
    ----------
    patches
        How many they were compared on.
    rmse
        Root mean square difference of all logits.
    agreement
        Share of patches that keep the model's own label.
    majority
        Share of the model's commonest label: as much agreement as a constant answer has.
    """

    patches: int
    rmse: float
    agreement: float
    majority: float

    @property
    def above_majority(self) -> float | None:
        """Agreement above the majority share, of what there is above it: 1 if every label is kept, 0 if no more than
        a constant answer keeps or fewer; None if the model itself labels all patches alike.
        """
        room = 1.0 - self.majority
        return None if room <= 0 else max(0.0, (self.agreement - self.majority) / room)

    def to_json(self) -> dict[str, float | None]:
        """As it stands in a clustering's parameters."""
        told = {name: round(float(value), 6) for name, value in asdict(self).items()}
        above = self.above_majority
        return {**told, "patches": self.patches, "above_majority": None if above is None else round(above, 6)}


def fidelity(
    own: NDArray[np.floating], replaced: NDArray[np.floating], activation: str, threshold: float, target: int
) -> Fidelity:
    """Compare logits.

    Parameters
    ----------
    own, replaced
        Logits (n, targets), n ≥ 1, finite: the model's own, and with WH in place of the activations.
    activation, threshold, target
        The bundle's, which decide the model's label: see `predicted_label`.

    Raises
    ------
    ModelError
        If there is no such output or activation.
    ValueError
        If shapes differ, or a number is not finite.
    """
    if own.shape != replaced.shape or not len(own):
        raise ValueError(f"logits {own.shape} and {replaced.shape} are not of the same patches")
    before, after = (predicted_label(one, activation, threshold, target) for one in (own, replaced))
    share = float(before.mean())
    difference = np.asarray(replaced, np.float64) - np.asarray(own, np.float64)
    return Fidelity(
        patches=len(own),
        rmse=float(np.sqrt(np.square(difference).mean())),
        agreement=float((before == after).mean()),
        majority=max(share, 1.0 - share),
    )
