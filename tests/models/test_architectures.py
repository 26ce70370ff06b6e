"""Architectures: built as their weights expect, with nothing in place, and with the right default layer."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

from wsiview.models.architectures import build_architecture
from wsiview.models.default_layers import (
    DENSENETS,
    KNOWN,
    RESNETS,
    SHARED,
    SWINS,
    TORCHVISION,
    VGG16_GMP,
    VGGS,
    VITS,
    ArchitectureUnknown,
    default_layer,
    default_stride,
)  # fmt: skip


def built(architecture: str) -> nn.Module:
    with torch.device("meta"):
        return build_architecture(architecture, VGG16_GMP if architecture == "vgg16-gmp" else {}, 1)


FAMILIES = (*VGGS, *RESNETS, *DENSENETS, *VITS, *SWINS)


@pytest.mark.parametrize("architecture", FAMILIES)
def test_every_known_architecture_is_torchvisions_with_nothing_in_place(architecture: str) -> None:
    module = built(architecture)
    original = torchvision.models.get_model
    with torch.device("meta"):
        assert module.state_dict().keys() == original(architecture, weights=None, num_classes=1).state_dict().keys()
    assert not any(getattr(part, "inplace", False) for part in module.modules())
    name, rectify = default_layer(architecture, {})
    part = module.get_submodule(name)
    if architecture in VGGS:
        trunk = module.get_submodule("features").named_modules()
        assert [f"features.{key}" for key, layer in trunk if isinstance(layer, nn.ReLU)][-1] == name
    assert isinstance(part, nn.BatchNorm2d) == rectify == (architecture in DENSENETS)
    strides = {**dict.fromkeys(VGGS, 16), **{name: int(name[-2:]) for name in VITS}}
    assert default_stride(architecture, {}) == strides.get(architecture, 32)


def test_torchvisions_networks_are_known_but_for_those_that_are_told() -> None:
    offered = set(torchvision.models.list_models(torchvision.models))
    assert offered - {*TORCHVISION, *SHARED} == {"googlenet", "inception_v3", "maxvit_t", "regnet_y_128gf"}
    assert {*TORCHVISION, *SHARED} <= offered
    assert {*FAMILIES} <= {*TORCHVISION}


def test_the_papers_model_is_vgg16s_trunk_with_maximum_pooling() -> None:
    module = built("vgg16-gmp")
    trunk = torchvision.models.vgg16(weights=None).features
    kinds = [type(part) for part in module.get_submodule("features")]  # type: ignore[attr-defined]
    assert kinds == [type(part) for part in trunk]
    assert len(kinds) == 31
    shapes = {name: value.shape for name, value in module.get_submodule("features").state_dict().items()}
    assert shapes == {name: value.shape for name, value in trunk.state_dict().items()}
    assert module.get_parameter("classifier.weight").shape == (1, 512)
    assert default_layer("vgg16-gmp", VGG16_GMP) == ("features.29", False)


def test_an_unknown_architecture_is_refused_with_the_list() -> None:
    words = r"'hf-hub:some/vit' is not known.*vgg16-gmp.*densenet201"
    with pytest.raises(ArchitectureUnknown, match=words):
        built("hf-hub:some/vit")
    for table in (default_layer, default_stride):
        with pytest.raises(ArchitectureUnknown, match=words):
            table("hf-hub:some/vit", {})
    assert "resnet18" in KNOWN
