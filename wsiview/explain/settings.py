"""Settings: how a clustering is fitted, and what a map is made with unless told otherwise."""

from __future__ import annotations

from dataclasses import dataclass

PREDICTIONS = 64
"""Whole patches that a dense map runs for the model's scores and the analyses."""


@dataclass(frozen=True)
class FitSettings:
    """How a clustering is fitted; None stands for what the model's bundle says.

    Attributes
    ----------
    n_classes
        K, 2 to 16.
    max_patches, max_vectors
        Bounds on the sample, over all slides; each slide gets an equal share of the patches, each patch of the vectors.
    """

    n_classes: int = 6
    seed: int = 0
    layer: str | None = None
    patch: int | None = None
    step: int | None = None
    trim: int | None = None
    evaluation: str = "overlap"
    max_patches: int = 4000
    max_vectors: int = 200_000
    allow_upsampling: bool = False
