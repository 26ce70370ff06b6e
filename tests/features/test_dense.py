"""Dense evaluation: each location as in a patch that sees no padding there; offered and refused with the reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torchvision
from torch import Tensor, nn

from wsiview.errors import ModelError
from wsiview.features.dense import DenseLayer, window_side
from wsiview.features.evaluation import choose_evaluation, dense_fault, lattice_of
from wsiview.features.head import fixed_channel_weights
from wsiview.features.overlap import patch_features
from wsiview.features.projection import Projection
from wsiview.features.reach import probe_reach
from wsiview.models.classifier import Classifier
from wsiview.tiling.lattice import Cells, Lattice

Make = Callable[..., Classifier]
NARROW_VGG16 = {
    "blocks": ((4, 4), (8, 8), (8, 8, 8), (12, 12, 12), (12, 12, 12)), "batch_norm": False, "conv_bias": True,
    "last_pooling": True,
}  # fmt: skip


def narrow_densenet() -> nn.Module:
    """DenseNet-121 with a quarter of its growth, whose locations lie and see as the full one's do."""
    return torchvision.models.DenseNet(growth_rate=4, block_config=(6, 12, 24, 2), num_init_features=8, num_classes=2)


@pytest.mark.parametrize(
    ("network", "layer", "patch", "rectify"),
    [
        ("vgg-pool", "features.29", 1024, False),
        ("resnet18", "layer4", 832, False),
        (narrow_densenet, "features.denseblock3", 1232, True),
        ("squeezenet1_1", "features.12", 512, False),
    ],
)
def test_dense_equals_the_locations_of_a_patch_that_see_no_padding(
    make: Make, network: str | Callable[[], nn.Module], layer: str, patch: int, rectify: bool
) -> None:
    torch.manual_seed(3)
    if network == "vgg-pool":
        classifier = make(network, patch=patch, **NARROW_VGG16)
    elif network == "squeezenet1_1":
        classifier = make(torchvision.models.squeezenet1_1(num_classes=2), patch=patch)
    else:
        classifier = make(network if isinstance(network, str) else network(), patch=patch)
    lattice = lattice_of(probe_reach(classifier, layer, rectify))
    assert lattice is not None
    assert dense_fault(lattice, patch) is None
    stride, before, clean = lattice.stride[0], lattice.before[0], lattice.clean(patch)[0]
    # The patch lies just far enough into the slide for a window to start at its first location.
    slide = np.random.default_rng(7).integers(0, 256, (2 * (patch + stride * before),) * 2 + (3,), np.uint8)
    whole = slide[stride * before :, stride * before :][:patch, :patch]
    window = Cells(before, before, before + clean, before + clean)
    x, y, width, height = lattice.pixels(window)
    assert (x, y) == (0, 0)
    padded = patch_features(classifier, layer, whole[None], batch=1, rectify=rectify).activations[0]
    found = DenseLayer(classifier, layer, rectify, lattice).features(slide[:height, :width], window).numpy()
    inner = np.s_[before : before + clean, before : before + clean]
    scale = np.abs(padded[inner]).max(axis=2, keepdims=True)
    assert clean**2 >= 100
    assert scale.min() > 0
    assert (np.abs(found[inner] - padded[inner]) <= 1e-5 * scale).all()
    # The corner of the patch sees padding, and is another number.
    assert np.abs(found[0, 0] - padded[0, 0]).max() > 1e-2 * scale.max()


