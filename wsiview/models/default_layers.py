"""Default layers: the architectures that are known, and the layer of each that is explained by default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wsiview.errors import ModelError
from wsiview.models.providers import installed_architectures, is_timm_name, timm_is_there

_VGG_CONVOLUTIONS = {"vgg11": 8, "vgg13": 10, "vgg16": 13, "vgg19": 16}
RESNETS = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
    "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2",
)  # fmt: skip
DENSENETS = ("densenet121", "densenet161", "densenet169", "densenet201")
VGGS = tuple(name + suffix for name in _VGG_CONVOLUTIONS for suffix in ("", "_bn"))
VITS = {"vit_b_16": 12, "vit_b_32": 12, "vit_l_16": 24, "vit_l_32": 24, "vit_h_14": 32}
"""torchvision's vision transformers, and how many blocks they have."""
SWINS = ("swin_t", "swin_s", "swin_b", "swin_v2_t", "swin_v2_s", "swin_v2_b")
_GIGAFLOPS = ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")
REGNETS = tuple(f"regnet_{kind}_{size}" for kind in "xy" for size in _GIGAFLOPS)
SHUFFLENETS = tuple(f"shufflenet_v2_{size}" for size in ("x0_5", "x1_0", "x1_5", "x2_0"))
MNASNETS = tuple(f"mnasnet{size}" for size in ("0_5", "0_75", "1_0", "1_3"))
_LAST_STAGES = {
    "alexnet": 11, "squeezenet1_0": 12, "squeezenet1_1": 12, "mobilenet_v2": 18, "mobilenet_v3_small": 12,
    "mobilenet_v3_large": 16, "efficientnet_v2_s": 7, "efficientnet_v2_m": 8, "efficientnet_v2_l": 8,
}  # fmt: skip
"""torchvision's small and efficient networks, and the number in `features` of their last stage."""
_EFFICIENTNETS = tuple(f"efficientnet_b{size}" for size in range(8))
_CONVNEXTS = tuple(f"convnext_{size}" for size in ("tiny", "small", "base", "large"))
TORCHVISION = (*VGGS, *RESNETS, *DENSENETS, *VITS, *SWINS, *_LAST_STAGES, *REGNETS, *SHUFFLENETS, *MNASNETS)
SHARED = (*_EFFICIENTNETS, *_CONVNEXTS)
"""Names under which timm has another network; torchvision's is called `torchvision/NAME`."""
KNOWN = ("vgg-pool", "vgg16-gmp", *TORCHVISION, *(f"torchvision/{name}" for name in SHARED))

# torchvision's vgg16().features, then global maximum pooling and one linear layer: the paper's model.
VGG16_GMP: Mapping[str, Any] = {
    "blocks": ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)),
    "batch_norm": False,
    "conv_bias": True,
    "pool": "max",
    "dropout": 0.5,
    "last_pooling": True,
}
_UNTOLD_STRIDE = 32  # most networks have it; only the default distance of patches rests on it
_BLOCKS = {"tiny": 12, "small": 12, "base": 12, "large": 24, "huge": 32}


class ArchitectureUnknown(ModelError):
    """No room here knows how to build this network."""

    def __init__(self, architecture: str) -> None:
        known = (*KNOWN, *installed_architectures())
        timm = "" if timm_is_there() else "; if it is one of timm's, run `pip install wsiview[timm]`"
        super().__init__(
            f"the architecture {architecture!r} is not known, so its network can't be built; "
            f"known are {', '.join(known)}{timm}"
        )
        self.architecture = architecture


class LayerUntold(ModelError):
    """The network can be built, but nobody has said which of its layers is explained."""

    def __init__(self, architecture: str) -> None:
        super().__init__(
            f"no layer of the architecture {architecture!r} is known here; check its name, and name the layer to "
            "explain in the field wsiview.layer"
        )
        self.architecture = architecture


@dataclass(frozen=True)
class Default:
    """What is explained of an architecture.

    Attributes
    ----------
    layer
        Its name; None where none is known.
    stride
        Input pixels from one location to the next.
    rectify
        Whether its output must be rectified first.
    signed
        Whether the layers of this architecture give numbers of both signs, so that classes come from semi-NMF.
    """

    layer: str | None
    stride: int
    rectify: bool = False
    signed: bool = False


