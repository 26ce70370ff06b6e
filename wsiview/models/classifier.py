"""Classifier: a bundle's network, ready to run: loaded, on its device, evaluating, without gradients of its own."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wsiview.errors import ModelError
from wsiview.models.architectures import build
from wsiview.models.bundle import Bundle
from wsiview.models.device import compute_repeatably, pick_device
from wsiview.models.weights import load_weights


class LayerNotFound(ModelError):
    """The classifier has no layer of that name."""

    def __init__(self, layer: str, available: Sequence[str]) -> None:
        near = difflib.get_close_matches(layer, available, n=5, cutoff=0.3) or list(available[-5:])
        super().__init__(f"the model has no layer {layer!r}; there are {len(available)}, such as {', '.join(near)}")
        self.layer, self.available = layer, tuple(available)


@dataclass(frozen=True)
class Classifier:
    """A network that scores patches.

    Attributes
    ----------
    module
        The network, in evaluation mode, no parameter of which asks for a gradient.
    """

    bundle: Bundle
    module: nn.Module
    device: torch.device

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of all layers, in the order of definition."""
        return tuple(name for name, _ in self.module.named_modules() if name)

    def layer(self, name: str) -> nn.Module:
        """The layer of that name.

        Raises
        ------
        LayerNotFound
            If there is none.
        """
        layers: dict[str, nn.Module] = dict(self.module.named_modules())
        if not name or name not in layers:
            raise LayerNotFound(name, self.layer_names)
        return layers[name]

    def normalise(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Pixels (n, h, w, 3), uint8, as the network reads them: float32 (n, 3, h, w), channels last in memory."""
        images = torch.from_numpy(np.ascontiguousarray(pixels)).to(self.device).float()
        # Along whole rows, since sums over runs of three numbers take four times as long.
        rows = images.view(*images.shape[:2], -1)
        mean, std = (
            torch.tensor(values, dtype=torch.float32, device=self.device).repeat(images.shape[2])
            for values in (self.bundle.mean, self.bundle.std)
        )
        rows.div_(255).sub_(mean).div_(std)
        return images.permute(0, 3, 1, 2)

    def forward(self, images: Tensor) -> Tensor:
        """Raw logits (n, targets) of normalised images (n, 3, h, w); gradients are up to the caller.

        Raises
        ------
        ModelError
            If the network gives something else.
        """
        logits = self.module(images)
        if not isinstance(logits, Tensor) or logits.shape != (len(images), self.bundle.num_classes):
            raise ModelError(
                f"the model {self.bundle.name!r} does not give one row of {self.bundle.num_classes} outputs "
                "for each patch; check its architecture"
            )
        return logits


def load_classifier(bundle: Bundle, device: torch.device | str | None = None) -> Classifier:
    """Build the network, load its weights and put it on the device (by default the fastest there is).

    Raises
    ------
    ModelError
        If the weights can't be used or the device is missing.
    """
    compute_repeatably()
    place = device if isinstance(device, torch.device) else pick_device(device)
    with torch.device("meta"):  # no time spent on numbers that the file's replace
        module = build(bundle)
    load_weights(module, bundle)
    return as_classifier(bundle, module, place)


def as_classifier(bundle: Bundle, module: nn.Module, device: torch.device) -> Classifier:
    """A network that is already loaded, as a Classifier; the module itself is moved and set to evaluate."""
    module.requires_grad_(False).eval()
    module.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Classifier(bundle, module, device)
