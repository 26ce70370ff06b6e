"""Fitting: feature vectors of patches from many slides, factorised into a clustering."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from wsiview import __version__
from wsiview.clustering.clustering import Clustering
from wsiview.clustering.geometry import Geometry
from wsiview.clustering.nmf import fit
from wsiview.errors import SlideError, UsageError
from wsiview.explain.features_cache import FeaturesCache
from wsiview.explain.planning import patch_plan
from wsiview.explain.request import BLOCK, batch_size
from wsiview.features.overlap import patch_features
from wsiview.features.reach import Reach, patch_locations, probe_reach
from wsiview.models.classifier import Classifier
from wsiview.models.default_layers import default_layer
from wsiview.progress import Progress
from wsiview.slide.slide import Slide, SlideVanished, TileUnreadable
from wsiview.slide.virtual_level import VirtualLevel
from wsiview.tiling.patch_grid import PatchGrid, patch_grid
from wsiview.tiling.tissue import tissue_mask

MAX_BYTES = 512 * 2**20  # of sampled feature vectors


@dataclass(frozen=True)
class FitSettings:
    """How a clustering is fitted; None stands for what the model's bundle says.

    Attributes
    ----------
    n_classes
        K, 2 to 16.
    max_patches, max_vectors
        Bounds on the sample, over all slides; each slide gets an equal share of the patches, each patch of the vectors.
    """

    n_classes: int = 6
    seed: int = 0
    layer: str | None = None
    patch: int | None = None
    step: int | None = None
    trim: int | None = None
    evaluation: str = "overlap"
    max_patches: int = 4000
    max_vectors: int = 200_000
    allow_upsampling: bool = False


@dataclass(frozen=True)
class SlideEntry:
    """A slide to fit on: how to open it, and its scale where the file doesn't tell (µm per pixel)."""

    open: Callable[[], Slide]
    mpp: tuple[float, float] | None = None


def fit_clustering(
    entries: Sequence[SlideEntry],
    classifier: Classifier,
    settings: FitSettings,
    name: str,
    cache: Path,
    progress: Progress,
) -> tuple[Clustering, int]:
    """Fit the classes of a layer over several slides; the same input and seed give the same bytes.

    Parameters
    ----------
    cache
        A folder of finished batches of vectors, so that stopped work goes on; removed when the clustering is there.

    Returns
    -------
    The clustering, and how many sampled patches could not be read.

    Raises
    ------
    UsageError, ClusteringError, ModelError, SlideError
        In words that name what is wrong.
    Cancelled
        When `progress` was cancelled.
    """
    if not 2 <= settings.n_classes <= 16:
        raise UsageError(f"-k {settings.n_classes}: a clustering has from 2 to 16 classes")
    if settings.evaluation != "overlap":
        raise UsageError(f"there is no evaluation {settings.evaluation!r} in this version; use overlap")
    if not entries:
        raise UsageError("there is no slide to fit on")
    layer, rectify = _layer(classifier, settings)
    reach = probe_reach(classifier, layer, rectify)
    geometry = _geometry(classifier, settings, reach)
    sampler = _Sampler(classifier, layer, rectify, geometry, settings, reach.channels, len(entries))
    vectors, manifest, fingerprints = [], [], []
    unreadable = 0
    for index, entry in enumerate(entries):
        with entry.open() as slide:
            fingerprints.append(slide.fingerprint)
            report = partial(progress.report, f"features of {slide.name}")
            sample = sampler.sample(slide, entry.mpp, index, cache, report)
        vectors.append(sample.vectors)
        manifest.append(np.column_stack([np.full(len(sample.places), index), sample.places]))
        unreadable += sample.unreadable
    everything = np.concatenate(vectors)
    found = fit(everything, settings.n_classes, seed=settings.seed, progress=progress)
    clustering = Clustering(
        class_vectors=found.class_vectors,
        weight_quantiles=found.quantiles,
        manifest=np.concatenate(manifest).astype(np.int64),
        name=name,
        layer=layer,
        rectify=rectify,
        model_fingerprint=classifier.bundle.fingerprint,
        model_name=classifier.bundle.name,
        geometry=geometry,
        parameters={**asdict(settings), **found.parameters, "unreadable": unreadable},
        slides=tuple(fingerprints),
        share=tuple(float(one) for one in found.share),
        objective=found.objective,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        software=_software(),
    )
    shutil.rmtree(cache, ignore_errors=True)
    return clustering, unreadable


def _layer(classifier: Classifier, settings: FitSettings) -> tuple[str, bool]:
    bundle = classifier.bundle
    if settings.layer is not None and settings.layer != bundle.layer:
        default, rectify = default_layer(bundle.architecture, bundle.options)
        return settings.layer, rectify if settings.layer == default else bundle.rectify
    if bundle.layer is not None:
        return bundle.layer, bundle.rectify
    return default_layer(bundle.architecture, bundle.options)


def _geometry(classifier: Classifier, settings: FitSettings, reach: Reach) -> Geometry:
    bundle = classifier.bundle
    patch = settings.patch or bundle.patch_pixels
    step = settings.step or (bundle.stride_pixels if settings.patch is None else _half(patch, reach.stride[0]))
    return Geometry(
        patch_pixels=patch,
        step_pixels=step,
        trim=bundle.trim if settings.trim is None else settings.trim,
        cell_stride=reach.stride,
        cell_centre=reach.centre,
        field=reach.field,
        spacing=bundle.spacing,
        label_region=min(bundle.label_region or step, patch),
        min_tissue=bundle.min_tissue,
        evaluation=settings.evaluation,
    )


