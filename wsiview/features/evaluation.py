"""Evaluation: whether a layer can be evaluated densely, what that saves, and which way is chosen, with the reason."""

from __future__ import annotations

from dataclasses import dataclass

from wsiview.errors import ModelError
from wsiview.features.head import fixed_channel_weights
from wsiview.features.reach import Reach
from wsiview.models.classifier import Classifier
from wsiview.tiling.lattice import Lattice


class DenseRefused(ModelError):
    """A layer that can't be evaluated densely, or not with what is asked for."""

    def __init__(self, layer: str, reason: str, remedy: str = "use --evaluation overlap") -> None:
        super().__init__(f"the layer {layer!r} can't be evaluated densely: {reason}; {remedy}")
        self.layer, self.reason = layer, reason


@dataclass(frozen=True)
class Choice:
    """How a layer is evaluated, "overlap" or "dense", and why, as the end of a sentence."""

    evaluation: str
    reason: str


def dense_fault(lattice: Lattice | None, patch: int) -> str | None:
    """Why a layer can't be evaluated densely for patches of `patch` pixels; None if it can."""
    if lattice is None:
        return "each of its locations sees the whole patch, through attention or a mean over all locations, say"
    if 0 in lattice.clean(patch):
        width, height = lattice.field
        return (
            f"a location sees {width} × {height} pixels, so every location of a patch of {patch} pixels sees the "
            "padding around it; windows would show a network that nobody deployed"
        )
    return None


def choose_evaluation(
    classifier: Classifier,
    layer: str,
    reach: Reach,
    patch: int,
    step: int,
    *,
    rectify: bool = False,
    signed: bool = False,
) -> Choice:
    """The evaluation of a new clustering: dense where a patch has clean locations and windows cost less than patches.

    Parameters
    ----------
    reach
        As probed at this layer.
    patch, step
        Side and distance of the deployed patches, in pixels.

    Raises
    ------
    ModelError
        If there is no such layer, or the outputs do not depend on it.
    """
    lattice = lattice_of(reach)
    fault = dense_fault(lattice, patch)
    if lattice is None or fault is not None:
        return Choice("overlap", str(fault))
    saving = dense_saving(lattice, patch, step)
    if saving <= 1:
        return Choice("overlap", f"windows with their halo cost {1 / saving:.1f} times as much as overlapping patches")
    bundle = classifier.bundle
    fixed = fixed_channel_weights(
        classifier, layer, patch,
        rectify=rectify, signed=signed, target=bundle.target, contrast=bundle.contrast,
    )  # fmt: skip
    if fixed is None:
        return Choice("overlap", "Grad-CAM weighs its channels anew in every patch, so every patch is needed anyway")
    return Choice("dense", saving_words(saving))


def dense_saving(lattice: Lattice, patch: int, step: int) -> float:
    """How many times less the network reads in windows than in overlapping patches."""
    return (patch / step) ** 2 / lattice.cost


def saving_words(saving: float) -> str:
    """The saving as the end of a sentence."""
    return f"the network reads {saving:.1f} times less than by overlapping patches"


def lattice_of(reach: Reach) -> Lattice | None:
    """The lattice of windows for a layer, None for one that is not local."""
    return Lattice(reach.stride, reach.centre, reach.field) if reach.local else None
