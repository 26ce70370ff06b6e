"""Fitting: feature vectors of patches from many slides, factorised into a clustering."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from wsiview import __version__
from wsiview.clustering.clustering import Clustering
from wsiview.clustering.nmf import fit
from wsiview.clustering.normality import normality_of
from wsiview.clustering.vectors import ArrayVectors, Vectors
from wsiview.errors import SlideError, UsageError
from wsiview.explain.features_cache import ROOM, CachedVectors, FeaturesCache, room_left
from wsiview.explain.fit_plan import FitPlan, fit_plan
from wsiview.explain.sampling import Sample, Sampler
from wsiview.explain.settings import FitSettings
from wsiview.models.classifier import Classifier
from wsiview.progress import Progress
from wsiview.slide.slide import Slide

_MEMORY = 512 * 2**20  # bytes of vectors that are held in memory rather than read at every pass


@dataclass(frozen=True)
class SlideEntry:
    """A slide to fit on: how to open it, and its scale where the file doesn't tell (µm per pixel)."""

    open: Callable[[], Slide]
    mpp: tuple[float, float] | None = None


class NoSlideLeft(SlideError):
    """None of the slides of a fit could be used."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """The feature vectors of a fit, and where they come from.

    Attributes
    ----------
    used
        Numbers of the entries that gave any, ascending; all that follows is in their order.
    vectors
        All, slide after slide.
    counts
        How many each slide gave.
    manifest
        (n, 3) index in `used`, x, y of each patch.
    fingerprints
        Of the slides.
    unreadable
        Sampled patches that could not be read.
    computed
        Numbers of the entries whose vectors were not all found in the cache.
    key
        What the vectors depend on, as a digest.
    cache
        Where they and the progress of fits are kept.
    """

    used: tuple[int, ...]
    vectors: Vectors
    counts: tuple[int, ...]
    manifest: NDArray[np.int64]
    fingerprints: tuple[str, ...]
    unreadable: int
    computed: tuple[int, ...]
    plan: FitPlan
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
    plan = fit_plan(classifier, settings)
    gathered = gather(entries, classifier, plan, settings, cache, progress, room)
    clustering = cluster(gathered, classifier, settings, name, progress, threads)
    shutil.rmtree(cache, ignore_errors=True)
    return clustering, gathered.unreadable


def gather(
    entries: Sequence[SlideEntry],
    classifier: Classifier,
    plan: FitPlan,
    settings: FitSettings,
    cache: Path,
    progress: Progress,
    room: int = ROOM,
    guard: Callable[[int], AbstractContextManager[None, bool | None]] = lambda index: nullcontext(),
) -> Gathered:
    """Compute the vectors of a fit, or find them in the cache; the parameters are those of `fit_clustering`.

    Parameters
    ----------
    guard
        Entered with the number of a slide before that is sampled; if it swallows an error, the slide is left out.

    Raises
    ------
    NoSlideLeft
        If every slide was left out.
    """
    if not entries:
        raise UsageError("there is no slide to fit on")
    kept = FeaturesCache(cache, room_left(cache, room))
    sampler = Sampler(classifier, plan, settings, len(entries), kept)
    found: dict[int, Sample] = {}
    for index, one in enumerate(entries):
        mine = progress.of(f"slide {index + 1} of {len(entries)}") if len(entries) > 1 else progress
        with guard(index):
            found[index] = sampler.sample(one.open, one.mpp, index, mine.report)
    if not found:
        raise NoSlideLeft("none of the slides could be fitted on")
    return _gathered(found, plan, kept)


def _gathered(found: dict[int, Sample], plan: FitPlan, kept: FeaturesCache) -> Gathered:
    samples = list(found.values())
    counts = tuple(sum(part.count for part in sample.parts) for sample in samples)
    stored = CachedVectors([part for sample in samples for part in sample.parts], plan.channels, kept)
    manifest = [
        np.column_stack([np.full(len(sample.places), index), sample.places]) for index, sample in enumerate(samples)
    ]
    return Gathered(
        used=tuple(found),
        vectors=ArrayVectors(stored.read(0, sum(counts))) if 4 * sum(counts) * plan.channels <= _MEMORY else stored,
        counts=counts,
        manifest=np.concatenate(manifest).astype(np.int64),
        fingerprints=tuple(sample.fingerprint for sample in samples),
        unreadable=sum(sample.unreadable for sample in samples),
        computed=tuple(index for index, sample in found.items() if sample.computed),
        plan=plan,
        key=hashlib.sha256(" ".join(sample.key for sample in samples).encode()).hexdigest()[:16],
        cache=kept,
    )


def cluster(
    gathered: Gathered, classifier: Classifier, settings: FitSettings, name: str, progress: Progress, threads: int = 1
) -> Clustering:
    """Factorise gathered vectors, from where an interrupted fit of the same vectors had come to."""
    plan = gathered.plan
    state = f"passes-{gathered.key}-{settings.n_classes}{'-signed' if plan.signed else ''}"
    found = fit(
        gathered.vectors, settings.n_classes, seed=settings.seed, progress=progress, threads=threads,
        signed=plan.signed, going_on=gathered.cache.state(state), keep=partial(gathered.cache.keep_state, state),
    )  # fmt: skip
    normality = normality_of(gathered.vectors, found.class_vectors, progress)
    return Clustering(
        class_vectors=found.class_vectors,
        weight_quantiles=found.quantiles,
        manifest=gathered.manifest,
        name=name,
        layer=plan.layer,
        rectify=plan.rectify,
        model_fingerprint=classifier.bundle.fingerprint,
        model_name=classifier.bundle.name,
        geometry=plan.geometry,
        parameters={**asdict(settings), **found.parameters, "unreadable": gathered.unreadable, **plan.reason},
        normal={} if normality is None else {plan.geometry.evaluation: normality},
        slides=gathered.fingerprints,
        share=tuple(float(one) for one in found.share),
        objective=found.objective,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        software=_software(),
    )


def _software() -> dict[str, str]:
    """What decides the bits of a fit: name → version."""
    return {"wsiview": __version__, "torch": torch.__version__, "numpy": np.__version__}
