"""Choosing: how well each number of classes holds on the vectors of a fit, and which one they speak for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from wsiview.clustering.clustering import Clustering
from wsiview.clustering.matching import places_like
from wsiview.clustering.rank import RankRow, choose
from wsiview.clustering.stability import REFITS, Stability, stability
from wsiview.clustering.vectors import pick
from wsiview.errors import ClusteringError
from wsiview.explain.fitting import Gathered, SlideEntry, cluster
from wsiview.explain.settings import FitSettings
from wsiview.models.classifier import Classifier
from wsiview.progress import Progress

_NUMBERS = 2**22  # of the vectors that refits are made on, float32: 17 MB
_CHUNK = 16384
PATIENTS, SLIDES, VECTORS = "patients", "slides", "feature vectors of the one slide"


@dataclass(frozen=True, eq=False)
class Choice:
    """A clustering that holds best, the rows it was chosen by, why, and what was resampled."""

    clustering: Clustering
    rows: tuple[RankRow, ...]
    reason: str
    resampled: str
    refits: int


def choose_classes(
    gathered: Gathered,
    entries: Sequence[SlideEntry],
    classifier: Classifier,
    settings: FitSettings,
    classes: Sequence[int],
    name: str,
    progress: Progress,
    *,
    threads: int = 1,
    refits: int = REFITS,
) -> Choice:
    """Fit each K and refit it on resampled patients; the clusterings carry their stability.

    Parameters
    ----------
    gathered, entries
        Vectors, and the slides that they come from.
    classes
        One K or more.
    refits
        How often each is fitted again; 0, which tells nothing, for a single K only.

    Raises
    ------
    UsageError, ClusteringError
        In words that name what is wrong.
    Cancelled
        When `progress` was cancelled; fits that were finished or begun go on from there.
    """
    groups, resampled = _groups(entries)
    size = gathered.vectors.shape[0]
    most = max(1, _NUMBERS // gathered.vectors.shape[1])
    rows = np.arange(size)
    if size > most:
        rows = np.sort(np.random.default_rng([settings.seed, 2]).choice(size, most, replace=False))
    some = pick(gathered.vectors, rows, _CHUNK)
    whose = np.repeat(groups, gathered.counts)[rows]
    with threadpool_limits(limits=1):
        square = float(sum(np.square(part, dtype=np.float64).sum() for part in np.array_split(some, 64))) / len(some)
    fits: list[Clustering] = []
    found: list[RankRow] = []
    for k in classes:
        one = cluster(gathered, classifier, replace(settings, n_classes=k), name, progress, threads)
        if not refits:
            return Choice(one, (), "the one that was asked for", resampled, 0)
        held = stability(some, whose, one.class_vectors, settings.seed, progress, refits)
        fits.append(replace(one, stability=np.column_stack([held.found_again, np.full(k, refits)])))
        found.append(_row(k, one.objective[-1] / (square * size), held))
    best, reason = choose(found)
    chosen = next(one for one in fits if one.n_classes == best.classes)
    note = {"refits": refits, "resampled": resampled, "classes_tried": list(classes)}
    chosen = replace(chosen, parameters={**chosen.parameters, **note})
    return Choice(chosen, tuple(found), reason, resampled, refits)


def inherit(clustering: Clustering, old: Clustering) -> Clustering:
    """The clustering with classes that are alike to an older one's in their places, and on record as inherited.

    Raises
    ------
    ClusteringError
        If the older one is of another model or layer.
    """
    mine, theirs = (one.model_fingerprint for one in (clustering, old))
    if (mine, clustering.layer, clustering.n_channels) != (theirs, old.layer, old.n_channels):
        raise ClusteringError(
            f"the clustering {old.name!r} is of the model {old.model_name!r}, layer {old.layer!r}, and its classes "
            "can't be looked for in another: choose that model and layer, or leave out --like"
        )
    order, matching = places_like(clustering.class_vectors, old.class_vectors)
    return replace(
        clustering,
        class_vectors=clustering.class_vectors[order],
        weight_quantiles=clustering.weight_quantiles[np.append(order, clustering.n_classes)],
        share=tuple(clustering.share[index] for index in order),
        stability=clustering.stability[order] if len(clustering.stability) else clustering.stability,
        inherited={
            "clustering": old.fingerprint,
            "classes": [None if index < 0 else int(index) for index in matching.partner],
            "cosine": [round(float(one), 6) for one in matching.cosine],
        },
    )


def _row(k: int, residual: float, held: Stability) -> RankRow:
    return RankRow(k, residual, held.worst_cosine, held.dispersion, int(held.found_again.min()), held.refits)


def _groups(entries: Sequence[SlideEntry]) -> tuple[NDArray[np.int64], str]:
    """A number for each slide's patient, or the slide where that is not known; and what is resampled."""
    names = [entry.patient or f"\0{index}" for index, entry in enumerate(entries)]
    _, groups = np.unique(names, return_inverse=True)
    if len(set(names)) == 1:
        return groups, VECTORS
    return groups, PATIENTS if any(entry.patient for entry in entries) else SLIDES