def _half(patch: int, stride: int) -> int:
    """Half a patch, as a multiple of the layer's stride."""
    return max(stride, patch // 2 // stride * stride)


@dataclass(frozen=True)
class _Sample:
    """Vectors (n, C) of one slide, and the level-0 corners (m, 2) of the patches that they come from."""

    vectors: NDArray[np.float32]
    places: NDArray[np.int64]
    unreadable: int


class _Sampler:
    """Draws the same patches and locations of a slide for the same seed, whatever was cached."""

    def __init__(
        self,
        classifier: Classifier,
        layer: str,
        rectify: bool,
        geometry: Geometry,
        settings: FitSettings,
        channels: int,
        n_slides: int,
    ) -> None:
        self._classifier, self._layer, self._rectify = classifier, layer, rectify
        self._geometry, self._settings = geometry, settings
        self._batch = batch_size(geometry.patch_pixels)
        self._locations = patch_locations(classifier, layer, geometry.patch_pixels)
        self._patches_a_slide = max(1, settings.max_patches // n_slides)
        self._vectors_a_slide = max(1, min(settings.max_vectors, MAX_BYTES // (4 * channels)) // n_slides)

    def sample(
        self,
        slide: Slide,
        mpp: tuple[float, float] | None,
        index: int,
        cache: Path,
        report: Callable[[int, int], None],
    ) -> _Sample:
        geometry = self._geometry
        known = mpp or slide.mpp
        level = VirtualLevel(
            slide, geometry.spacing, known if geometry.spacing is not None else None,
            allow_upsampling=self._settings.allow_upsampling,
        )  # fmt: skip
        grid = patch_grid(
            level.size, geometry.patch_pixels, geometry.step_pixels, geometry.trim,
            geometry.cell_stride, geometry.cell_centre, self._locations,
        )  # fmt: skip
        kept = grid.kept(tissue_mask(slide, known), level.scale, geometry.min_tissue)
        plan = patch_plan(grid, kept, self._batch, BLOCK)
        if plan.n_patches == 0:
            raise SlideError(f"no tissue was found on {slide.path.name}; leave it out, or lower min_tissue")
        rng = np.random.default_rng([self._settings.seed, index])
        chosen = np.sort(rng.permutation(plan.n_patches)[: self._patches_a_slide])
        origins = grid.origins(plan.rows[chosen], plan.cols[chosen])
        parts = FeaturesCache(cache, self._key(slide, level, chosen))
        return self._run(level, grid, origins, rng, parts, report)

    def _run(
        self,
        level: VirtualLevel,
        grid: PatchGrid,
        origins: NDArray[np.int64],
        rng: np.random.Generator,
        parts: FeaturesCache,
        report: Callable[[int, int], None],
    ) -> _Sample:
        locations = grid.trimmed[0] * grid.trimmed[1]
        each = max(1, min(locations, self._vectors_a_slide // len(origins)))
        vectors, places = [], []
        for first in range(0, len(origins), self._batch):
            report(first, len(origins))
            batch = origins[first : first + self._batch]
            # Drawn whether or not the part is cached, so that going on gives the same sample as never stopping.
            picks = np.sort(np.argsort(rng.random((len(batch), locations)), axis=1)[:, :each], axis=1)
            part = parts.load(first)
            if part is None:
                part = self._features(level, batch, picks)
                parts.save(first, part)
            found, readable = part
            vectors.append(found)
            places.append(np.rint(batch[readable] * np.array(level.scale)).astype(np.int64))
        report(len(origins), len(origins))
        kept = np.concatenate(places)
        return _Sample(np.concatenate(vectors), kept, len(origins) - len(kept))

    def _features(
        self, level: VirtualLevel, origins: NDArray[np.int64], picks: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The picked trimmed vectors of the readable patches (n, C), and which patches were readable."""
        side, trim = self._geometry.patch_pixels, self._geometry.trim
        pixels = np.zeros((len(origins), side, side, 3), np.uint8)
        readable = np.ones(len(origins), bool)
        for index, (x, y) in enumerate(origins):
            try:
                pixels[index] = level.read(int(x), int(y), side, side)
            except SlideVanished:
                raise  # a slide that has gone must not become a sample without it
            except TileUnreadable:
                readable[index] = False
        found = patch_features(self._classifier, self._layer, pixels, rectify=self._rectify, batch=self._batch)
        height, width, channels = found.activations.shape[1:]
        inner = found.activations[:, trim : height - trim, trim : width - trim].reshape(len(origins), -1, channels)
        drawn = np.take_along_axis(inner, picks[:, :, None], axis=1)[readable]
        return np.ascontiguousarray(drawn.reshape(-1, channels)), readable

    def _key(self, slide: Slide, level: VirtualLevel, chosen: NDArray[np.int64]) -> str:
        """What a cached part depends on, as a digest."""
        facts = {
            "slide": slide.fingerprint, "reader": slide.reader, "model": self._classifier.bundle.fingerprint,
            "layer": self._layer, "rectify": self._rectify, "scale": level.scale,
            "geometry": asdict(self._geometry), "settings": asdict(self._settings), "vectors": self._vectors_a_slide,
            "patches": hashlib.sha256(chosen.tobytes()).hexdigest(), "software": __version__,
        }  # fmt: skip
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _software() -> dict[str, str]:
    """What decides the bits of a fit: name → version."""
    return {"wsiview": __version__, "torch": torch.__version__, "numpy": np.__version__}
