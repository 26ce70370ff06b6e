"""Fitting: feature vectors of patches from many slides, factorised into a clustering."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import torch

from wsiview import __version__
from wsiview.clustering.clustering import Clustering
from wsiview.clustering.geometry import Geometry
from wsiview.clustering.nmf import fit
from wsiview.clustering.normality import normality_of
from wsiview.errors import UsageError
from wsiview.explain.sampling import Sampler
from wsiview.explain.settings import FitSettings
from wsiview.features.reach import Reach, probe_reach
from wsiview.models.classifier import Classifier
from wsiview.models.default_layers import default_layer
from wsiview.progress import Progress
from wsiview.slide.slide import Slide


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
    sampler = Sampler(classifier, layer, rectify, geometry, settings, reach.channels, len(entries))
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
    normality = normality_of(everything, found.class_vectors)
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
        normal={} if normality is None else {settings.evaluation: normality},
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


def _software() -> dict[str, str]:
    """What decides the bits of a fit: name → version."""
    return {"wsiview": __version__, "torch": torch.__version__, "numpy": np.__version__}
