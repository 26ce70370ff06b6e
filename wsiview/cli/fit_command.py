"""Fit: `wsiview fit`."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import check_file, check_mpp, check_seed, check_threads
from wsiview.clustering.clustering_file import write_slide_names
from wsiview.errors import UsageError
from wsiview.explain.cohort import read_cohort
from wsiview.explain.fitting import SlideEntry, fit_clustering
from wsiview.explain.settings import FitSettings
from wsiview.models.bundle import LARGEST_PATCH, read_bundle
from wsiview.models.classifier import load_classifier
from wsiview.models.device import set_threads
from wsiview.progress import Progress
from wsiview.slide.opening import open_checked


def run(arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    """Fit one clustering over all slides; status 3 when patches could not be read."""
    settings = _settings(arguments)
    out: Path = arguments.out
    if out.suffix != ".clustering":
        raise UsageError(f"--out {out}: a clustering's name ends in .clustering")
    check_file(out)
    check_threads(arguments.threads)
    set_threads(arguments.threads)
    mpp = check_mpp(arguments.mpp)
    cohort = read_cohort(arguments.slides)
    classifier = load_classifier(read_bundle(arguments.model), arguments.device)
    entries = [SlideEntry(partial(open_checked, entry.path), mpp) for entry in cohort]
    clustering, unreadable = fit_clustering(
        entries, classifier, settings, out.stem, out.with_name(out.name + ".parts"), progress
    )
    clustering.save(out)
    write_slide_names(out, dict(zip(clustering.slides, (str(entry.path) for entry in cohort), strict=True)))
    if unreadable:
        reporter.note(f"{unreadable} of the sampled patches could not be read and were left out")
    reporter.result(
        f"{out}: {clustering.n_classes} classes from {len(entries)} slides and "
        f"{clustering.parameters['vectors']} feature vectors; objective {clustering.objective[-1]:.6g}",
        clustering=str(out),
        fingerprint=clustering.fingerprint,
        classes=clustering.n_classes,
        slides=len(entries),
        vectors=clustering.parameters["vectors"],
        unreadable=unreadable,
        objective=clustering.objective[-1],
        layer=clustering.layer,
    )
    return 3 if unreadable else 0


def _settings(arguments: argparse.Namespace) -> FitSettings:
    for name, value in (("-k", arguments.k), ("--patch", arguments.patch), ("--stride", arguments.stride)):
        if value is not None and value < 1:
            raise UsageError(f"{name} {value}: give a positive number")
    if arguments.patch is not None and arguments.patch > LARGEST_PATCH:
        raise UsageError(f"--patch {arguments.patch}: give {LARGEST_PATCH} pixels or fewer")
    if arguments.trim is not None and arguments.trim < 0:
        raise UsageError(f"--trim {arguments.trim}: give 0 or more")
    if arguments.patches < 1:
        raise UsageError(f"--patches {arguments.patches}: give a positive number")
    check_seed(arguments.seed)
    return FitSettings(
        n_classes=arguments.k,
        seed=arguments.seed,
        layer=arguments.layer,
        patch=arguments.patch,
        step=arguments.stride,
        trim=arguments.trim,
        evaluation=arguments.evaluation,
        max_patches=arguments.patches,
        allow_upsampling=arguments.allow_upsampling,
    )
