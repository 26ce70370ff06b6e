"""Channel sum: activations weighted by channel, the 1 × 1 convolution that projections and saliency maps share."""

from __future__ import annotations

from torch import Tensor


def channel_sum(activations: Tensor, weights: Tensor) -> Tensor:
    """Σ_c weights_c A_c: activations (N, C, h, w) and weights (N, C) to signed (N, h, w)."""
    return (activations * weights[:, :, None, None]).sum(dim=1)
