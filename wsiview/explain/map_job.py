"""Map job: all maps of one slide, as a thing that can be sent to another process or computer."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wsiview.clustering.clustering import Clustering
from wsiview.errors import ClusteringError, UsageError, WsiviewError
from wsiview.explain.mapping import Outcome, map_together
from wsiview.explain.request import MapRequest, map_request
from wsiview.explain.worker import working
from wsiview.maps.faults import MapLocked
from wsiview.models.classifier import Classifier
from wsiview.progress import Progress
from wsiview.slide.opening import open_checked
from wsiview.slide.slide import Slide

_LOOK = 0.5  # seconds between looks at a map that another process writes


@dataclass(frozen=True)
class MapJob:
    """One slide to be mapped with one or several clusterings.

    Attributes
    ----------
    slide, model, clusterings, folder
        Whole paths, which mean the same wherever the job runs; maps go to `folder`.
    options
        What `map_request` is told beside them.
    device, threads
        As on the command line. Sums depend on the number of threads, so it is part of the job.
    patience
        Seconds to wait for a map that another process writes: that may be a worker which has just died, or is thought
        to have died.
    """

    slide: Path
    model: Path
    clusterings: tuple[Path, ...]
    folder: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    device: str | None = None
    threads: int | None = None
    patience: float = 0.0


@dataclass(frozen=True)
class MapFailure:
    """Why a map could not be made, in one sentence; unlike an error it can always be sent.

    `usage` says that the command was wrong, so that no other slide would fare better.
    """

    reason: str
    usage: bool = False


def run_job(job: MapJob, progress: Progress | None = None) -> Sequence[Outcome | MapFailure]:
    """Make, or go on making, every map of the job, one result for each clustering."""
    try:
        with working(job.model, job.device, job.threads) as classifier:
            return _maps(job, classifier, progress or Progress())
    except WsiviewError as error:
        return [_failure(error)] * len(job.clusterings)


def _maps(job: MapJob, classifier: Classifier, progress: Progress) -> list[Outcome | MapFailure]:
    """One result for each clustering; those that want the same work share one pass through the network."""
    results: dict[Path, Outcome | MapFailure] = {}
    try:
        with open_checked(job.slide) as slide:
            passes: dict[object, list[tuple[Path, MapRequest, Clustering]]] = {}
            for path in job.clusterings:
                try:
                    clustering = Clustering.load(path)
                    request = map_request(slide, classifier.bundle, clustering, clustering_path=path, **job.options)
                except ClusteringError as error:
                    results[path] = _failure(error)
                    continue
                passes.setdefault((request.work, clustering.geometry), []).append((path, request, clustering))
            for together in passes.values():
                results |= _one_pass(job, together, slide, classifier, progress)
    except WsiviewError as error:
        failure = _failure(error)
        return [results.get(path, failure) for path in job.clusterings]
    return [results[path] for path in job.clusterings]


def _one_pass(
    job: MapJob,
    together: Sequence[tuple[Path, MapRequest, Clustering]],
    slide: Slide,
    classifier: Classifier,
    progress: Progress,
) -> dict[Path, Outcome | MapFailure]:
    """The maps of one pass; those that another process writes are waited for as long as the job's patience lasts."""
    until = time.monotonic() + job.patience
    left, results = list(together), dict[Path, Outcome | MapFailure]()
    while left:
        paths, requests, clusterings = zip(*left, strict=True)
        try:
            made = map_together(requests, slide, classifier, clusterings, job.folder, progress)
        except WsiviewError as error:
            return results | {path: _failure(error) for path in paths}
        waiting = time.monotonic() < until
        locked = []
        for path, one in zip(paths, made, strict=True):
            if waiting and isinstance(one, MapLocked):
                locked.append(path)
            else:
                results[path] = _failure(one) if isinstance(one, WsiviewError) else one
        left = [one for one in left if one[0] in locked]
        if left:
            progress.check()
            time.sleep(_LOOK)
    return results


def _failure(error: WsiviewError) -> MapFailure:
    return MapFailure(str(error), isinstance(error, UsageError))
