"""Recording: what a layer gives while a network runs, and gradients from it upward; the network stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from wsiview.errors import ModelError
from wsiview.models.token_layout import layout_of


class NoFeatureMap(ModelError):
    """The layer gives nothing that can be laid over a slide."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"the layer {layer!r} can't be explained: {reason}; choose a convolution or the ReLU after it")
        self.layer = layer


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode and no parameter gradients while the block runs; afterwards every flag is as it was."""
    training = [(part, part.training) for part in module.modules()]
    asking = [(parameter, parameter.requires_grad) for parameter in module.parameters()]
    try:
        module.eval()
        module.requires_grad_(False)
        yield
    finally:
        for part, flag in training:
            part.training = flag
        for parameter, flag in asking:
            parameter.requires_grad_(flag)


@contextmanager
def recording(layer: nn.Module, name: str | None = None) -> Iterator[list[Tensor]]:
    """Collect a copy of the layer's output (N, C, h, w) while the block runs; a transformer's tokens as a grid.

    The list holds one tensor once the layer has run: of repeated calls in one forward pass the last counts.

    Raises
    ------
    NoFeatureMap
        From inside the forward pass, if the output has no rows and columns.
    """
    outputs: list[Tensor] = []

    def keep(module: nn.Module, inputs: object, output: object) -> None:
        # A copy, because the next layer may write into the same memory.
        outputs[:] = [_feature_map(module, output, name).detach().clone()]

    handle = layer.register_forward_hook(keep)
    try:
        yield outputs
    finally:
        handle.remove()


@contextmanager
def grafting(layer: nn.Module, name: str | None = None) -> Iterator[list[Tensor]]:
    """Cut the network below the layer: its output becomes a leaf (N, C, h, w) that gradients can be asked for.

    What lies below the layer keeps no graph, so that a backward pass costs only what lies above. The list holds one
    leaf once the layer has run: of repeated calls in one forward pass the last counts.

    Raises
    ------
    NoFeatureMap
        From inside the forward pass, if the output has no rows and columns.
    """
    with replacing(layer, torch.clone, name) as leaves:
        yield leaves


@contextmanager
def replacing(
    layer: nn.Module, by: Callable[[Tensor], Tensor], name: str | None = None
) -> Iterator[list[Tensor]]:
    """As `grafting`, but the leaf is a new tensor that `by` makes of the layer's output, of any batch size.

    Raises
    ------
    NoFeatureMap
        From inside the forward pass, if the output has no rows and columns.
    """
    leaves: list[Tensor] = []

    def graft(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
        leaf = by(_feature_map(module, output, name).detach()).requires_grad_()
        leaves[:] = [leaf]
        layout = layout_of(module)
        # Upward goes a copy: a functional ReLU that works in place may not write into a leaf.
        return leaf.clone() if layout is None else layout.from_grid(leaf.clone(), output)

    handle = layer.register_forward_hook(graft)
    try:
        yield leaves
    finally:
        handle.remove()


def only(outputs: list[Tensor], name: str) -> Tensor:
    """The tensor that was collected.

    Raises
    ------
    NoFeatureMap
        If the layer did not run.
    """
    if not outputs:
        raise NoFeatureMap(name, "the network does not run it")
    return outputs[-1]


def _feature_map(layer: nn.Module, output: object, name: str | None) -> Tensor:
    """The layer's output as (N, C, h, w)."""
    name = name or type(layer).__name__
    if not isinstance(output, Tensor):
        raise NoFeatureMap(name, f"it gives a {type(output).__name__}, not one tensor")
    layout = layout_of(layer)
    grid = output if layout is None else layout.to_grid(output)
    if grid is None or grid.ndim != 4 or not output.is_floating_point():
        raise NoFeatureMap(name, f"its output of shape {tuple(output.shape)} has no rows and columns")
    return grid
