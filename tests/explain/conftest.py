"""Small real things to compute with: a slide of noise-like tissue, a tiny network, its bundle on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from safetensors.torch import save_file

from wsiview.clustering.clustering import Clustering
from wsiview.explain.fitting import SlideEntry, fit_clustering
from wsiview.explain.mapping import map_slide
from wsiview.explain.request import map_request
from wsiview.explain.settings import FitSettings
from wsiview.maps.cluster_map import ClusterMap
from wsiview.models.architectures import build
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import Classifier, load_classifier
from wsiview.progress import Progress
from wsiview.slide.opening import open_slide

NORMALIZE = {"name": "Normalize", "arguments": {"mean": [0.7, 0.54, 0.69], "std": [0.24, 0.28, 0.22]}}


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes bundles with random weights (fixed seed) of any known architecture."""

    def make(architecture: str = "vgg-pool", patch: int = 64, classes: int = 2, **extra: object) -> Path:
        folder = tmp_path_factory.mktemp("bundle")
        if architecture == "vgg-pool":
            blocks = [[8], [8], [12]]
            extra = {
                "architecture": {"blocks": blocks, "batch_norm": False, "conv_bias": True, "pool": "avg"}, **extra,
            }  # fmt: skip
        config = {
            "spec_version": "1.0",
            "architecture": architecture,
            "name": f"tiny-{architecture}",
            "num_classes": classes,
            "class_names": [f"output {index}" for index in range(classes)],
            "patch_size_pixels": patch,
            "spacing_um_px": 0.5,
            "transform": [{"name": "ToTensor"}, NORMALIZE],
            "wsiview": extra,
        }
        (folder / "config.json").write_text(json.dumps(config))
        save_file({}, folder / "model.safetensors")  # the bundle is read before there are weights to save
        torch.manual_seed(0)
        module = build(read_bundle(folder))
        tensors = {name: tensor.contiguous() for name, tensor in module.state_dict().items()}
        save_file(tensors, folder / "model.safetensors")
        return folder

    return make


@pytest.fixture(scope="session")
def tissue_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain image: pink, blotchy tissue in the middle of white glass, 0.5 µm per pixel once told so."""
    rng = np.random.default_rng(5)
    coarse = Image.fromarray(rng.integers(0, 255, (30, 40), np.uint8)).resize((800, 600), Image.Resampling.BICUBIC)
    stain = np.asarray(coarse, float)[..., None] / 255
    pixels = 255 - stain * np.array([60.0, 150.0, 70.0]) - np.array([20.0, 60.0, 25.0])
    pixels += rng.normal(0, 6, pixels.shape)
    pixels[:80], pixels[:, :100] = 245, 245
    path = tmp_path_factory.mktemp("slide") / "case-4711.png"
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    return path


CUTS = {  # of mosaics, as large as four blocks and no larger: (x, y, width, height)
    "slides/mosaics/pcam-mosaic-valid.tiff": (0, 0, 1536, 1344),
    "slides/mosaics/ebhi-mosaic-valid.tiff": (0, 0, 1344, 1280),
}
FITTED_ON = {
    "models/pcam-vgg16-quarter": ("slides/mosaics/pcam-mosaic-valid.tiff", "slides/generic/os-1-detail-he.tiff"),
    "models/ebhi-vgg16-quarter": ("slides/mosaics/ebhi-mosaic-valid.tiff",),
}


@dataclass
class Fitted:
    """A network with a clustering of its own."""

    classifier: Classifier
    clustering: Clustering
    path: Path


class Fits(dict[str, Fitted]):
    """A clustering for each of the two real networks, fitted when it is first asked for."""

    def __init__(self, shared: Path, folder: Path) -> None:
        super().__init__()
        self._shared, self._folder = shared, folder

    def __missing__(self, model: str) -> Fitted:
        classifier = load_classifier(read_bundle(self._shared / model), "cpu")
        entries = [SlideEntry(lambda path=self._shared / name: open_slide(path)) for name in FITTED_ON[model]]
        folder = self._folder / Path(model).name
        folder.mkdir()
        settings = FitSettings(n_classes=6, max_patches=200)
        clustering, unreadable = fit_clustering(entries, classifier, settings, "six", folder / "parts", Progress())
        assert unreadable == 0
        clustering.save(folder / "six.clustering")
        self[model] = Fitted(classifier, clustering, folder / "six.clustering")
        return self[model]


@pytest.fixture(scope="session")
def slide_file(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A real slide, or the cut of a mosaic, by the slide's name."""
    folder = tmp_path_factory.mktemp("cuts")

    def find(name: str) -> Path:
        if name not in CUTS:
            return shared / name
        path = folder / Path(name).name
        if not path.exists():
            with open_slide(shared / name) as slide:
                pixels, mpp = slide.read(0, *CUTS[name]), slide.mpp
            known = {} if mpp is None else {"resolution": (1e4 / mpp[0], 1e4 / mpp[1]), "resolutionunit": "CENTIMETER"}
            tifffile.imwrite(path, pixels, tile=(256, 256), photometric="rgb", compression="deflate", **known)
        return path

    return find


@pytest.fixture(scope="session")
def fitted(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Fits:
    return Fits(shared, tmp_path_factory.mktemp("clustering"))


@pytest.fixture(scope="session")
def whole(
    slide_file: Callable[[str], Path], fitted: Fits, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], ClusterMap]:
    """The uninterrupted map of a slide by a network, computed once."""
    made: dict[tuple[str, str], ClusterMap] = {}

    def make(model: str, name: str) -> ClusterMap:
        if (model, name) not in made:
            one = fitted[model]
            with open_slide(slide_file(name)) as slide:
                request = map_request(slide, one.classifier.bundle, one.clustering, clustering_path=one.path)
                folder = tmp_path_factory.mktemp("whole")
                outcome = map_slide(request, slide, one.classifier, one.clustering, folder, Progress())
            assert outcome.unreadable == 0
            made[model, name] = ClusterMap.open(outcome.path)
        return made[model, name]

    return make
