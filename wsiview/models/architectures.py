"""Architectures: builds the network that a bundle names, without weights; the only file that imports torchvision."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from importlib.metadata import EntryPoint
from typing import Any

import torch
from torch import Tensor, nn

from wsiview.errors import ModelError
from wsiview.models.bundle import Bundle
from wsiview.models.default_layers import REGNETS, VGGS, VITS, ArchitectureUnknown, torchvision_name
from wsiview.models.providers import installed_architectures, is_timm_name
from wsiview.models.timm_networks import build_timm
from wsiview.models.token_layout import ChannelsLast, Tokens, lay_out, lay_out_timm, read_only_patches_of


class VggPool(nn.Module):
    """A VGG trunk of any width, one global pooling, dropout, one linear layer.

    `features` is, for each convolution of each block, Conv2d 3 × 3, BatchNorm2d if wanted, and ReLU; a MaxPool2d(2)
    stands between blocks, and after the last one if `last_pooling`.

    Parameters
    ----------
    blocks
        Output channels of each convolution, block by block.
    pool
        Global pooling: "avg" or "max".
    num_classes
        Outputs of the linear layer.
    """

    def __init__(
        self,
        blocks: Sequence[Sequence[int]],
        batch_norm: bool,
        conv_bias: bool,
        pool: str,
        dropout: float,
        last_pooling: bool,
        num_classes: int,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for number, block in enumerate(blocks):
            if number:
                layers.append(nn.MaxPool2d(2))
            for width in block:
                layers.append(nn.Conv2d(channels, width, 3, padding=1, bias=conv_bias))
                layers += [nn.BatchNorm2d(width)] if batch_norm else []
                layers.append(nn.ReLU())
                channels = width
        if last_pooling:
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.pool: nn.Module = nn.AdaptiveAvgPool2d(1) if pool == "avg" else nn.AdaptiveMaxPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, num_classes) of images (N, 3, h, w)."""
        logits: Tensor = self.classifier(self.dropout(self.pool(self.features(images)).flatten(1)))
        return logits


def build(bundle: Bundle) -> nn.Module:
    """The bundle's network, its tensors not yet loaded; nothing is ever downloaded.

    No module of it works in place, so that a hook sees what its layer gave.

    Raises
    ------
    ArchitectureUnknown
        If no builder here has that name.
    """
    return build_architecture(bundle.architecture, bundle.options, bundle.num_classes, bundle.patch_pixels)


def build_architecture(
    architecture: str, options: Mapping[str, Any], num_classes: int, patch: int | None = None
) -> nn.Module:
    """As `build`, for an architecture by its name.

    Parameters
    ----------
    patch
        Side of the patches that it will read, in pixels: vision transformers are built for one size.

    Raises
    ------
    ArchitectureUnknown
        If no builder here has that name.
    ModelError
        If the network can't be built so, in one sentence.
    """
    installed = installed_architectures()
    if architecture in ("vgg-pool", "vgg16-gmp"):
        module: nn.Module = VggPool(**options, num_classes=num_classes)
    elif (name := torchvision_name(architecture)) is not None:
        module = _torchvision(name, num_classes, patch)
    elif architecture in installed:
        module = _installed(installed[architecture], num_classes, patch)
    elif is_timm_name(architecture):
        module = build_timm(architecture.removeprefix("timm/"), num_classes, patch)
    else:
        raise ArchitectureUnknown(architecture)
    for part in module.modules():
        _lay_out_torchvision(part)
        if getattr(part, "inplace", None) is True:
            part.inplace = False  # type: ignore[assignment]
    return module


def _torchvision(architecture: str, num_classes: int, patch: int | None) -> nn.Module:
    import torchvision  # takes as long to load as torch itself: only for those who need it

    more: dict[str, Any] = {"init_weights": False} if architecture in VGGS else {}
    if architecture in VITS and patch is not None:
        side = int(architecture[-2:])
        if patch % side:
            raise ModelError(
                f"{architecture!r} cuts patches into squares of {side} px, which do not divide {patch} px; "
                f"use {max(side, patch // side * side)} px"
            )
        more = {"image_size": patch}
    # RegNets reckon their widths with tensors, which a device without memory can't.
    with torch.device("cpu") if architecture in REGNETS else nullcontext():
        module: nn.Module = torchvision.models.get_model(architecture, weights=None, num_classes=num_classes, **more)
    return module


def _lay_out_torchvision(part: nn.Module) -> None:
    """Tell where the locations of torchvision's transformers lie, whoever built them."""
    models = sys.modules.get("torchvision.models")
    if models is None:  # then nothing is of its making
        return
    if isinstance(part, models.VisionTransformer):
        side = part.image_size // part.patch_size
        lay_out(part.encoder, Tokens(side, side, prefix=1))
        read_only_patches_of(part, part.image_size, "because its positions are fixed")
    elif isinstance(part, models.SwinTransformer):
        lay_out(part.features, ChannelsLast())
        lay_out(part.norm, ChannelsLast())


def _installed(point: EntryPoint, num_classes: int, patch: int | None) -> nn.Module:
    """The network of an installed package, on the CPU, since it may keep numbers outside its state_dict."""
    source = f"{point.name!r} of the package {point.dist.name if point.dist else point.value!r}"
    try:
        with torch.device("cpu"):
            module = point.load()(num_classes=num_classes, patch_pixels=patch)
    except Exception as error:  # whatever goes wrong in it is the package's
        raise ModelError(
            f"the architecture {source} can't be built ({type(error).__name__}: {error}); ask its authors"
        ) from error
    if not isinstance(module, nn.Module):
        raise ModelError(f"the architecture {source} gives a {type(module).__name__}, no torch module; ask its authors")
    lay_out_timm(module)
    return module
