"""Fitting: feature vectors of patches from many slides, factorised into a clustering."""

from __future__ import annotations

import hashlib
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
from wsiview.clustering.geometry import EVALUATIONS, Geometry
from wsiview.clustering.nmf import fit
from wsiview.clustering.normality import normality_of
from wsiview.clustering.vectors import ArrayVectors, Vectors
from wsiview.errors import UsageError
from wsiview.explain.features_cache import ROOM, CachedVectors, FeaturesCache
from wsiview.explain.sampling import Sampler
from wsiview.explain.settings import FitSettings
from wsiview.features.evaluation import DenseRefused, choose_evaluation, dense_fault, lattice_of
from wsiview.features.reach import Reach, probe_reach
from wsiview.models.classifier import Classifier
from wsiview.models.default_layers import default_layer
from wsiview.progress import Progress
from wsiview.slide.slide import Slide

_MEMORY = 512 * 2**20  # bytes of vectors that are held in memory rather than read at every pass


@dataclass(frozen=True)
class SlideEntry:
    """A slide to fit on: how to open it, its scale where the file doesn't tell (µm per pixel), whose it is if known."""

    open: Callable[[], Slide]
    mpp: tuple[float, float] | None = None
    patient: str = ""


@dataclass(frozen=True, eq=False)
class Gathered:
    """The feature vectors of a fit, and where they come from.

    Attributes
    ----------
    vectors
        All, slide after slide.
    counts
        How many each slide gave.
    manifest
        (n, 3) slide index, x, y of each patch.
    fingerprints
        Of the slides.
    unreadable
        Sampled patches that could not be read.
    reason
        Why this evaluation was chosen, to be stored; empty where it was asked for.
    key
        What the vectors depend on, as a digest.
    cache
        Where they and the progress of fits are kept.
    """

    vectors: Vectors
    counts: tuple[int, ...]
    manifest: NDArray[np.int64]
    fingerprints: tuple[str, ...]
    unreadable: int
    layer: str
    rectify: bool
    geometry: Geometry
    reason: dict[str, str]
    key: str
    cache: FeaturesCache


