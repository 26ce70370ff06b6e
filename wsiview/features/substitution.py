"""Substitution: a network's outputs when other feature maps take the place of what one layer gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from wsiview.errors import ModelError
from wsiview.features.recording import evaluating, replacing
from wsiview.models.classifier import Classifier

Change = Callable[[Tensor], Tensor]


class NoSubstitute(ModelError):
    """What lies above the layer can't be run on other feature maps."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"the network can't be run from the layer {layer!r} upward: {reason}")
        self.layer, self.reason = layer, reason


class Substitution:
    """Runs a network with each of several changes made to one layer's output.

    What lies below the layer runs once for all changes where the network takes that: the layer then gives them one
    after the other, as a larger batch. A network that puts the layer's output together with what came before it refuses
    the larger batch, and runs once for each change.
    """

    def __init__(self, classifier: Classifier, layer: str) -> None:
        self._classifier, self._layer = classifier, layer
        self._part: nn.Module = classifier.layer(layer)
        self._at_once = True

    def logits(self, images: Tensor, changes: Sequence[Change]) -> Tensor:
        """Raw outputs (changes, n, targets) of normalised images (n, 3, p, p).

        Parameters
        ----------
        changes
            Each makes of the layer's output (n, C, h, w) another of that shape.

        Raises
        ------
        NoFeatureMap, NoSubstitute
            If the layer gives no feature map or runs more than once, or the network fails.
        """
        with evaluating(self._classifier.module), torch.no_grad():
            if self._at_once:
                try:
                    found = self._run(images, lambda output: torch.cat([change(output) for change in changes]))
                    if len(found) == len(changes) * len(images):
                        return found.reshape(len(changes), len(images), -1)
                except RuntimeError:
                    pass  # tried once more below, where a failure is told
                self._at_once = False
            try:
                return torch.stack([self._run(images, change) for change in changes])
            except RuntimeError as error:
                raise NoSubstitute(self._layer, str(error).partition("\n")[0]) from error

    def _run(self, images: Tensor, change: Change) -> Tensor:
        calls = 0

        def counted(output: Tensor) -> Tensor:
            nonlocal calls
            calls += 1
            return change(output)

        with replacing(self._part, counted, self._layer):
            logits = self._classifier.module(images)
        if calls != 1:
            raise NoSubstitute(self._layer, f"it runs {calls} times for each patch")
        if not isinstance(logits, Tensor) or logits.ndim != 2 or logits.shape[1] != self._classifier.bundle.num_classes:
            raise NoSubstitute(self._layer, f"it does not give {self._classifier.bundle.num_classes} outputs a patch")
        return logits
