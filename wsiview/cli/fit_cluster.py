"""Fit cluster: the features of a fit, computed on a Dask cluster and put where the fit finds them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import check_mpp
from wsiview.errors import ClusteringError
from wsiview.explain.cohort import CohortEntry
from wsiview.explain.features_cache import room_left
from wsiview.explain.fit_plan import FitPlan
from wsiview.explain.sample_job import SampleJob, run_sample_job
from wsiview.explain.schedulers import Cluster, Lost
from wsiview.explain.settings import FitSettings
from wsiview.progress import Progress


def compute_features(
    arguments: argparse.Namespace,
    cohort: Sequence[CohortEntry],
    plan: FitPlan,
    settings: FitSettings,
    cache: Path,
    room: int,
    reporter: Reporter,
    progress: Progress,
) -> set[int]:
    """Have the cluster of --scheduler, if one is named, fill the cache; gives the numbers of the slides that it did.

    A slide that it could not do is named, and left to whoever goes through the cache.

    Raises
    ------
    ClusteringError
        If what its workers write does not come here.
    UsageError, SchedulerUnusable
        If there is no such cluster.
    Cancelled
        When `progress` was cancelled.
    """
    if arguments.scheduler is None:
        return set()
    share = room_left(cache, room) // len(cohort)
    jobs = [
        SampleJob(
            entry.path.absolute(), check_mpp(arguments.mpp), index, len(cohort), arguments.model.absolute(), plan,
            settings, cache.absolute(), share, arguments.device, arguments.threads,
        )
        for index, entry in enumerate(cohort)
    ]  # fmt: skip
    done: set[int] = set()
    for index, result in Cluster(arguments.scheduler, run_sample_job).run(jobs, progress, "features of slides"):
        if result is None:
            done.add(index)
            continue
        reason = result.reason if isinstance(result, Lost) else result
        reporter.note(f"{cohort[index].path.name} is tried again here, because on the cluster: {reason}")
    if done and not cache.is_dir():
        raise ClusteringError(
            f"the features that the cluster computed are not in {cache}: its workers must see the same files under the "
            "same paths; choose an --out that they all write to"
        )
    return done


def tell_repeated(repeated: int, reporter: Reporter) -> None:
    """Say that so many slides were computed by the cluster and then here again, if any were."""
    if repeated:
        reporter.note(
            f"the features of {repeated} slides that the cluster had computed were computed here again; its workers "
            "must have the same version of wsiview, the same model and the same files under the same paths"
        )
