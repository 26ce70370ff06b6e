"""Fit: `wsiview fit`."""

from __future__ import annotations

import argparse
import os
import shutil
from functools import partial

from wsiview.cli.fit_cluster import compute_features, tell_repeated
from wsiview.cli.fit_report import tell_choice, tell_fit
from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import Failures, check_file, check_mpp, check_seed, check_threads
from wsiview.clustering.clustering import Clustering
from wsiview.clustering.clustering_file import write_slide_names
from wsiview.clustering.rank import check_classes
from wsiview.clustering.rank_table import write_rank_table
from wsiview.errors import UsageError
from wsiview.explain.choosing import choose_classes, inherit
from wsiview.explain.cohort import CohortEntry, read_cohort, to_fit_on
from wsiview.explain.fidelity_sample import measure_fidelity
from wsiview.explain.fit_plan import fit_plan
from wsiview.explain.fitting import NoSlideLeft, SlideEntry, gather
from wsiview.explain.settings import FitSettings
from wsiview.models.bundle import LARGEST_PATCH, read_bundle
from wsiview.models.classifier import load_classifier
from wsiview.models.device import set_threads
from wsiview.progress import Progress
from wsiview.slide.opening import open_checked


def run(arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    """Fit one clustering over all slides; goes on after one that fails, and lists those at the end."""
    _check(arguments)
    settings, out, mpp = _settings(arguments), arguments.out, check_mpp(arguments.mpp)
    set_threads(arguments.threads)
    old = None if arguments.like is None else Clustering.load(arguments.like)
    cohort = _cohort(arguments, reporter)
    classifier = load_classifier(read_bundle(arguments.model), arguments.device)
    entries = [SlideEntry(partial(open_checked, entry.path), mpp) for entry in cohort]
    cache = out.with_name(out.name + ".parts")
    plan, room = fit_plan(classifier, settings), int(arguments.disk * 1e9)
    there = compute_features(arguments, cohort, plan, settings, cache, room, reporter, progress)
    failures = Failures(len(cohort), "slides could not be fitted on", reporter)
    try:
        gathered = gather(
            entries, classifier, plan, settings, cache, progress, room, guard=lambda index: failures.of(cohort[index])
        )
    except NoSlideLeft:
        return failures.status(partial=False)
    tell_repeated(len(there.intersection(gathered.computed)), reporter)
    used = [cohort[index] for index in gathered.used]
    measure = partial(
        measure_fidelity, [entries[index] for index in gathered.used], classifier, settings.seed,
        settings.allow_upsampling, progress,
    )  # fmt: skip
    choice = choose_classes(
        gathered, used, classifier, settings, arguments.k, out.stem, progress,
        threads=arguments.threads or os.cpu_count() or 1, refits=arguments.refits, measure=measure,
    )  # fmt: skip
    clustering = choice.clustering if old is None else inherit(choice.clustering, old)
    clustering.save(out)
    write_slide_names(out, dict(zip(clustering.slides, (str(entry.path) for entry in used), strict=True)))
    if len(arguments.k) > 1:
        tell_choice(choice, write_rank_table(out, choice.rows), reporter)
    shutil.rmtree(cache, ignore_errors=True)
    tell_fit(out, clustering, choice, gathered, plan, arguments.like, reporter)
    return failures.status(partial=gathered.unreadable > 0)


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
