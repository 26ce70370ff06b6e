"""Map run: the slides of a cohort to maps, here or on a cluster."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import Failures, check_folder, check_mpp, check_saliency
from wsiview.clustering.clustering import Clustering
from wsiview.errors import MapError, UsageError
from wsiview.explain.cohort import CohortEntry
from wsiview.explain.map_job import MapFailure, MapJob, run_job
from wsiview.explain.mapping import Outcome
from wsiview.explain.schedulers import Cluster, Lost
from wsiview.explain.worker import classifier_of
from wsiview.models.bundle import read_bundle
from wsiview.progress import Progress

Maps = Sequence[Outcome | MapFailure]

_PATIENCE = 60.0  # seconds that a job on a cluster waits for the map of a worker that was thought to have died


def map_slides(
    arguments: argparse.Namespace, cohort: Sequence[CohortEntry], reporter: Reporter, progress: Progress
) -> int:
    """Map every slide of the cohort with every clustering; gives the command's status."""
    jobs = _jobs(arguments, cohort)
    clusterings = jobs[0].clusterings
    for path in clusterings:
        Clustering.load(path)
    if arguments.scheduler is None:
        classifier_of(arguments.model, arguments.device)
    else:
        read_bundle(arguments.model)
    check_folder(arguments.out)
    failures = Failures(len(jobs) * len(clusterings), "maps could not be made", reporter)
    partial = False
    said: set[str] = set()
    for number, maps in _run(jobs, arguments.scheduler, progress):
        entry = cohort[number]
        for one in maps if not isinstance(maps, Lost) else [MapFailure(f"{entry.path}: {maps.reason}")]:
            if isinstance(one, MapFailure):
                if one.usage:
                    raise UsageError(one.reason)
                failures.add(entry, MapError(one.reason))
                continue
            partial = partial or one.unreadable > 0 or one.unreadable_cells > 0
            if one.reason and one.reason not in said:
                said.add(one.reason)
                reporter.note(f"evaluated densely: {one.reason}")
            _report(one, entry.path, reporter)
    return failures.status(partial)


def _jobs(arguments: argparse.Namespace, cohort: Sequence[CohortEntry]) -> list[MapJob]:
    """One for each slide."""
    on_cluster = arguments.scheduler is not None
    place = Path.absolute if on_cluster else Path
    options = {
        "mpp": check_mpp(arguments.mpp), "saliency": check_saliency(arguments.saliency), "seed": arguments.seed,
        "allow_upsampling": arguments.allow_upsampling, "evaluation": arguments.evaluation,
        "predictions": arguments.predictions,
    }  # fmt: skip
    return [
        MapJob(
            slide=place(entry.path),
            model=place(arguments.model),
            clusterings=tuple(dict.fromkeys(place(path) for path in arguments.clustering)),
            folder=place(arguments.out),
            options={**options, "used_in_fit": entry.used_in_fit},
            device=arguments.device,
            threads=arguments.threads,
            patience=_PATIENCE if on_cluster else 0.0,
        )
        for entry in cohort
    ]


def _run(jobs: Sequence[MapJob], scheduler: str | None, progress: Progress) -> Iterator[tuple[int, Maps | Lost]]:
    """The number of each job and its maps, as they are made: here one after another, or on a cluster."""
    if scheduler is not None:
        yield from Cluster(scheduler, run_job).run(jobs, progress, "mapping slides")
        return
    for number, job in enumerate(jobs):
        yield number, run_job(job, progress.of(_place(jobs, number)) if len(jobs) > 1 else progress)


def _place(jobs: Sequence[MapJob], number: int) -> str:
    """Which slide of how many, by its name; with its folder's where another one is called so too."""
    slide = jobs[number].slide
    alike = sum(job.slide.name == slide.name for job in jobs) > 1
    name = f"{slide.parent.name}/{slide.name}" if alike else slide.name
    return f"slide {number + 1} of {len(jobs)}, {name}"


def _report(outcome: Outcome, slide: Path, reporter: Reporter) -> None:
    if outcome.note:
        reporter.note(f"{slide.name}: {outcome.note}")
    lost = [
        f"; {count} {things} could not be read"
        for count, things in (
            (outcome.unreadable, f"of {outcome.patches} patches"), (outcome.unreadable_cells, "cells"),
        )
        if count
    ]  # fmt: skip
    reporter.result(
        f"{outcome.path}{''.join(lost)}",
        map=str(outcome.path),
        slide=str(slide),
        patches=outcome.patches,
        unreadable=outcome.unreadable,
        unreadable_cells=outcome.unreadable_cells,
    )