def fit_clustering(
    entries: Sequence[SlideEntry],
    classifier: Classifier,
    settings: FitSettings,
    name: str,
    cache: Path,
    progress: Progress,
    *,
    room: int = ROOM,
    threads: int = 1,
) -> tuple[Clustering, int]:
    """Fit the classes of a layer over several slides; the same input and seed give the same bytes.

    Parameters
    ----------
    cache
        A folder of finished batches of vectors, so that stopped work goes on; removed when the clustering is there.
    room
        Bytes that the vectors may take there; what finds none is computed again at every pass.
    threads
        Chunks of vectors worked on at once; the result does not depend on it.

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
    gathered = gather(entries, classifier, settings, cache, progress, room)
    clustering = cluster(gathered, classifier, settings, name, progress, threads)
    shutil.rmtree(cache, ignore_errors=True)
    return clustering, gathered.unreadable


def gather(
    entries: Sequence[SlideEntry],
    classifier: Classifier,
    settings: FitSettings,
    cache: Path,
    progress: Progress,
    room: int = ROOM,
) -> Gathered:
    """Compute the vectors of a fit, or find them in the cache; the parameters are those of `fit_clustering`."""
    if not 2 <= settings.n_classes <= 16:
        raise UsageError(f"-k {settings.n_classes}: a clustering has from 2 to 16 classes")
    if settings.evaluation not in ("auto", *EVALUATIONS):
        raise UsageError(f"there is no evaluation {settings.evaluation!r}; there is auto, {', '.join(EVALUATIONS)}")
    if not entries:
        raise UsageError("there is no slide to fit on")
    layer, rectify = _layer(classifier, settings)
    reach = probe_reach(classifier, layer, rectify)
    geometry, reason = _geometry(classifier, settings, reach, layer, rectify)
    kept = FeaturesCache(cache, room)
    sampler = Sampler(classifier, layer, rectify, geometry, settings, len(entries), kept)
    found = [sampler.sample(one.open, one.mpp, index, progress.report) for index, one in enumerate(entries)]
    samples = [sample for sample, _ in found]
    counts = tuple(sum(part.count for part in sample.parts) for sample in samples)
    stored = CachedVectors([part for sample in samples for part in sample.parts], reach.channels, kept)
    manifest = [
        np.column_stack([np.full(len(sample.places), index), sample.places]) for index, sample in enumerate(samples)
    ]
    return Gathered(
        vectors=ArrayVectors(stored.read(0, sum(counts))) if 4 * sum(counts) * reach.channels <= _MEMORY else stored,
        counts=counts,
        manifest=np.concatenate(manifest).astype(np.int64),
        fingerprints=tuple(fingerprint for _, fingerprint in found),
        unreadable=sum(sample.unreadable for sample in samples),
        layer=layer,
        rectify=rectify,
        geometry=geometry,
        reason=reason,
        key=hashlib.sha256(" ".join(sample.key for sample in samples).encode()).hexdigest()[:16],
        cache=kept,
    )


def cluster(
    gathered: Gathered, classifier: Classifier, settings: FitSettings, name: str, progress: Progress, threads: int = 1
) -> Clustering:
    """Factorise gathered vectors, from where an interrupted fit of the same vectors had come to."""
    state = f"passes-{gathered.key}-{settings.n_classes}"
    found = fit(
        gathered.vectors, settings.n_classes, seed=settings.seed, progress=progress, threads=threads,
        going_on=gathered.cache.state(state), keep=partial(gathered.cache.keep_state, state),
    )  # fmt: skip
    normality = normality_of(gathered.vectors, found.class_vectors, progress)
    return Clustering(
        class_vectors=found.class_vectors,
        weight_quantiles=found.quantiles,
        manifest=gathered.manifest,
        name=name,
        layer=gathered.layer,
        rectify=gathered.rectify,
        model_fingerprint=classifier.bundle.fingerprint,
        model_name=classifier.bundle.name,
        geometry=gathered.geometry,
        parameters={**asdict(settings), **found.parameters, "unreadable": gathered.unreadable, **gathered.reason},
        normal={} if normality is None else {gathered.geometry.evaluation: normality},
        slides=gathered.fingerprints,
        share=tuple(float(one) for one in found.share),
        objective=found.objective,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        software=_software(),
    )


def _layer(classifier: Classifier, settings: FitSettings) -> tuple[str, bool]:
    bundle = classifier.bundle
    if settings.layer is not None and settings.layer != bundle.layer:
        default, rectify = default_layer(bundle.architecture, bundle.options)
        return settings.layer, rectify if settings.layer == default else bundle.rectify
    if bundle.layer is not None:
        return bundle.layer, bundle.rectify
    return default_layer(bundle.architecture, bundle.options)


def _geometry(
    classifier: Classifier, settings: FitSettings, reach: Reach, layer: str, rectify: bool
) -> tuple[Geometry, dict[str, str]]:
    bundle = classifier.bundle
    patch = settings.patch or bundle.patch_pixels
    step = settings.step or (bundle.stride_pixels if settings.patch is None else _half(patch, reach.stride[0]))
    evaluation, reason = settings.evaluation, {}
    if evaluation == "auto":
        choice = choose_evaluation(classifier, layer, reach, patch, step, rectify=rectify)
        evaluation, reason = choice.evaluation, {"evaluation_reason": choice.reason}
    elif evaluation == "dense" and (fault := dense_fault(lattice_of(reach), patch)) is not None:
        raise DenseRefused(layer, fault)
    geometry = Geometry(
        patch_pixels=patch,
        step_pixels=step,
        trim=bundle.trim if settings.trim is None else settings.trim,
        cell_stride=reach.stride,
        cell_centre=reach.centre,
        field=reach.field,
        spacing=bundle.spacing,
        label_region=min(bundle.label_region or step, patch),
        min_tissue=bundle.min_tissue,
        evaluation=evaluation,
    )
    return geometry, reason


def _half(patch: int, stride: int) -> int:
    """Half a patch, as a multiple of the layer's stride."""
    return max(stride, patch // 2 // stride * stride)


def _software() -> dict[str, str]:
    """What decides the bits of a fit: name → version."""
    return {"wsiview": __version__, "torch": torch.__version__, "numpy": np.__version__}
