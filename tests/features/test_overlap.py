"""Patches by overlap: fixed shapes, the network's own numbers, and clear refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from wsiview.errors import ModelError
from wsiview.features.overlap import patch_features
from wsiview.models.classifier import Classifier

Make = Callable[..., Classifier]
PIXELS = np.random.default_rng(5).integers(0, 256, (3, 64, 64, 3), np.uint8)
RELU, NORM, CONV = "features.12", "features.11", "features.10"


class Reversed(nn.Module):
    """Its first layer is not on the way to its outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.aside, self.way = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 1)

    def forward(self, images: Tensor) -> Tensor:
        self.aside(images)
        return self.way(images).mean(dim=(2, 3))


def test_features_are_the_layers_output_location_by_location(make: Make) -> None:
    classifier = make("vgg-pool")
    found = patch_features(classifier, RELU, PIXELS, batch=4)
    images = classifier.normalise(PIXELS)
    expected = classifier.module.get_submodule("features")(images).permute(0, 2, 3, 1).numpy()
    assert found.activations.shape == (3, 32, 32, 8)
    assert found.activations.dtype == found.logits.dtype == np.float32
    assert found.activations.flags.c_contiguous
    assert found.grad_cam is None
    np.testing.assert_allclose(found.activations, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.logits, classifier.forward(images).numpy(), rtol=1e-5, atol=1e-6)


def test_the_network_always_sees_a_whole_batch(make: Make) -> None:
    classifier = make("vgg-pool")
    seen: list[tuple[int, ...]] = []
    classifier.module.register_forward_pre_hook(lambda module, inputs: seen.append(tuple(inputs[0].shape)))
    whole = patch_features(classifier, RELU, np.concatenate([PIXELS, PIXELS[2:]]), batch=4, target=0)
    part = patch_features(classifier, RELU, PIXELS, batch=4, target=0)
    assert seen == [(4, 3, 64, 64)] * 2
    np.testing.assert_array_equal(part.activations, whole.activations[:3])
    np.testing.assert_array_equal(part.logits, whole.logits[:3])
    assert part.grad_cam is not None
    assert whole.grad_cam is not None
    np.testing.assert_array_equal(part.grad_cam, whole.grad_cam[:3])


def test_asking_for_a_target_changes_neither_features_nor_logits(make: Make) -> None:
    classifier = make("vgg-pool")
    plain, explained = (patch_features(classifier, RELU, PIXELS, batch=3, target=target) for target in (None, 1))
    np.testing.assert_array_equal(plain.activations, explained.activations)
    np.testing.assert_array_equal(plain.logits, explained.logits)


def test_rectifying_changes_the_copy_and_not_the_network(make: Make) -> None:
    classifier = make("vgg-pool")
    with pytest.raises(ModelError, match=r"'features\.11' can't be clustered: it gives negative numbers; set .rectify"):
        patch_features(classifier, NORM, PIXELS, batch=3)
    rectified = patch_features(classifier, NORM, PIXELS, batch=3, rectify=True)
    plain = patch_features(classifier, RELU, PIXELS, batch=3)
    np.testing.assert_array_equal(rectified.activations, plain.activations)
    np.testing.assert_array_equal(rectified.logits, plain.logits)


def test_densenets_last_norm_can_be_rectified_and_explained(make: Make) -> None:
    found = patch_features(make("densenet121"), "features.norm5", PIXELS, batch=3, rectify=True, target=1)
    assert found.activations.shape == (3, 2, 2, 1024)
    assert found.activations.min() == 0
    assert found.grad_cam is not None
    assert np.abs(found.grad_cam).max() > 0


@pytest.mark.parametrize("target", [None, 1])
def test_refusals_leave_the_network_as_it_was(make: Make, target: int | None) -> None:
    classifier = make("vgg-pool")
    classifier.module.train()
    classifier.module.get_parameter("classifier.bias").requires_grad_()
    for layer, words in (("classifier", "no rows and columns"), ("nothing", "no layer 'nothing'"), (NORM, "negative")):
        with pytest.raises(ModelError, match=words):
            patch_features(classifier, layer, PIXELS, batch=3, target=target)
    with pytest.raises(ModelError, match="target 2 is not one of the model's 2 outputs"):
        patch_features(classifier, RELU, PIXELS, batch=3, target=2)
    assert all(part.training for part in classifier.module.modules())
    assert [name for name, value in classifier.module.named_parameters() if value.requires_grad] == ["classifier.bias"]
    assert not any(part._forward_hooks for part in classifier.module.modules())


def test_a_layer_that_the_score_does_not_depend_on_is_refused(make: Make) -> None:
    with pytest.raises(ModelError, match="'aside' can't be explained: the outputs do not depend on it"):
        patch_features(make(Reversed()), "aside", PIXELS, batch=3, target=0, rectify=True)


def test_numbers_that_are_not_finite_are_refused(make: Make) -> None:
    classifier = make("vgg-pool")
    classifier.module.get_parameter("features.0.weight").fill_(torch.inf)
    with pytest.raises(ModelError, match="not finite"):
        patch_features(classifier, RELU, PIXELS, batch=3)
