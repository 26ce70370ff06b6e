"""Reach: exact for the networks whose reach is known, and honest about those that see everything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from wsiview.errors import ModelError
from wsiview.features.reach import patch_locations, probe_reach
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import Classifier, load_classifier

Make = Callable[..., Classifier]


class Own(nn.Module):
    """A trunk of one's own, averaged and made two outputs of."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.trunk = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        return self.trunk(images).mean(dim=(2, 3))[:, :2]


class SqueezeExcite(nn.Module):
    """Scales every channel by what the whole patch holds."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps * maps.mean(dim=(2, 3), keepdim=True).sigmoid()


@pytest.mark.parametrize(
    ("architecture", "layer", "stride", "centre", "field"),
    [
        ("vgg16", "features.29", 16, 8.0, 196),
        ("vgg16", "features.3", 1, 0.5, 5),
        ("resnet18", "layer4", 32, 0.5, 435),
        ("resnet18", "conv1", 2, 0.5, 7),
        ("densenet121", "features.norm5", 32, 14.5, 2071),
    ],
)
def test_known_networks_reach_exactly_as_far_as_they_do(
    make: Make, architecture: str, layer: str, stride: int, centre: float, field: int
) -> None:
    reach = probe_reach(make(architecture, patch=224), layer)
    assert reach.local
    assert (reach.stride, reach.centre, reach.field) == ((stride, stride), (centre, centre), (field, field))
    assert reach.shape == (224 // stride, 224 // stride)


def test_a_patch_smaller_than_the_field_does_not_matter(shared: Path) -> None:
    classifier = load_classifier(read_bundle(shared / "models" / "pcam-vgg16-quarter"), "cpu")
    reach = probe_reach(classifier, "features.42")
    assert (reach.stride, reach.centre, reach.field) == ((16, 16), (8.0, 8.0), (196, 196))
    assert (reach.channels, reach.shape) == (128, (6, 6))
    assert patch_locations(classifier, "features.42", 224) == (14, 14)


def test_axes_are_probed_apart_and_named_x_y(make: Make) -> None:
    module = Own(nn.Conv2d(3, 4, kernel_size=(3, 5), stride=(1, 2), padding=(1, 0)), nn.ReLU())
    reach = probe_reach(make(module, patch=40), "trunk.1")
    assert (reach.stride, reach.centre, reach.field) == ((2, 1), (2.5, 0.5), (5, 3))
    assert reach.shape == (40, 18)


def test_the_holes_of_a_dilated_convolution_belong_to_the_field(make: Make) -> None:
    module = Own(nn.Conv2d(3, 4, 3, dilation=4, padding=4), nn.MaxPool2d(3, stride=3))
    reach = probe_reach(make(module, patch=48), "trunk.1")
    assert (reach.stride, reach.centre, reach.field) == ((3, 3), (1.5, 1.5), (11, 11))


def test_pixels_that_unpadded_strides_drop_at_the_end_hide_no_padding(make: Make) -> None:
    """Nothing sees the last pixel here, and the last location sees padding all the same."""
    module = Own(nn.Conv2d(3, 4, 3, stride=2), nn.MaxPool2d(3, stride=2, ceil_mode=True), nn.Conv2d(4, 4, 3, padding=1))
    reach = probe_reach(make(module, patch=64), "trunk.2")
    assert (reach.stride, reach.centre, reach.field) == ((4, 4), (3.5, 3.5), (15, 15))


def test_a_layer_that_sees_the_whole_patch_is_not_local(make: Make) -> None:
    module = Own(nn.Conv2d(3, 4, 4, stride=4), SqueezeExcite(), nn.ReLU())
    reach = probe_reach(make(module, patch=32), "trunk.2")
    assert not reach.local
    assert (reach.stride, reach.centre, reach.field) == ((4, 4), (2.0, 2.0), (32, 32))
    assert "whole patch" in (reach.note or "")
    assert probe_reach(make(module, patch=32), "trunk.0").local


def test_only_architecture_and_layer_decide(make: Make) -> None:
    first, second = make("vgg-pool"), make("vgg-pool")
    with torch.no_grad():
        for parameter in second.module.parameters():
            parameter.zero_()
    second.module.get_parameter("features.0.weight").fill_(-1)
    assert probe_reach(first, "features.12", True) == probe_reach(second, "features.12", False)


@pytest.mark.parametrize(
    ("layer", "words"),
    [("classifier", "no rows and columns"), ("features.99", "no layer 'features.99'"), ("spare", "does not run it")],
)
def test_what_is_no_feature_map_is_refused(make: Make, layer: str, words: str) -> None:
    classifier = make("vgg-pool")
    classifier.module.add_module("spare", nn.ReLU())
    with pytest.raises(ModelError, match=words):
        probe_reach(classifier, layer)


def test_a_patch_too_small_for_the_network_is_refused(make: Make) -> None:
    with pytest.raises(ModelError, match="can't take patches of 16 pixels"):
        probe_reach(make("vgg16", patch=16), "features.29")


def test_probing_leaves_no_hook(make: Make) -> None:
    classifier = make("vgg-pool")
    probe_reach(classifier, "features.12")
    hooks: list[Any] = [hook for part in classifier.module.modules() for hook in part._forward_hooks]
    assert hooks == []
