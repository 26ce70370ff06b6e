"""Default layers: the architectures that are known, and the layer of each that is explained by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wsiview.errors import ModelError

_VGG_CONVOLUTIONS = {"vgg11": 8, "vgg13": 10, "vgg16": 13, "vgg19": 16}
RESNETS = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
    "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2",
)  # fmt: skip
DENSENETS = ("densenet121", "densenet161", "densenet169", "densenet201")
VGGS = tuple(name + suffix for name in _VGG_CONVOLUTIONS for suffix in ("", "_bn"))
TORCHVISION = (*VGGS, *RESNETS, *DENSENETS)
KNOWN = ("vgg-pool", "vgg16-gmp", *TORCHVISION)

# torchvision's vgg16().features, then global maximum pooling and one linear layer: the paper's model.
VGG16_GMP: Mapping[str, Any] = {
    "blocks": ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)),
    "batch_norm": False,
    "conv_bias": True,
    "pool": "max",
    "dropout": 0.5,
    "last_pooling": True,
}


class ArchitectureUnknown(ModelError):
    """No room here knows how to build this network."""

    def __init__(self, architecture: str) -> None:
        super().__init__(
            f"the architecture {architecture!r} is not known, so its network can't be built; "
            f"known are {', '.join(KNOWN)}"
        )
        self.architecture = architecture


def default_layer(architecture: str, options: Mapping[str, Any]) -> tuple[str, bool]:
    """The layer to explain, and whether its output must be rectified first.

    VGG: the last ReLU of `features`. ResNet: `layer4`, which ends in a ReLU. DenseNet: `features.norm5`, which the
    network itself rectifies only afterwards.

    Parameters
    ----------
    options
        The bundle's options of `vgg-pool`; ignored for other architectures.

    Raises
    ------
    ArchitectureUnknown
        If the architecture is not in `KNOWN`.
    """
    if architecture in ("vgg-pool", "vgg16-gmp"):
        return f"features.{_last_relu(options if architecture == 'vgg-pool' else VGG16_GMP)}", False
    if architecture in VGGS:
        name, _, normed = architecture.partition("_")
        return f"features.{_VGG_CONVOLUTIONS[name] * (3 if normed else 2) + 3}", False
    if architecture in RESNETS:
        return "layer4", False
    if architecture in DENSENETS:
        return "features.norm5", True
    raise ArchitectureUnknown(architecture)


def default_stride(architecture: str, options: Mapping[str, Any]) -> int:
    """Input pixels from one location of the default layer to the next.

    Raises
    ------
    ArchitectureUnknown
        If the architecture is not in `KNOWN`.
    """
    if architecture == "vgg-pool":
        return int(2 ** (len(options["blocks"]) - 1))
    if architecture == "vgg16-gmp" or architecture in VGGS:
        return 16
    if architecture in (*RESNETS, *DENSENETS):
        return 32
    raise ArchitectureUnknown(architecture)


def _last_relu(options: Mapping[str, Any]) -> int:
    """Index in `features` of the ReLU after the last convolution; a pooling stands between blocks."""
    convolutions = sum(len(block) for block in options["blocks"])
    return convolutions * (3 if options["batch_norm"] else 2) + len(options["blocks"]) - 2
