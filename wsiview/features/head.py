"""Head: what lies above a layer, and whether Grad-CAM weighs the layer's channels alike in every patch."""

from __future__ import annotations

import torch
from torch import Tensor

from wsiview.features.recording import NoFeatureMap, evaluating, replacing
from wsiview.models.classifier import Classifier
from wsiview.models.target import contrast_logit

_DRAWS = 6
_SAME = 1e-4  # of the largest channel weight; float32 sums over a patch agree to about 1e-6


def fixed_channel_weights(
    classifier: Classifier,
    layer: str,
    patch: int,
    *,
    rectify: bool,
    target: int,
    contrast: str,
    signed: bool = False,
) -> Tensor | None:
    """Grad-CAM's channel weights α (C,) float64 if they are the same for every patch, else None.

    They are if one linear layer follows a global pooling: then α = u / (h·w), and the map is one fixed linear map of
    the features. That is found out rather than looked up: the layer's output is replaced by feature maps drawn with
    channels of very different strength, which no other head weighs alike.

    Parameters
    ----------
    patch
        Side of the deployed patch, whose locations h·w the gradient is averaged over.
    rectify, signed
        Whether the layer's own output may be negative: as it is rectified for the classes, or taken with both signs.

    Raises
    ------
    ModelError
        If there is no such layer or target, or the outputs do not depend on the layer.
    """
    part = classifier.layer(layer)
    images = torch.zeros(1, 3, patch, patch, device=classifier.device)

    def draw(output: Tensor) -> Tensor:
        return _drawn(output.shape[1:], rectify or signed).to(output)

    with evaluating(classifier.module), torch.enable_grad(), replacing(part, draw, layer) as leaves:
        try:
            # Not Classifier.forward, which expects as many rows as images.
            logits = classifier.module(images)
        except RuntimeError:
            return None  # it puts the layer's output together with what came before it: that is no pooling
        if not isinstance(logits, Tensor) or logits.shape != (_DRAWS, classifier.bundle.num_classes):
            return None
        score = contrast_logit(logits, target, contrast).sum()
        if not score.requires_grad:
            raise NoFeatureMap(layer, "the outputs do not depend on it")
        (gradients,) = torch.autograd.grad(score, leaves[-1], allow_unused=True)
    if gradients is None:
        raise NoFeatureMap(layer, "the outputs do not depend on it")
    weights = gradients.cpu().double().mean(dim=(2, 3))
    largest = float(weights.abs().max())
    if not 0 < largest < float("inf") or float((weights - weights[0]).abs().max()) > _SAME * largest:
        return None
    return weights.mean(dim=0)


def _drawn(shape: torch.Size, signed: bool) -> Tensor:
    """Feature maps (draws, C, h, w): channels of strengths over several decades, a third of the locations zero."""
    source = torch.Generator().manual_seed(0)
    maps = torch.randn((_DRAWS, *shape), generator=source)
    strength = torch.exp(2 * torch.randn((_DRAWS, shape[0], 1, 1), generator=source))
    there = torch.rand((_DRAWS, *shape), generator=source) > 1 / 3
    maps = maps * strength * there
    return maps if signed else maps.abs()
