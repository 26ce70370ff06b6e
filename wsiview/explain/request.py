"""Request: every parameter that decides what a cluster map holds, frozen, with its digest."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from wsiview.clustering.clustering import Clustering
from wsiview.clustering.geometry import EVALUATIONS
from wsiview.errors import ClusteringError, UsageError
from wsiview.explain.settings import PREDICTIONS
from wsiview.models.bundle import Bundle
from wsiview.resources import user_data_folder
from wsiview.slide.virtual_level import MppMissing

BLOCK = 64  # cells on a side of the unit that is computed, stored and shown
SALIENCY_METHODS = ("gradcam",)
_PLACES = ("slide_path", "model_path", "clustering_path")  # where things lie does not change what comes out


@dataclass(frozen=True)
class MapRequest:
    """One cluster map: which slide, model and clustering, and how.

    Lengths in pixels are pixels of the model's virtual level; `mpp` is (x, y) in µm per level-0 pixel,
    None where the model reads level-0 pixels as they are. `predictions` whole patches, drawn with `seed`, are run for
    a dense map (0: all of them); both are None under overlap, which runs every patch anyway. `signed` tells whether the
    layer's numbers may be negative, which only a clustering by semi-NMF can use; where they are not it changes nothing.
    `used_in_fit` is what the cohort says of the slide.
    """

    slide_path: str
    model_path: str
    clustering_path: str
    slide_name: str
    slide_fingerprint: str
    reader: str
    model_name: str
    model_fingerprint: str
    clustering_name: str
    clustering_fingerprint: str
    mpp: tuple[float, float] | None
    spacing: float | None
    allow_upsampling: bool
    evaluation: str
    layer: str
    rectify: bool
    patch: int
    step: int
    trim: int
    label_region: int
    min_tissue: float
    saliency: tuple[str, ...]
    target: int
    contrast: str
    batch: int
    block: int = BLOCK
    predictions: int | None = None
    seed: int | None = None
    signed: bool = False
    used_in_fit: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """As a JSON object; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> MapRequest:
        """The request that `as_json` wrote."""
        mpp = values["mpp"]
        return cls(**{**values, "mpp": tuple(mpp) if mpp is not None else None, "saliency": tuple(values["saliency"])})

    @property
    def parameters(self) -> dict[str, Any]:
        """All that changes the map's numbers, for its attributes and its digest."""
        left_out = {"slide_name", "model_name", "clustering_name", "signed", "used_in_fit", *_PLACES}
        # What only dense maps have must not change the name that an overlap map has always had.
        left_out |= {name for name in ("predictions", "seed") if getattr(self, name) is None}
        return {key: value for key, value in self.as_json().items() if key not in left_out}

    @property
    def work(self) -> MapRequest:
        """The request for any clustering: requests of equal work are computed in one pass."""
        return replace(self, clustering_path="", clustering_name="", clustering_fingerprint="")

    def digest(self) -> str:
        """SHA-256 over everything that changes the map's numbers."""
        text = json.dumps(self.parameters, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def map_name(self) -> str:
        """The map's folder name; another request never has the same."""
        return f"{_plain(self.slide_name)}.{_plain(self.clustering_name)}.{self.digest()[:8]}.ome.zarr"

    @property
    def saliency_names(self) -> tuple[str, ...]:
        """Names of the saliency maps in the map, as method/target."""
        return tuple(f"{method}/{self.target}" for method in self.saliency)


class Described(Protocol):
    """What a request needs to know of a slide, which need not be open."""

    @property
    def path(self) -> Path:
        """Its file."""
        ...

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def fingerprint(self) -> str:
        """What tells it from others."""
        ...

    @property
    def reader(self) -> str:
        """What decodes its pixels."""
        ...

    @property
    def mpp(self) -> tuple[float, float] | None:
        """µm per level-0 pixel, as the file says."""
        ...


def map_request(
    slide: Described,
    bundle: Bundle,
    clustering: Clustering,
    *,
    clustering_path: Path,
    mpp: tuple[float, float] | None = None,
    saliency: Sequence[str] = SALIENCY_METHODS,
    allow_upsampling: bool = False,
    evaluation: str | None = None,
    predictions: int = PREDICTIONS,
    seed: int = 0,
    used_in_fit: bool | None = None,
) -> MapRequest:
    """The request for one slide, after checking that slide, model and clustering belong together.

    Parameters
    ----------
    evaluation
        "overlap" or "dense" in place of the clustering's own.
    predictions, seed
        How many whole patches a dense map runs (0: all), and the seed of their draw; overlap runs all of them.
    used_in_fit
        Whether the cohort says that a clustering was fitted on the slide; None if it doesn't tell.

    Raises
    ------
    ClusteringError
        If the clustering was fitted on another model.
    MppMissing
        If the model needs the slide's scale and neither the slide nor `mpp` gives it.
    UsageError
        If a saliency method is unknown.
    """
    _check_fits(bundle, clustering)
    geometry = clustering.geometry
    evaluation = evaluation or geometry.evaluation
    _check_known(saliency, evaluation)
    is_dense = evaluation == "dense"
    return MapRequest(
        slide_path=str(slide.path),
        model_path=str(bundle.path),
        clustering_path=str(clustering_path),
        slide_name=slide.name,
        slide_fingerprint=slide.fingerprint,
        reader=slide.reader,
        model_name=bundle.name,
        model_fingerprint=bundle.fingerprint,
        clustering_name=clustering.name,
        clustering_fingerprint=clustering.fingerprint,
        mpp=None if bundle.spacing is None else _known_mpp(slide, mpp),
        spacing=bundle.spacing,
        allow_upsampling=allow_upsampling,
        evaluation=evaluation,
        layer=clustering.layer,
        rectify=clustering.rectify,
        patch=geometry.patch_pixels,
        step=geometry.step_pixels,
        trim=geometry.trim,
        label_region=geometry.label_region or geometry.patch_pixels,
        min_tissue=geometry.min_tissue,
        saliency=tuple(dict.fromkeys(saliency)),
        target=bundle.target,
        contrast=bundle.contrast,
        batch=batch_size(geometry.patch_pixels),
        predictions=predictions if is_dense else None,
        seed=seed if is_dense else None,
        signed=clustering.signed,
        used_in_fit=used_in_fit,
    )


def batch_size(patch: int) -> int:
    """Patches a batch: about a megapixel, at most 16, so that VGG-16's first layers stay under 600 MB."""
    return max(1, min(16, 2**20 // patch**2))


def map_folder(slide_path: Path) -> Path:
    """Where a slide's maps go: beside it where that can be written, else the user's data folder."""
    beside = slide_path.resolve().parent
    if os.access(beside, os.W_OK):
        return beside
    folder = user_data_folder() / "maps"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _check_fits(bundle: Bundle, clustering: Clustering) -> None:
    if clustering.model_fingerprint != bundle.fingerprint:
        raise ClusteringError(
            f"the clustering {clustering.name!r} was fitted on the model {clustering.model_name!r} "
            f"({clustering.model_fingerprint[:8]}), not on {bundle.name!r} ({bundle.fingerprint[:8]}); "
            "choose that model, or fit a clustering on this one"
        )


def _check_known(saliency: Sequence[str], evaluation: str) -> None:
    for method in saliency:
        if method not in SALIENCY_METHODS:
            raise UsageError(f"there is no saliency method {method!r}; there is {', '.join(SALIENCY_METHODS)}")
    if evaluation not in EVALUATIONS:
        raise UsageError(f"there is no evaluation {evaluation!r}; there is {', '.join(EVALUATIONS)}")


def _known_mpp(slide: Described, mpp: tuple[float, float] | None) -> tuple[float, float]:
    known = mpp or slide.mpp
    if known is None:
        raise MppMissing(slide.path)
    return known


def _plain(name: str) -> str:
    """A file name's part without what file systems forbid."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", name)[:80] or "unnamed"
