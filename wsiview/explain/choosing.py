"""Choosing: how well each number of classes holds on the vectors of a fit, and which one they speak for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from wsiview.analysis.fidelity import Fidelity
from wsiview.clustering.clustering import Clustering
from wsiview.clustering.matching import places_like
from wsiview.clustering.nmf import check_enough
from wsiview.clustering.rank import RankRow, choose
from wsiview.clustering.stability import REFITS, Stability, stability
from wsiview.clustering.vectors import drawn_rows, pick
from wsiview.errors import ClusteringError
from wsiview.explain.cohort import CohortEntry, patient_groups
from wsiview.explain.fidelity_sample import Measured
from wsiview.explain.fitting import Gathered, cluster
from wsiview.explain.settings import FitSettings
from wsiview.models.classifier import Classifier
from wsiview.progress import Progress

_NUMBERS = 2**22  # of the vectors that refits are made on, float32: 17 MB
_CHUNK = 16384

Measure = Callable[[Sequence[Clustering]], Measured]


@dataclass(frozen=True, eq=False)
class Choice:
    """A clustering that holds best, the rows it was chosen by, why, what was resampled, and its fidelity or why not."""

    clustering: Clustering
    rows: tuple[RankRow, ...]
    reason: str
    resampled: str
    refits: int
    fidelity: Fidelity | None = None
    no_fidelity: str = ""


def choose_classes(
    gathered: Gathered,
    cohort: Sequence[CohortEntry],
    classifier: Classifier,
    settings: FitSettings,
    classes: Sequence[int],
    name: str,
    progress: Progress,
    *,
    threads: int = 1,
    refits: int = REFITS,
    measure: Measure,
) -> Choice:
    """Fit each K and refit it on resampled patients; the clustering carries its stability and its fidelity.

    Parameters
    ----------
    gathered, cohort
        Vectors, and the slides that they come from, in the same order.
    classes
        One K or more.
    refits
        How often each is fitted again; 0, which tells nothing, for a single K only.
    measure
        Finds the fidelity of all clusterings at once.

    Raises
    ------
    UsageError, ClusteringError
        In words that name what is wrong.
    Cancelled
        When `progress` was cancelled; fits that were finished or begun go on from there.
    """
    check_enough(gathered.vectors, max(classes))
    groups = patient_groups(cohort)
    resampled = _resampled(cohort, groups)
    sample = _sample(gathered, groups, settings.seed)
    fits: list[Clustering] = []
    stable: list[Stability] = []
    for k in classes:
        one = cluster(gathered, classifier, replace(settings, n_classes=k), name, progress, threads)
        if refits:
            held = stability(
                sample.vectors, sample.whose, one.class_vectors, settings.seed, progress, refits, signed=one.signed
            )
            stable.append(held)
            one = replace(one, stability=np.column_stack([held.found_again, np.full(k, refits)]))
        fits.append(one)
    measured = measure(fits)
    if not refits:
        kept = _with(fits[0], {}, measured, 0)
        return Choice(kept, (), "the one that was asked for", resampled, 0, measured.of(0), measured.reason)
    found = [
        _row(one, one.objective[-1] / (sample.square * gathered.vectors.shape[0]), held, measured.of(index))
        for index, (one, held) in enumerate(zip(fits, stable, strict=True))
    ]
    best, reason = choose(found)
    place = found.index(best)
    note = {"refits": refits, "resampled": resampled, "classes_tried": list(classes)}
    chosen = _with(fits[place], note, measured, place)
    return Choice(chosen, tuple(found), reason, resampled, refits, measured.of(place), measured.reason)


@dataclass(frozen=True, eq=False)
class _Sample:
    """The vectors (n, C) that refits are made on, the group of each (n,), and the mean of their ‖v‖²."""

    vectors: NDArray[np.float32]
    whose: NDArray[np.int64]
    square: float


def _sample(gathered: Gathered, groups: Sequence[int], seed: int) -> _Sample:
    count, channels = gathered.vectors.shape
    rows = drawn_rows(count, max(1, _NUMBERS // channels), [seed, 2])
    some = pick(gathered.vectors, rows, _CHUNK)
    with threadpool_limits(limits=1):
        square = float(sum(np.square(part, dtype=np.float64).sum() for part in np.array_split(some, 64))) / len(some)
    return _Sample(some, np.repeat(groups, gathered.counts)[rows], square)


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


def _row(one: Clustering, residual: float, held: Stability, faithful: Fidelity | None) -> RankRow:
    return RankRow(
        classes=one.n_classes,
        residual=residual,
        worst_cosine=held.worst_cosine,
        dispersion=held.dispersion,
        found_again=int(held.found_again.min()),
        refits=held.refits,
        fidelity=None if faithful is None else faithful.above_majority,
        rmse=None if faithful is None else faithful.rmse,
    )


def _with(one: Clustering, note: dict[str, Any], measured: Measured, place: int) -> Clustering:
    """The clustering with what was found about it on record."""
    faithful = measured.of(place)
    told = {"skipped": measured.reason} if faithful is None else faithful.to_json()
    return replace(one, parameters={**one.parameters, **note, "fidelity": told})


def _resampled(cohort: Sequence[CohortEntry], groups: Sequence[int]) -> str:
    """What refits draw anew."""
    if len(set(groups)) == 1:
        return f"feature vectors of the one {'slide' if len(cohort) == 1 else 'patient'}"
    return "patients" if any(entry.patient for entry in cohort) else "slides"
