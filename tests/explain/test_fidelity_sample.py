"""As many classes as channels reproduce the network, fewer do not; what can't be measured says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from wsiview.clustering.clustering import Clustering
from wsiview.explain.fidelity_sample import PATCHES, Measured, measure_fidelity
from wsiview.explain.fitting import SlideEntry, fit_clustering
from wsiview.explain.settings import FitSettings
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import Classifier, load_classifier
from wsiview.progress import Cancelled, Progress
from wsiview.slide.opening import open_slide


@pytest.fixture(scope="module")
def fitted(
    bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[SlideEntry], Classifier, Clustering]:
    classifier = load_classifier(read_bundle(bundle_folder()), "cpu")
    slides = [SlideEntry(partial(open_slide, tissue_image), (0.5, 0.5))]
    settings = FitSettings(n_classes=3, max_patches=30)
    clustering, _ = fit_clustering(
        slides, classifier, settings, "three", tmp_path_factory.mktemp("fit") / "parts", Progress()
    )
    return slides, classifier, clustering


def with_classes(clustering: Clustering, h: np.ndarray) -> Clustering:
    return replace(clustering, class_vectors=h, weight_quantiles=np.ones((len(h) + 1, 4)), share=())


def measured(
    fitted: tuple[list[SlideEntry], Classifier, Clustering], *clusterings: Clustering, **bundle: object
) -> Measured:
    slides, classifier, _ = fitted
    classifier = replace(classifier, bundle=replace(classifier.bundle, **bundle))
    return measure_fidelity(slides, classifier, 0, False, Progress(), clusterings)


def test_as_many_classes_as_channels_reproduce_the_network_and_fewer_do_not(
    fitted: tuple[list[SlideEntry], Classifier, Clustering],
) -> None:
    clustering = fitted[2]
    channels = np.eye(clustering.n_channels, dtype=np.float32)
    whole, three, two = measured(
        fitted, with_classes(clustering, channels), clustering, with_classes(clustering, channels[:2])
    ).found
    assert whole.patches == len(clustering.manifest) <= PATCHES
    assert whole.rmse < 1e-6
    assert whole.agreement == 1
    assert 1e-4 < three.rmse < two.rmse


def test_rectified_layers_keep_what_was_not_factorised(
    fitted: tuple[list[SlideEntry], Classifier, Clustering],
) -> None:
    clustering = fitted[2]
    layer = clustering.layer.rsplit(".", 1)
    before = f"{layer[0]}.{int(layer[1]) - 1}"  # the convolution under the ReLU, whose output has both signs
    assert isinstance(fitted[1].layer(before), torch.nn.Conv2d)
    channels = np.eye(clustering.n_channels, dtype=np.float32)
    signed = replace(with_classes(clustering, channels), layer=before, rectify=True)
    (found,) = measured(fitted, signed).found
    assert found.rmse < 1e-6


def test_the_label_is_the_models_own_at_its_threshold(
    fitted: tuple[list[SlideEntry], Classifier, Clustering],
) -> None:
    alike = measured(fitted, fitted[2], threshold=1.0).found[0]
    assert alike.majority == 1
    assert alike.above_majority is None


def test_what_can_not_be_measured_says_why(fitted: tuple[list[SlideEntry], Classifier, Clustering]) -> None:
    slides, classifier, clustering = fitted
    head = next(name for name in classifier.layer_names if name.startswith("classifier"))
    assert "no rows and columns" in measured(fitted, replace(clustering, layer=head)).reason
    blind = replace(classifier, module=Blind(classifier.module))
    found = measure_fidelity(
        slides, blind, 0, False, Progress(), [replace(clustering, layer=f"network.{clustering.layer}")]
    )
    assert "do not depend on" in found.reason
    assert not found.found


def test_the_sample_is_bounded_and_given_up_on_request(
    fitted: tuple[list[SlideEntry], Classifier, Clustering],
) -> None:
    slides, classifier, clustering = fitted
    again = replace(clustering, manifest=np.tile(clustering.manifest, (20, 1)))
    assert measured(fitted, again).found[0].patches == PATCHES
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        measure_fidelity(slides, classifier, 0, False, progress, [clustering])


class Blind(torch.nn.Module):
    """A network whose outputs do not depend on what it computes."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(self.network(images))
