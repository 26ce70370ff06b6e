"""Fit run: from the slides of a cohort to a clustering and what lies beside it."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Sequence
from functools import partial

from wsiview.cli.fit_cluster import compute_features, tell_repeated
from wsiview.cli.fit_report import tell_choice, tell_fit
from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import Failures, check_mpp
from wsiview.clustering.clustering import Clustering
from wsiview.clustering.clustering_file import write_slide_names
from wsiview.clustering.rank_table import write_rank_table
from wsiview.explain.choosing import choose_classes, inherit
from wsiview.explain.cohort import CohortEntry
from wsiview.explain.fidelity_sample import measure_fidelity
from wsiview.explain.fit_plan import fit_plan
from wsiview.explain.fitting import NoSlideLeft, SlideEntry, gather
from wsiview.explain.settings import FitSettings
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier
from wsiview.models.device import set_threads
from wsiview.progress import Progress
from wsiview.slide.opening import open_checked


def fit(
    arguments: argparse.Namespace,
    cohort: Sequence[CohortEntry],
    settings: FitSettings,
    old: Clustering | None,
    reporter: Reporter,
    progress: Progress,
) -> int:
    """Fit on the cohort, with the letters of an `old` clustering if there is one; gives the command's status."""
    out, mpp = arguments.out, check_mpp(arguments.mpp)
    set_threads(arguments.threads)
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
