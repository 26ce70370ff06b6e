"""Fit: `wsiview fit`."""

from __future__ import annotations

import argparse

from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import check_file, check_mpp, check_seed, check_threads
from wsiview.clustering.clustering import Clustering
from wsiview.clustering.rank import check_classes
from wsiview.errors import UsageError
from wsiview.explain.cohort import CohortEntry, read_cohort, to_fit_on
from wsiview.explain.settings import FitSettings
from wsiview.models.bundle import LARGEST_PATCH
from wsiview.progress import Progress


def run(arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    """Fit one clustering over all slides; goes on after one that fails, and lists those at the end."""
    _check(arguments)
    settings = _settings(arguments)
    old = None if arguments.like is None else Clustering.load(arguments.like)
    cohort = _cohort(arguments, reporter)
    from wsiview.cli.fit_run import fit  # loads torch, for which nobody waits who mistyped a flag

    return fit(arguments, cohort, settings, old, reporter, progress)


def _cohort(arguments: argparse.Namespace, reporter: Reporter) -> list[CohortEntry]:
    """The slides to fit on, of those that are named."""
    named = read_cohort(arguments.slides, reporter.note)
    cohort = to_fit_on(named)
    if len(cohort) < len(named):
        reporter.note(f"{len(named) - len(cohort)} of {len(named)} slides say no in used_in_fit and are left out")
    return cohort


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what can't be done, before anything is read."""
    for name, value in (("--vectors", arguments.vectors), ("--patch", arguments.patch), ("--stride", arguments.stride)):
        if value is not None and value < 1:
            raise UsageError(f"{name} {value}: give a positive number")
    if arguments.patch is not None and arguments.patch > LARGEST_PATCH:
        raise UsageError(f"--patch {arguments.patch}: give {LARGEST_PATCH} pixels or fewer")
    if arguments.trim is not None and arguments.trim < 0:
        raise UsageError(f"--trim {arguments.trim}: give 0 or more")
    if arguments.patches < 1:
        raise UsageError(f"--patches {arguments.patches}: give a positive number")
    if not arguments.disk >= 0:
        raise UsageError(f"--disk {arguments.disk:g}: give gigabytes, 0 or more")
    if not 0 <= arguments.refits <= 1000 or (len(arguments.k) > 1 and arguments.refits < 2):
        raise UsageError(f"--refits {arguments.refits}: give 0 to 1000, and to choose among several K at least 2")
    for k in arguments.k:
        check_classes(k)
    check_seed(arguments.seed)
    if arguments.out.suffix != ".clustering":
        raise UsageError(f"--out {arguments.out}: a clustering's name ends in .clustering")
    check_file(arguments.out)
    check_threads(arguments.threads)
    check_mpp(arguments.mpp)


def _settings(arguments: argparse.Namespace) -> FitSettings:
    return FitSettings(
        n_classes=arguments.k[0],
        seed=arguments.seed,
        layer=arguments.layer,
        patch=arguments.patch,
        step=arguments.stride,
        trim=arguments.trim,
        evaluation=arguments.evaluation,
        max_patches=arguments.patches,
        max_vectors=arguments.vectors,
        allow_upsampling=arguments.allow_upsampling,
    )