def default_of(architecture: str, options: Mapping[str, Any]) -> Default:
    """What is explained of an architecture by default.

    VGG: the last ReLU of `features`. ResNet: `layer4`, which ends in a ReLU. DenseNet: `features.norm5`, which the
    network itself rectifies only afterwards. Vision transformers: what the last block's attention reads, after its
    norm; the block's own patch tokens no longer reach an output that is read off the class token, and without the norm
    a few channels outweigh all others. Swin: the normalised features below the pooling. Others: the last stage, before
    the pooling.

    Parameters
    ----------
    options
        The bundle's options of `vgg-pool`; ignored for other architectures.

    Raises
    ------
    ArchitectureUnknown
        If nothing here can build it.
    """
    if architecture == "vgg-pool":
        return Default(f"features.{_last_relu(options)}", int(2 ** (len(options["blocks"]) - 1)))
    if architecture == "vgg16-gmp":
        return Default(f"features.{_last_relu(VGG16_GMP)}", 16)
    name = torchvision_name(architecture)
    if name is not None:
        return _torchvision(name)
    if architecture in installed_architectures():
        return Default(None, _UNTOLD_STRIDE)
    if is_timm_name(architecture) and timm_is_there():
        return _timm(architecture.removeprefix("timm/"))
    raise ArchitectureUnknown(architecture)


def default_layer(architecture: str, options: Mapping[str, Any]) -> tuple[str, bool]:
    """The layer to explain, and whether its output must be rectified first; see `default_of`.

    Raises
    ------
    ArchitectureUnknown
        If nothing here can build it.
    LayerUntold
        If it has no default layer.
    """
    found = default_of(architecture, options)
    if found.layer is None:
        raise LayerUntold(architecture)
    return found.layer, found.rectify


def default_stride(architecture: str, options: Mapping[str, Any]) -> int:
    """Input pixels from one location of the default layer to the next.

    Raises
    ------
    ArchitectureUnknown
        If nothing here can build it.
    """
    return default_of(architecture, options).stride


def torchvision_name(architecture: str) -> str | None:
    """What torchvision calls the network that is meant; None if it is none of torchvision's.

    Left out are GoogLeNet and Inception: whether these shift their input's colours, their weights don't say.
    """
    name = architecture.removeprefix("torchvision/")
    return name if name in TORCHVISION or (name != architecture and name in SHARED) else None


def _torchvision(name: str) -> Default:
    if name in VGGS:
        return Default(_vgg_layer(name), 16)
    if name in RESNETS:
        return Default("layer4", 32)
    if name in DENSENETS:
        return Default("features.norm5", 32, rectify=True)
    if name in VITS:
        return _transformer(f"encoder.layers.encoder_layer_{VITS[name] - 1}.ln_1", int(name[-2:]))
    if name in SWINS:
        return _transformer("permute", 32)
    if name in REGNETS:
        return Default("trunk_output", 32)
    if name in SHUFFLENETS:
        return Default("conv5", 32)
    if name in MNASNETS:
        return Default("layers", 32)
    if name in _CONVNEXTS:
        return Default("features.7", 32, signed=True)
    # The activations of MobileNetV3 and EfficientNet dip a little below 0.
    dips = name.startswith(("mobilenet_v3", "efficientnet"))
    stride = 16 if name.startswith(("alexnet", "squeezenet")) else 32
    return Default(f"features.{_LAST_STAGES.get(name, 8)}", stride, rectify=dips)


def _timm(name: str) -> Default:
    """The families of timm whose layers are known; it numbers them as torchvision does where both have a network."""
    if re.match(r"(tv_|test_)?(wide_)?(se)?resnex?t(\d|$)", name):
        return Default("layer4", 32)
    if name in DENSENETS:
        return Default("features.norm5", 32, rectify=True)
    if name in VGGS:
        return Default(_vgg_layer(name), 16)
    if name == "inception_v4":
        return Default("features.21", 32)
    if name == "inception_v3":
        return Default("Mixed_7c", 32)
    if re.match(r"(tf_)?(efficientnet|efficientnetv2|mobilenetv2)_", name):
        return Default("bn2", 32, rectify=True)  # its activation dips a little below 0
    if name.startswith("convnext"):
        return Default("stages.3", 32, signed=True)
    if found := re.match(r"(?:vit|deit|deit3)_(tiny|small|base|large|huge)_patch(\d+)", name):
        return _transformer(f"blocks.{_BLOCKS[found[1]] - 1}.norm1", int(found[2]))
    if re.match(r"swin(v2)?_(?!.*cr)", name):
        return _transformer("norm", 32)
    return Default(None, _UNTOLD_STRIDE)


def _transformer(layer: str, stride: int) -> Default:
    return Default(layer, stride, signed=True)


def _vgg_layer(architecture: str) -> str:
    name, _, normed = architecture.partition("_")
    return f"features.{_VGG_CONVOLUTIONS[name] * (3 if normed else 2) + 3}"


def _last_relu(options: Mapping[str, Any]) -> int:
    """Index in `features` of the ReLU after the last convolution; a pooling stands between blocks."""
    convolutions = sum(len(block) for block in options["blocks"])
    return convolutions * (3 if options["batch_norm"] else 2) + len(options["blocks"]) - 2
