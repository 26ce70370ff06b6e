"""Opening: the slide, model and clustering that a request names, checked to be the ones it was made for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wsiview.clustering.clustering import Clustering
from wsiview.errors import ClusteringError, ModelError, SlideError
from wsiview.explain.request import MapRequest
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import Classifier, load_classifier
from wsiview.slide.opening import open_slide
from wsiview.slide.slide import Slide


@contextmanager
def open_for(request: MapRequest, device: str | None = None) -> Iterator[tuple[Slide, Classifier, Clustering]]:
    """Open what the request names, for as long as the block runs.

    Raises
    ------
    SlideError, ModelError, ClusteringError
        If one can't be opened, or was replaced by another since the request was made.
    """
    clustering = Clustering.load(Path(request.clustering_path))
    if clustering.fingerprint != request.clustering_fingerprint:
        raise ClusteringError(f"{request.clustering_path} was replaced by another clustering; choose it again")
    bundle = read_bundle(Path(request.model_path))
    if bundle.fingerprint != request.model_fingerprint:
        raise ModelError(f"{request.model_path} was replaced by another model; choose it again")
    classifier = load_classifier(bundle, device)
    with open_slide(Path(request.slide_path)) as slide:
        if slide.fingerprint != request.slide_fingerprint:
            raise SlideError(f"{request.slide_path} was replaced by another slide; open it again")
        yield slide, classifier, clustering
