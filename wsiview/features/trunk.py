"""Trunk: the part of a network up to a layer, run without what lies above it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call

from wsiview.features.recording import only, recording


class _Reached(Exception):
    """The layer has run for the last time; what lies above it is of no interest."""


class Trunk:
    """Runs a network as far as one layer; the caller sees to evaluation mode and to gradients."""

    def __init__(self, module: nn.Module, layer: str) -> None:
        self.layer = layer
        self._module, self._part = module, module.get_submodule(layer)
        tensors = (*module.named_parameters(), *module.named_buffers())
        self._ghosts = {name: tensor.to("meta") for name, tensor in tensors}
        self._calls = 0

    def shape_of(self, height: int, width: int) -> tuple[int, int, int]:
        """Channels, rows and columns that the layer gives for one input, without computing anything.

        Raises
        ------
        NoFeatureMap
            If it gives no feature map.
        RuntimeError
            If the network can't take an input of that size.
        """
        try:
            found = self.output(torch.empty(1, 3, height, width, device="meta"), self._ghosts)
        except (AssertionError, ValueError) as error:  # what vision transformers say of a size
            raise RuntimeError(str(error) or "it has the wrong size") from error
        channels, rows, cols = found.shape[1:]
        return channels, rows, cols

    def output(self, images: Tensor, tensors: Mapping[str, Tensor] | None = None) -> Tensor:
        """What the layer gives at its last call (N, C, h, w); the network's tensors may be replaced by others."""
        calls = 0

        def count(module: nn.Module, inputs: object, output: object) -> None:
            nonlocal calls
            calls += 1
            if calls == self._calls:
                raise _Reached

        with recording(self._part, self.layer) as outputs:
            handle = self._part.register_forward_hook(count)
            try:
                with contextlib.suppress(_Reached):
                    functional_call(self._module, dict(tensors or {}), (images,))
            finally:
                handle.remove()
        # The first run goes through to the end, and so tells how often the layer is called.
        self._calls = calls
        return only(outputs, self.layer)