class InstanceNorm(nn.Module):
    """A trunk that every location of the patch has a say in."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(3, 4, 4, stride=4), nn.InstanceNorm2d(4), nn.ReLU())

    def forward(self, images: Tensor) -> Tensor:
        return self.trunk(images).mean(dim=(2, 3))[:, :2]


OFFERED = [("mobilenet_v2", "features.18"), ("alexnet", "features.11")]
REFUSED = [
    ("mobilenet_v3_small", "features.12", "sees the whole patch"),
    ("efficientnet_b0", "features.8", "sees the whole patch"),
    ("regnet_y_400mf", "trunk_output", "sees the whole patch"),
    ("shufflenet_v2_x0_5", "conv5", "sees 527 × 527 pixels"),
    ("mnasnet0_5", "layers", "sees 843 × 843 pixels"),
]


@pytest.mark.parametrize(("network", "layer"), OFFERED)
def test_it_is_offered_where_a_patch_has_clean_locations(make: Make, network: str, layer: str) -> None:
    classifier = make(torchvision.models.get_model(network, weights=None, num_classes=2), patch=512)
    assert dense_fault(lattice_of(probe_reach(classifier, layer)), 512) is None


@pytest.mark.parametrize(("network", "layer", "reason"), REFUSED)
def test_it_is_refused_with_the_reason(make: Make, network: str, layer: str, reason: str) -> None:
    classifier = make(torchvision.models.get_model(network, weights=None, num_classes=2), patch=512)
    choice = choose_evaluation(classifier, layer, probe_reach(classifier, layer), 512, 256)
    assert choice.evaluation == "overlap"
    assert reason in choice.reason


def test_global_context_of_any_kind_is_refused(make: Make) -> None:
    classifier = make(InstanceNorm(), patch=64)
    assert "whole patch" in (dense_fault(lattice_of(probe_reach(classifier, "trunk.2")), 64) or "")
    swin = torchvision.models.swin_transformer.SwinTransformer(
        patch_size=[4, 4], embed_dim=12, depths=[2, 2], num_heads=[2, 2], window_size=[7, 7], num_classes=2
    )
    try:
        reach = probe_reach(make(swin, patch=224), "features.3")
    except ModelError:
        return
    assert dense_fault(lattice_of(reach), 224) is not None


def test_the_choice_for_the_papers_geometry_is_dense_and_says_what_it_saves(make: Make) -> None:
    classifier = make("vgg-pool", patch=512, **NARROW_VGG16)
    reach = probe_reach(classifier, "features.29")
    assert choose_evaluation(classifier, "features.29", reach, 512, 256).evaluation == "dense"
    assert "2.8 times less" in choose_evaluation(classifier, "features.29", reach, 512, 256).reason
    apart = choose_evaluation(classifier, "features.29", reach, 512, 512)
    assert apart.evaluation == "overlap"
    assert "1.4 times as much" in apart.reason


class PerceptronHead(nn.Module):
    """Pools, and then is not linear."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU())
        self.head = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2))

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.head(self.trunk(images).mean(dim=(2, 3)))
        return found


@pytest.mark.parametrize("pool", ["avg", "max"])
def test_fixed_channel_weights_give_the_grad_cam_of_whole_patches(make: Make, pool: str) -> None:
    classifier = make("vgg-pool", pool=pool, outputs=3)
    pixels = np.random.default_rng(9).integers(0, 256, (2, 64, 64, 3), np.uint8)
    found = patch_features(classifier, "features.12", pixels, batch=2, target=2)
    weights = fixed_channel_weights(classifier, "features.12", 64, rectify=False, target=2, contrast="others")
    assert weights is not None
    projection = Projection([np.eye(2, 8, dtype=np.float32)], {"gradcam/2": weights}, torch.device("cpu"))
    numbers = projection(torch.from_numpy(found.activations[1]))
    assert found.grad_cam is not None
    assert np.abs(numbers.saliency["gradcam/2"] - found.grad_cam[1]).max() <= 1e-5 * np.abs(found.grad_cam).max()
    assert np.array_equal(numbers.classes[0], found.activations[1][..., :2].astype(np.float64))
    assert numbers.square == pytest.approx((found.activations[1].astype(np.float64) ** 2).sum(-1))


@pytest.mark.parametrize(
    ("network", "layer", "rectify"),
    [(PerceptronHead, "trunk.1", False), ("densenet121", "features.norm5", True), ("resnet18", "layer4.0.conv1", True)],
)
def test_heads_that_weigh_every_patch_anew_are_told(
    make: Make, network: str | Callable[[], nn.Module], layer: str, rectify: bool
) -> None:
    classifier = make(network if isinstance(network, str) else network(), patch=64)
    assert fixed_channel_weights(classifier, layer, 64, rectify=rectify, target=1, contrast="others") is None
    assert not any(part._forward_hooks for part in classifier.module.modules())


def test_windows_are_twice_as_large_where_the_network_is_narrow(make: Make) -> None:
    lattice = Lattice((16, 16), (8.0, 8.0), (196, 196))
    narrow = make("vgg-pool", patch=64, **NARROW_VGG16)
    assert window_side(narrow, "features.29", lattice) == 2 * lattice.side
    wide = make("vgg-pool", patch=64, **{**NARROW_VGG16, "blocks": ((64, 4), *NARROW_VGG16["blocks"][1:])})
    assert window_side(wide, "features.29", lattice) == lattice.side
