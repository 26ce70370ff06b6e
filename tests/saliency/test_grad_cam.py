"""Grad-CAM: equal to its closed form wherever one linear layer follows a global pooling."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from wsiview.features.overlap import patch_features
from wsiview.features.recording import grafting
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import Classifier, load_classifier
from wsiview.models.target import contrast_logit
from wsiview.saliency.grad_cam import grad_cam

Make = Callable[..., Classifier]
PIXELS = np.random.default_rng(9).integers(0, 256, (3, 64, 64, 3), np.uint8)
LAYER = "features.12"


def closed_form(classifier: Classifier, activations: np.ndarray, target: int, contrast: str) -> np.ndarray:
    """Σ_c α_c A_c with α = u / (h·w), u the target's row less the mean of the others."""
    rows = classifier.module.get_parameter("classifier.weight").double().numpy()
    direction = rows[target]
    if contrast == "others" and len(rows) > 1:
        direction = direction - np.delete(rows, target, axis=0).mean(axis=0)
    height, width = activations.shape[1:3]
    return activations.astype(np.float64) @ direction / (height * width)


def assert_same(found: np.ndarray | None, expected: np.ndarray) -> None:
    assert found is not None
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("pool", ["avg", "max"])
@pytest.mark.parametrize(
    ("outputs", "target", "contrast"), [(1, 0, "none"), (2, 1, "others"), (4, 2, "others"), (4, 2, "none")]
)
def test_it_is_one_fixed_linear_map_for_a_pooled_head(
    make: Make, pool: str, outputs: int, target: int, contrast: str
) -> None:
    classifier = make("vgg-pool", outputs=outputs, pool=pool)
    found = patch_features(classifier, LAYER, PIXELS, batch=3, target=target, contrast=contrast)
    assert_same(found.grad_cam, closed_form(classifier, found.activations, target, contrast))


def test_a_channel_that_is_zero_everywhere_keeps_its_weight_under_maximum_pooling(make: Make) -> None:
    classifier = make("vgg-pool", pool="max")
    module = classifier.module
    module.get_parameter("features.11.bias")[3] = -100.0  # after ReLU nothing is left: every location is tied
    images = classifier.normalise(PIXELS)
    with torch.enable_grad(), grafting(module.get_submodule(LAYER)) as leaves:
        (gradients,) = torch.autograd.grad(module(images)[:, 1].sum(), leaves[0])
    assert leaves[0][:, 3].abs().max() == 0
    weights = gradients.mean(dim=(2, 3))
    expected = module.get_parameter("classifier.weight")[1] / (32 * 32)
    torch.testing.assert_close(weights, expected.expand_as(weights))


def test_the_papers_last_pooling_changes_nothing(make: Make) -> None:
    classifier = make("vgg-pool", outputs=1, pool="max", last_pooling=True)
    found = patch_features(classifier, LAYER, PIXELS, batch=3, target=0)
    assert_same(found.grad_cam, closed_form(classifier, found.activations, 0, "none"))


def test_the_function_and_the_evaluation_of_patches_agree(make: Make) -> None:
    classifier = make("resnet18", outputs=3)
    found = patch_features(classifier, "layer4", PIXELS, batch=3, target=2)
    with torch.enable_grad(), grafting(classifier.layer("layer4")) as leaves:
        score = contrast_logit(classifier.forward(classifier.normalise(PIXELS)), 2, "others").sum()
        (gradients,) = torch.autograd.grad(score, leaves[0])
    assert_same(found.grad_cam, grad_cam(leaves[0].detach(), gradients).numpy())


def test_it_is_signed_and_overwrites_nothing() -> None:
    activations = torch.tensor([[[[1.0, 2.0]], [[3.0, 0.0]]]])
    gradients = torch.tensor([[[[1.0, 3.0]], [[-2.0, -2.0]]]])
    before = activations.clone(), gradients.clone()
    assert grad_cam(activations, gradients).tolist() == [[[2.0 - 6.0, 4.0]]]
    torch.testing.assert_close((activations, gradients), before, rtol=0, atol=0)


@pytest.mark.usefixtures("one_thread")
def test_a_real_tumour_is_pushed_up_more_than_normal_tissue(shared: Path) -> None:
    classifier = load_classifier(read_bundle(shared / "models" / "pcam-vgg16-quarter"), "cpu")
    pushes = {}
    for name in ("normal", "tumor"):
        files = sorted((shared / "tiles" / "pcam-valid" / name).iterdir())[:16]
        pixels = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
        found = patch_features(classifier, "features.42", pixels, batch=16, target=1)
        assert_same(found.grad_cam, closed_form(classifier, found.activations, 1, "others"))
        assert found.grad_cam is not None
        pushes[name] = found.grad_cam.sum(axis=(1, 2)).mean()
    assert pushes["tumor"] > pushes["normal"]
