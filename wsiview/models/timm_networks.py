"""timm networks: built from timm's own list of models, without weights and never from a hub; timm loads late."""

from __future__ import annotations

import difflib
from typing import Any

import torch
from torch import nn

from wsiview.errors import ModelError
from wsiview.models.default_layers import KNOWN
from wsiview.models.token_layout import lay_out_timm, read_only_patches_of


class TimmMissing(ModelError):
    """A network of timm is wanted, and timm is not installed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the architecture {name!r} is one of timm's; to have it, run `pip install wsiview[timm]`")
        self.name = name


def build_timm(name: str, num_classes: int, patch: int | None) -> nn.Module:
    """The network of that name, its numbers random.

    Parameters
    ----------
    patch
        Side of the patches that it will read, in pixels; None: the side that the network was made for.

    Raises
    ------
    TimmMissing
        If timm is not installed.
    ModelError
        If its list has no such name, or the network can't read such patches.
    """
    try:
        import timm
    except ImportError:
        raise TimmMissing(name) from None
    names: list[str] = timm.list_models()
    if name not in names:
        near = ", ".join(difflib.get_close_matches(name, [*names, *KNOWN], n=5, cutoff=0.3)) or "none like it"
        raise ModelError(f"the architecture {name!r} is known neither here nor in timm's list; there are {near}")
    config: Any = timm.get_pretrained_cfg(name)
    fixed = patch is not None and config is not None and bool(config.fixed_input_size)
    size: dict[str, Any] = {"img_size": patch} if fixed else {}
    # Some networks keep tables outside their state_dict, which a network without memory would never get.
    with torch.device("cpu"):
        try:
            module: nn.Module = timm.create_model(name, pretrained=False, num_classes=num_classes, **size)
        except (AssertionError, RuntimeError, TypeError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(f"timm can't build {name!r} for patches of {patch} px ({reason})") from None
    lay_out_timm(module)
    if fixed and patch is not None:
        read_only_patches_of(module, patch, "because its positions are fixed")
    return module


def last_stage(module: nn.Module) -> str | None:
    """The last stage that a network of timm tells of itself; None for other networks."""
    told: Any = getattr(module, "feature_info", None)
    stages = list(getattr(told, "info", told) or [])
    name = stages[-1].get("module") if stages else None
    return name if name in dict(module.named_modules()) else None
