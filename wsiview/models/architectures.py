"""Architectures: builds the network that a bundle names, without weights; the only file that imports torchvision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torchvision
from torch import Tensor, nn

from wsiview.models.bundle import Bundle
from wsiview.models.default_layers import TORCHVISION, VGGS, ArchitectureUnknown


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
    return build_architecture(bundle.architecture, bundle.options, bundle.num_classes)


def build_architecture(architecture: str, options: Mapping[str, Any], num_classes: int) -> nn.Module:
    """As `build`, for an architecture by its name."""
    if architecture in ("vgg-pool", "vgg16-gmp"):
        module: nn.Module = VggPool(**options, num_classes=num_classes)
    elif architecture in TORCHVISION:
        more = {"init_weights": False} if architecture in VGGS else {}
        module = torchvision.models.get_model(architecture, weights=None, num_classes=num_classes, **more)
    else:
        raise ArchitectureUnknown(architecture)
    for part in module.modules():
        if isinstance(part, (nn.ReLU, nn.Dropout)):
            part.inplace = False
    return module
