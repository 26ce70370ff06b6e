"""Inputs: tells what a dropped or chosen file is, and reads it; runs on a job's thread."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wsiview.clustering.clustering import Clustering
from wsiview.errors import ClusteringError, MapError
from wsiview.explain.alignment import START_ANEW, Alignment
from wsiview.explain.request import MapRequest, map_folder, map_request
from wsiview.gui.map_worker import MapWish
from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.registration import Placement
from wsiview.models.bundle import Bundle, read_bundle
from wsiview.progress import Progress
from wsiview.slide.color import srgb_transform
from wsiview.slide.opening import open_checked
from wsiview.slide.slide import Slide
from wsiview.slide.watched_slide import open_watched


class Kind(enum.Enum):
    """What a path holds."""

    SLIDE = "slide"
    MODEL = "model"
    CLUSTERING = "clustering"
    MAP = "map"


def kind_of(path: Path) -> Kind:
    """What a path holds, from its name alone; anything unknown may be a slide."""
    name = path.name.lower()
    if name.endswith((".ome.zarr", ".zarr", ".ozx")):
        return Kind.MAP
    if name.endswith(".clustering"):
        return Kind.CLUSTERING
    if name == "config.json" or (path.is_dir() and (path / "config.json").exists()):
        return Kind.MODEL
    return Kind.SLIDE


@dataclass(frozen=True)
class ChosenClustering:
    """A clustering and the file it was read from."""

    clustering: Clustering
    path: Path


def read_slide(path: Path) -> Callable[[Progress], Slide]:
    """Work that opens a slide, tried in a process of its own first; it reads enough to know its fingerprint."""

    def work(progress: Progress) -> Slide:
        slide = open_watched(path, open_checked)
        if slide.icc_profile is not None:
            srgb_transform(slide.icc_profile)  # which is kept: here, not on the interface's thread
        return slide

    return work


def read_model(path: Path) -> Callable[[Progress], Bundle]:
    """Work that reads a bundle and hashes its tensors."""
    folder = path.parent if path.name == "config.json" else path

    def work(progress: Progress) -> Bundle:
        bundle = read_bundle(folder)
        _ = bundle.fingerprint
        return bundle

    return work


def read_clustering(path: Path) -> Callable[[Progress], ChosenClustering]:
    """Work that reads a clustering."""

    def work(progress: Progress) -> ChosenClustering:
        clustering = Clustering.load(path)
        _ = clustering.fingerprint
        return ChosenClustering(clustering, path)

    return work


def plan_map(
    slide: Slide, bundle: Bundle, chosen: ChosenClustering, mpp: tuple[float, float] | None, *, compute: bool
) -> MapWish:
    """The map that slide, model and clustering make, and where it lies.

    Raises
    ------
    WsiviewError
        If they do not fit; MppMissing if the slide's scale is needed and unknown.
    """
    request: MapRequest = map_request(slide, bundle, chosen.clustering, clustering_path=chosen.path, mpp=mpp)
    fingerprint, dimensions, alignment = slide.fingerprint, slide.dimensions, Alignment(slide)

    def check(cluster_map: ClusterMap) -> Placement:
        cluster_map.check_fits(
            slide_fingerprint=fingerprint,
            dimensions=dimensions,
            model_fingerprint=bundle.fingerprint,
            clustering_fingerprint=chosen.clustering.fingerprint,
        )
        return alignment.check(cluster_map, START_ANEW)

    path = map_folder(slide.path) / request.map_name()
    return MapWish(path, request.as_json() if compute else None, check)


def show_map(path: Path, slide: Slide, bundle: Bundle | None, chosen: ChosenClustering | None) -> MapWish:
    """A map that was chosen as a file; it must fit whatever is open, and lie on the slide's tissue."""
    fingerprint, dimensions, alignment = slide.fingerprint, slide.dimensions, Alignment(slide)

    def check(cluster_map: ClusterMap) -> Placement:
        cluster_map.check_fits(
            slide_fingerprint=fingerprint,
            dimensions=dimensions,
            model_fingerprint=bundle.fingerprint if bundle is not None else None,
            clustering_fingerprint=chosen.clustering.fingerprint if chosen is not None else None,
        )
        return alignment.check(cluster_map)

    check(ClusterMap.open(path))  # here, so that a map that is refused takes nothing off the screen
    return MapWish(path, None, check)


def show_first_map(
    paths: Sequence[Path], slide: Slide, bundle: Bundle | None, chosen: ChosenClustering | None
) -> MapWish:
    """The first of several maps that fits whatever is open.

    Raises
    ------
    MapError
        What is wrong with the first one, if none fits.
    """
    refusal: MapError | None = None
    for path in paths:
        try:
            return show_map(path, slide, bundle, chosen)
        except MapError as error:
            refusal = refusal or error
    raise refusal or MapError("there is no map to be shown")


def refuse_other_model(chosen: ChosenClustering, bundle: Bundle) -> None:
    """Raise ClusteringError if the clustering was fitted on another model."""
    clustering = chosen.clustering
    if clustering.model_fingerprint != bundle.fingerprint:
        raise ClusteringError(
            f"The clustering {clustering.name!r} was fitted on the model {clustering.model_name!r}, "
            f"not on {bundle.name!r}; choose that model first."
        )
