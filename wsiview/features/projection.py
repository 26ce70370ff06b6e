"""Projection: the few numbers per location that weights, residual and saliency need, of each clustering at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Projections:
    """What is left of the feature vectors of h × w locations.

    Attributes
    ----------
    classes
        b = v Hᵀ (h, w, K) of each clustering.
    square
        ‖v‖² (h, w).
    saliency
        Σ_c α_c v_c (h, w) by name.
    """

    classes: tuple[Floats, ...]
    square: Floats
    saliency: dict[str, Floats]


class Projection:
    """Class vectors of several clusterings and fixed saliency weights as matrix products where the features are.

    Each clustering has a product of its own, of a shape that others don't change, so that a map has the same bits
    whether it is made alone or together with others. Sums are in float64 (float32 where the device has nothing else).
    """

    def __init__(
        self, class_vectors: Sequence[NDArray[np.float32]], saliency: dict[str, Tensor], device: torch.device
    ) -> None:
        """Take class vectors (K, C) of each clustering and channel weights (C,) of each saliency map."""
        self._dtype = torch.float32 if device.type == "mps" else torch.float64
        self._classes = [torch.from_numpy(one.copy()).to(device, self._dtype).T for one in class_vectors]
        self._saliency = {name: weights.to(device, self._dtype) for name, weights in saliency.items()}

    def __call__(self, features: Tensor) -> Projections:
        """Project feature vectors (h, w, C) on their device."""
        vectors = features.to(self._dtype)
        return Projections(
            tuple(_on_host(vectors @ one) for one in self._classes),
            _on_host((vectors * vectors).sum(dim=-1)),
            {name: _on_host(vectors @ weights) for name, weights in self._saliency.items()},
        )


def _on_host(values: Tensor) -> Floats:
    return np.ascontiguousarray(values.cpu().numpy(), dtype=np.float64)
