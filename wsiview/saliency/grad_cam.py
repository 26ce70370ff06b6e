"""Grad-CAM: channels weighted by their mean gradient (Selvaraju et al. 2017), signed, without the final ReLU."""

from __future__ import annotations

from torch import Tensor

from wsiview.features.channel_sum import channel_sum


def grad_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Signed map (N, h, w) from activations (N, C, h, w) and the gradients of one number per patch by them.

    The mean goes over the whole untrimmed patch: trimmed, most channels lose their gradient under maximum pooling.
    With one linear layer u after a global pooling it is u / (h·w) for every patch, under maximum pooling also where a
    channel is zero everywhere, since the gradient of a tie still sums to u.
    """
    return channel_sum(activations, gradients.mean(dim=(2, 3)))
