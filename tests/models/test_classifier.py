"""Classifiers and devices: ready to run, repeatable, and clear about what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from PIL import Image

from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import LayerNotFound, load_classifier
from wsiview.models.device import DeviceMissing, pick_device, set_threads
from wsiview.models.target import contrast_logit

Write = Callable[[object], Path]


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_a_loaded_network_evaluates_and_asks_for_no_gradient(write: Write, config: dict[str, Any]) -> None:
    classifier = load_classifier(read_bundle(write(config)), "cpu")
    assert not any(part.training for part in classifier.module.modules())
    assert not any(parameter.requires_grad for parameter in classifier.module.parameters())
    assert not any(tensor.is_meta for tensor in classifier.module.state_dict().values())


def test_pixels_are_normalised_like_the_transform_says(write: Write, config: dict[str, Any]) -> None:
    classifier = load_classifier(read_bundle(write(config)), "cpu")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    images = classifier.normalise(pixels)
    expected = (pixels / 255 - np.array([0.7, 0.5, 0.6])) / np.array([0.2, 0.3, 0.25])
    assert images.dtype == torch.float32
    assert images.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(images.numpy(), expected.transpose(0, 3, 1, 2), atol=1e-6)


def test_a_missing_layer_is_answered_with_near_ones(write: Write, config: dict[str, Any]) -> None:
    classifier = load_classifier(read_bundle(write(config)), "cpu")
    with pytest.raises(LayerNotFound, match=r"no layer 'feature\.2'; there are \d+, such as features\.2"):
        classifier.layer("feature.2")
    assert classifier.layer("features.2") is classifier.module.get_submodule("features.2")


@pytest.mark.usefixtures("threads")
def test_a_real_model_tells_tumour_from_normal_tissue(shared: Path) -> None:
    torch.set_num_threads(1)
    classifier = load_classifier(read_bundle(shared / "models" / "pcam-vgg16-quarter"), "cpu")
    right = []
    for label, name in enumerate(("normal", "tumor")):
        files = sorted((shared / "tiles" / "pcam-valid" / name).iterdir())[:60]
        pixels = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
        with torch.no_grad():
            scores = classifier.forward(classifier.normalise(pixels)).softmax(dim=1)[:, 1]
        right += ((scores >= 0.5).long() == label).tolist()
    assert np.mean(right) > 0.8


def test_a_device_that_is_not_there_is_refused() -> None:
    assert pick_device("cpu").type == "cpu"
    for name in ("cuda:99", "toaster", "meta", "" if torch.backends.mps.is_available() else "mps"):
        with pytest.raises(DeviceMissing, match="can't be used"):
            pick_device(name)
    assert pick_device().type in ("cpu", "cuda", "mps")


@pytest.mark.usefixtures("threads")
def test_threads_are_set_explicitly() -> None:
    assert set_threads(1) == torch.get_num_threads() == 1
    assert set_threads(0) == 1
    assert 1 <= set_threads() <= (psutil.cpu_count() or 1)


def test_a_contrast_is_the_target_less_the_mean_of_the_others() -> None:
    logits = torch.tensor([[1.0, 5.0, 2.0]])
    assert contrast_logit(logits, 1, "others").item() == pytest.approx(5 - 1.5)
    assert contrast_logit(logits, 1, "none").item() == 5
    assert contrast_logit(logits[:, :1], 0, "others").item() == 1
