"""Fits give the same bytes for the same input, go on after being stopped, and refuse what can't be fitted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsiview.clustering.clustering import Clustering
from wsiview.errors import ModelError, SlideError, UsageError
from wsiview.explain.fitting import SlideEntry, fit_clustering
from wsiview.explain.mapping import map_slide
from wsiview.explain.request import map_request
from wsiview.explain.settings import FitSettings
from wsiview.maps.cell_state import COMPUTED
from wsiview.maps.cluster_map import ClusterMap
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier
from wsiview.progress import Cancelled, Progress, Step
from wsiview.slide.opening import open_slide

MPP = (0.5, 0.5)


def fitted(bundle: Path, image: Path, cache: Path, progress: Progress | None = None, **settings: object) -> Clustering:
    classifier = load_classifier(read_bundle(bundle), "cpu")
    entries = [SlideEntry(partial(open_slide, image), MPP)]
    wanted = FitSettings(**{"n_classes": 3, "max_patches": 40, **settings})
    clustering, unreadable = fit_clustering(entries, classifier, wanted, "three", cache, progress or Progress())
    assert unreadable == 0
    return clustering


def test_the_same_fit_twice_gives_the_same_bytes(
    bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path: Path
) -> None:
    bundle = bundle_folder()
    first = fitted(bundle, tissue_image, tmp_path / "a")
    second = fitted(bundle, tissue_image, tmp_path / "b")
    assert first.class_vectors.tobytes() == second.class_vectors.tobytes()
    assert first.fingerprint == second.fingerprint
    assert np.array_equal(first.manifest, second.manifest)
    other = fitted(bundle, tissue_image, tmp_path / "c", seed=1)
    assert other.class_vectors.tobytes() != first.class_vectors.tobytes()


def test_a_stopped_fit_goes_on_and_gives_the_same_bytes(
    bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path: Path
) -> None:
    bundle = bundle_folder()
    whole = fitted(bundle, tissue_image, tmp_path / "whole")
    progress: Progress

    def stop_half_way(step: Step) -> None:
        if step.stage.startswith("features") and step.done >= 16:
            progress.cancel()

    progress = Progress(stop_half_way)
    with pytest.raises(Cancelled):
        fitted(bundle, tissue_image, tmp_path / "cut", progress)
    kept = sorted((tmp_path / "cut").glob("*.safetensors"))
    assert kept
    written = {path: path.stat().st_mtime_ns for path in kept}
    seen: list[int] = []

    def watch(step: Step) -> None:
        seen.extend(path.stat().st_mtime_ns for path in kept if path.exists())

    resumed = fitted(bundle, tissue_image, tmp_path / "cut", Progress(watch))
    assert set(seen) <= set(written.values())  # what was there is used, not computed again
    assert resumed.class_vectors.tobytes() == whole.class_vectors.tobytes()
    assert not (tmp_path / "cut").exists()


def test_slide_names_are_not_in_a_clustering(
    bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path: Path
) -> None:
    fitted(bundle_folder(), tissue_image, tmp_path / "parts").save(tmp_path / "x.clustering")
    assert tissue_image.stem.encode() not in (tmp_path / "x.clustering").read_bytes()


@pytest.mark.parametrize("classes", [1, 17])
def test_a_number_of_classes_out_of_range_is_refused(
    classes: int, bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="2 to 16"):
        fitted(bundle_folder(), tissue_image, tmp_path, n_classes=classes)


def test_a_layer_that_is_not_there_is_refused_by_name(
    bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="no layer 'nowhere'"):
        fitted(bundle_folder(), tissue_image, tmp_path, layer="nowhere")


def test_a_slide_without_tissue_is_refused_by_name(bundle_folder: Callable[..., Path], tmp_path: Path) -> None:
    glass = tmp_path / "glass.png"
    Image.new("RGB", (600, 500), (244, 244, 243)).save(glass)
    with pytest.raises(SlideError, match=r"no tissue was found on glass\.png"):
        fitted(bundle_folder(), glass, tmp_path / "parts")


@pytest.mark.parametrize(
    ("architecture", "patch", "stride", "corner"),
    [("resnet18", 128, 32, -15.5), ("vgg11_bn", 64, 16, 0.0)],
)
def test_torchvision_networks_are_fitted_and_mapped(
    architecture: str,
    patch: int,
    stride: int,
    corner: float,
    bundle_folder: Callable[..., Path],
    tissue_image: Path,
    tmp_path: Path,
) -> None:
    bundle = bundle_folder(architecture, patch, stride_pixels=stride, trim=1)
    small = tmp_path / "small.png"
    Image.open(tissue_image).crop((200, 200, 500, 400)).save(small)
    clustering = fitted(bundle, small, tmp_path / "parts", max_patches=8)
    clustering.save(tmp_path / "x.clustering")
    classifier = load_classifier(read_bundle(bundle), "cpu")
    with open_slide(small) as slide:
        request = map_request(slide, classifier.bundle, clustering, clustering_path=tmp_path / "x.clustering", mpp=MPP)
        outcome = map_slide(request, slide, classifier, clustering, tmp_path / "maps", Progress())
    found = ClusterMap.open(outcome.path)
    assert found.complete
    assert (found.state() == COMPUTED).any()
    assert found.argmax().max() >= 1
    assert found.cell_to_level0.a == stride
    # Half a cell, ResNet's offset, is how overlays drift to the bottom right.
    assert found.cell_to_level0.tx == pytest.approx(corner, abs=0.01 * stride)
    assert found.cell_to_level0.ty == pytest.approx(corner, abs=0.01 * stride)
