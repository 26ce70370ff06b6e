"""The demo case says something: its classes follow the structures, and those of tumour speak for the model's output."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import adjusted_rand_score, roc_auc_score

from wsiview.clustering.clustering import Clustering
from wsiview.demo import STRUCTURES, write_demo_slide
from wsiview.explain.mapping import map_slide
from wsiview.explain.request import map_request
from wsiview.maps.cell_state import COMPUTED
from wsiview.maps.cluster_map import ClusterMap
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier
from wsiview.progress import Progress
from wsiview.resources import resource
from wsiview.slide.opening import open_slide

SEED = 301  # never seen by the model or the fit


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[ClusterMap, np.ndarray]:
    """The map of a small slide of the demo's kind, and the true structure under the middle of each cell."""
    folder = tmp_path_factory.mktemp("demo")
    slide_files = write_demo_slide(folder, SEED, 4096, 3072)
    classifier = load_classifier(read_bundle(resource("demo/model")), "cpu")
    path = resource("demo/demo.clustering")
    clustering = Clustering.load(path)
    with open_slide(slide_files.slide) as slide:
        request = map_request(slide, classifier.bundle, clustering, clustering_path=path)
        outcome = map_slide(request, slide, classifier, clustering, folder, Progress())
        side = slide.dimensions.width
    found = ClusterMap.open(outcome.path)
    truth = np.asarray(Image.open(slide_files.structures))
    step = side / truth.shape[1]
    rows, cols = np.mgrid[: found.shape[0], : found.shape[1]]
    affine = found.cell_to_level0
    x = ((cols + 0.5) * affine.a + affine.tx) / step
    y = ((rows + 0.5) * affine.d + affine.ty) / step
    return found, truth[y.astype(int).clip(0, truth.shape[0] - 1), x.astype(int).clip(0, truth.shape[1] - 1)]


def test_the_strongest_class_follows_the_structures(case: tuple[ClusterMap, np.ndarray]) -> None:
    found, truth = case
    tissue = (found.state() == COMPUTED) & (truth != STRUCTURES["glass"]) & (found.argmax() > 0)
    strongest, structure = found.argmax()[tissue], truth[tissue]
    assert tissue.sum() > 5000
    purity = sum(np.bincount(structure[strongest == one]).max() for one in np.unique(strongest)) / len(strongest)
    assert adjusted_rand_score(structure, strongest) >= 0.5
    assert purity >= 0.8


def test_the_weights_of_the_tumour_classes_predict_what_the_model_says(case: tuple[ClusterMap, np.ndarray]) -> None:
    found, truth = case
    tissue = found.state() == COMPUTED
    argmax = found.argmax()
    tumour = [
        index
        for index in range(found.n_classes)
        if ((argmax == index + 1) & tissue).any()
        and (truth[(argmax == index + 1) & tissue] == STRUCTURES["tumour"]).mean() > 0.5
    ]
    assert 0 < len(tumour) < found.n_classes
    weight = found.statistic("weight_sum")[:, tumour].sum(axis=1)
    positive = found.logits[:, 0] >= 0
    assert 0.05 < positive.mean() < 0.95
    assert roc_auc_score(positive, weight) >= 0.9
