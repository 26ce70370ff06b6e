"""Token layout: which numbers of a transformer's layer are its locations, and where these lie on the patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

_MARK = "wsiview_layout"  # an attribute, so that copies of a network keep it


class Layout(Protocol):
    """Between what a layer gives and a grid of locations (n, C, h, w)."""

    def to_grid(self, output: Tensor) -> Tensor | None:
        """The locations as (n, C, h, w); None if the output is not laid out so."""
        ...

    def from_grid(self, grid: Tensor, output: Tensor) -> Tensor:
        """The layer's output with its locations replaced by those of the grid; the rest carries no gradient."""
        ...


@dataclass(frozen=True)
class Tokens:
    """Rows × columns of patch tokens, row by row, after `prefix` tokens (class, registers) that have no place."""

    rows: int
    cols: int
    prefix: int

    def to_grid(self, output: Tensor) -> Tensor | None:
        """(n, prefix + rows · cols, C), with or without the prefix, as (n, C, rows, cols)."""
        if output.ndim == 4:  # the convolution that makes the tokens
            return output if output.shape[2:] == (self.rows, self.cols) else None
        first = self._first(output)
        if first is None:
            return None
        return output[:, first:].transpose(1, 2).reshape(len(output), -1, self.rows, self.cols)

    def from_grid(self, grid: Tensor, output: Tensor) -> Tensor:
        """The tokens of the grid, after the output's own class and register tokens."""
        if output.ndim == 4:
            return grid
        return torch.cat([output[:, : self._first(output)].detach(), grid.flatten(2).transpose(1, 2)], dim=1)

    def _first(self, output: Tensor) -> int | None:
        """Where the patch tokens start."""
        extra = output.shape[1] - self.rows * self.cols if output.ndim == 3 else -1
        return extra if extra in (0, self.prefix) else None


@dataclass(frozen=True)
class ChannelsLast:
    """(n, rows, cols, C), as windowed transformers keep their locations."""

    def to_grid(self, output: Tensor) -> Tensor | None:
        """As (n, C, rows, cols)."""
        return output.permute(0, 3, 1, 2) if output.ndim == 4 else None

    def from_grid(self, grid: Tensor, output: Tensor) -> Tensor:
        """As (n, rows, cols, C)."""
        return grid.permute(0, 2, 3, 1)


def layout_of(layer: nn.Module) -> Layout | None:
    """How the layer lays out its locations; None: (n, C, h, w) as convolutions do."""
    found: Layout | None = getattr(layer, _MARK, None)
    return found


def lay_out(module: nn.Module, layout: Layout) -> None:
    """Mark every part of the module whose output may hold locations; convolutions keep their own order."""
    for part in module.modules():
        if isinstance(layout, Tokens) or not isinstance(part, nn.Conv2d):
            setattr(part, _MARK, layout)


def lay_out_timm(module: nn.Module) -> None:
    """Mark the transformers of timm, and networks that keep to its names, by what they say of themselves."""
    part: Any = module
    prefix = getattr(part, "num_prefix_tokens", None)
    grid = getattr(getattr(part, "patch_embed", None), "grid_size", None)
    if prefix is not None and grid is not None and hasattr(part, "blocks"):
        for name in ("patch_embed", "pos_drop", "norm_pre", "blocks", "norm"):
            if hasattr(part, name):
                lay_out(getattr(part, name), Tokens(int(grid[0]), int(grid[1]), int(prefix)))
    elif getattr(part, "output_fmt", None) == "NHWC":
        for name in ("layers", "norm"):
            if hasattr(part, name):
                lay_out(getattr(part, name), ChannelsLast())


def read_only_patches_of(module: nn.Module, side: int, reason: str) -> None:
    """Refuse inputs of another size in words, where the network itself would fail in the middle.

    The error is a RuntimeError, as torch's own about shapes are, whose text is the reason alone.
    """

    def check(part: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if tuple(inputs[0].shape[2:]) != (side, side):
            raise RuntimeError(f"it reads patches of {side} px only, {reason}")

    module.register_forward_pre_hook(check)
