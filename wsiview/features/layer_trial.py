"""Layer trial: what a layer of a new model turns out to give, before anybody relies on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from wsiview.features.reach import Reach, probe_reach
from wsiview.features.recording import evaluating, only, recording
from wsiview.models.classifier import Classifier

_PATCHES = 2


@dataclass(frozen=True)
class LayerTrial:
    """How a layer's locations lie, and whether it gave negative numbers on patches of noise."""

    reach: Reach
    negative: bool


def try_layer(classifier: Classifier, layer: str) -> LayerTrial:
    """Run patches of noise through the network, and probe the layer.

    Raises
    ------
    ModelError
        If there is no such layer, it gives no feature map, or the network can't read such patches.
    """
    reach = probe_reach(classifier, layer)
    side = classifier.bundle.patch_pixels
    pixels = np.random.default_rng(0).integers(0, 256, (_PATCHES, side, side, 3), np.uint8)
    with evaluating(classifier.module), torch.no_grad(), recording(classifier.layer(layer), layer) as outputs:
        classifier.forward(classifier.normalise(pixels))
    return LayerTrial(reach, bool((only(outputs, layer) < 0).any()))
