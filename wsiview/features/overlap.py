"""Overlap: features, logits and Grad-CAM of whole patches, as the evaluation by overlapping patches needs them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wsiview.errors import ModelError
from wsiview.features.channel_sum import channel_sum
from wsiview.features.fusion import Fusion
from wsiview.features.recording import NoFeatureMap, evaluating, grafting, only, recording
from wsiview.models.classifier import Classifier
from wsiview.models.target import contrast_logit

Floats = NDArray[np.float32]


class FeaturesUnusable(ModelError):
    """The layer's numbers can't be factorised."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"the layer {layer!r} can't be clustered: {reason}")
        self.layer = layer


@dataclass(frozen=True)
class PatchFeatures:
    """What the network makes of n patches.

    Attributes
    ----------
    activations
        The layer's output, untrimmed, contiguous (n, h, w, C), never negative unless the layer is signed.
    logits
        Raw outputs (n, targets).
    grad_cam
        Signed Grad-CAM of the asked target, untrimmed (n, h, w); None if no target was asked for.
    """

    activations: Floats
    logits: Floats
    grad_cam: Floats | None


def patch_features(
    classifier: Classifier,
    layer: str,
    pixels: NDArray[np.uint8],
    *,
    batch: int,
    rectify: bool = False,
    signed: bool = False,
    target: int | None = None,
    contrast: str = "others",
) -> PatchFeatures:
    """Run one batch of patches through the network.

    Parameters
    ----------
    pixels
        n patches (n, p, p, 3), 1 ≤ n ≤ batch; padded with the last one, because results depend on the batch's shape.
    rectify
        Apply ReLU to the copy of the layer's output; the network itself goes on with what it had.
    signed
        Take negative numbers as well, for a factorisation that can use them.
    target, contrast
        The output that Grad-CAM speaks of, and what its logit is measured against.

    Raises
    ------
    ModelError
        If there is no such layer or target, the layer gives no feature map, or numbers that can't be used.
    """
    if pixels.ndim != 4 or pixels.shape[3] != 3 or pixels.dtype != np.uint8 or not 1 <= len(pixels) <= batch:
        raise ValueError(f"pixels of shape {pixels.shape} and {pixels.dtype} are not 1 to {batch} patches of uint8 RGB")
    count = len(pixels)
    images = classifier.normalise(np.concatenate([pixels, np.repeat(pixels[-1:], batch - count, axis=0)]))
    with evaluating(classifier.module), Fusion(classifier.module, classifier.layer(layer)).running():
        found, logits, means = _run(classifier, layer, images, target, contrast)
    found = factorisable(found[:count], layer, rectify, signed)
    grad_cam = None if means is None else _on_host(channel_sum(found, means[:count]))
    return PatchFeatures(_on_host(found.permute(0, 2, 3, 1)), _on_host(logits[:count]), grad_cam)


def _run(
    classifier: Classifier, layer: str, images: Tensor, target: int | None, contrast: str
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Activations (N, C, h, w), logits (N, targets) and, with a target, mean gradients (N, C), in one forward pass."""
    part = classifier.layer(layer)
    if target is None:
        with torch.no_grad(), recording(part, layer) as outputs:
            logits = classifier.forward(images)
        return only(outputs, layer), logits, None
    with torch.enable_grad(), grafting(part, layer) as leaves:
        logits = classifier.forward(images)
        leaf = only(leaves, layer)
        score = contrast_logit(logits, target, contrast).sum()
        if not score.requires_grad:
            raise NoFeatureMap(layer, "the outputs do not depend on it")
        (gradients,) = torch.autograd.grad(score, leaf, allow_unused=True)
    if gradients is None:
        raise NoFeatureMap(layer, "the outputs do not depend on it")
    return leaf.detach(), logits.detach(), gradients.mean(dim=(2, 3))


def factorisable(found: Tensor, layer: str, rectify: bool, signed: bool = False) -> Tensor:
    """The activations, rectified if asked.

    Raises
    ------
    FeaturesUnusable
        If they are negative and the layer is not signed, or not finite: a factorisation could not use them.
    """
    if rectify:
        found = found.clamp(min=0)
    least, most = (float(value) for value in torch.aminmax(found))
    if not (np.isfinite(least) and np.isfinite(most)):
        raise FeaturesUnusable(layer, "it gives numbers that are not finite; check the model's weights and transform")
    if least < 0 and not signed:
        raise FeaturesUnusable(
            layer, 'it gives negative numbers; set "rectify" or "signed" to true, or choose the ReLU after it'
        )
    return found


def _on_host(values: Tensor) -> Floats:
    return np.ascontiguousarray(values.detach().cpu().numpy(), dtype=np.float32)
