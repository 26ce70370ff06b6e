"""Fit: `wsiview fit`."""

from __future__ import annotations

import argparse
import os
import shutil
from dataclasses import fields
from functools import partial
from pathlib import Path

from wsiview.cli.fit_cluster import compute_features, tell_repeated
from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import Failures, check_file, check_mpp, check_seed, check_threads
from wsiview.clustering.clustering import LETTERS, Clustering
from wsiview.clustering.clustering_file import write_slide_names
from wsiview.clustering.nnls import MAX_CLASSES
from wsiview.clustering.rank import RankRow
from wsiview.clustering.whole_file import write_whole
from wsiview.errors import ClusteringError, UsageError
from wsiview.explain.choosing import Choice, choose_classes, inherit
from wsiview.explain.cohort import read_cohort, to_fit_on
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
    settings = _settings(arguments)
    out: Path = arguments.out
    if out.suffix != ".clustering":
        raise UsageError(f"--out {out}: a clustering's name ends in .clustering")
    check_file(out)
    check_threads(arguments.threads)
    set_threads(arguments.threads)
    mpp = check_mpp(arguments.mpp)
    old = None if arguments.like is None else Clustering.load(arguments.like)
    named = read_cohort(arguments.slides, reporter.note)
    cohort = to_fit_on(named)
    if len(cohort) < len(named):
        reporter.note(f"{len(named) - len(cohort)} of {len(named)} slides say no in used_in_fit and are left out")
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
    choice = choose_classes(
        gathered, used, classifier, settings, arguments.k, out.stem, progress,
        threads=arguments.threads or os.cpu_count() or 1, refits=arguments.refits,
        measure=partial(
            measure_fidelity, [entries[index] for index in gathered.used], classifier, settings.seed,
            settings.allow_upsampling, progress,
        ),
    )  # fmt: skip
    clustering = choice.clustering if old is None else inherit(choice.clustering, old)
    clustering.save(out)
    write_slide_names(out, dict(zip(clustering.slides, (str(entry.path) for entry in used), strict=True)))
    if len(arguments.k) > 1:
        _tell_choice(choice, out, reporter)
    shutil.rmtree(cache, ignore_errors=True)
    for reason in plan.reason.values():
        how = "densely" if clustering.geometry.evaluation == "dense" else "by overlapping patches"
        reporter.note(f"evaluated {how}: {reason}")
    if gathered.unreadable:
        reporter.note(f"{gathered.unreadable} of the sampled patches could not be read and were left out")
    if choice.fidelity is None:
        reporter.note(f"fidelity was not measured: {choice.no_fidelity}")
    reporter.result(
        f"{out}: {clustering.n_classes} classes from {len(used)} slides and "
        f"{clustering.parameters['vectors']} feature vectors; objective {clustering.objective[-1]:.6g}"
        + _stability_text(clustering, choice)
        + _fidelity_text(choice)
        + _inherited_text(clustering, arguments.like),
        clustering=str(out),
        fingerprint=clustering.fingerprint,
        classes=clustering.n_classes,
        slides=len(used),
        vectors=clustering.parameters["vectors"],
        unreadable=gathered.unreadable,
        objective=clustering.objective[-1],
        layer=clustering.layer,
        found_again=clustering.stability[:, 0].tolist(),
        refits=choice.refits,
        fidelity=clustering.parameters["fidelity"],
        inherited=clustering.inherited.get("classes"),
    )
    return failures.status(partial=gathered.unreadable > 0)


def _tell_choice(choice: Choice, out: Path, reporter: Reporter) -> None:
    """Write X.k.csv, and show the same as a table."""
    names = [one.name for one in fields(RankRow)]
    rows = [[getattr(row, name) for name in names] for row in choice.rows]
    path = out.with_name(f"{out.stem}.k.csv")
    text = "\n".join(",".join("" if one is None else str(one) for one in line) for line in [names, *rows]) + "\n"
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise ClusteringError(
            f"{path} can't be written ({error.strerror or error}): free some space or choose another folder"
        ) from error
    lines = ["  K  not explained  worst cosine  dispersion  every class found again  labels above majority  logit RMSE"]
    for row in choice.rows:
        mark = "*" if row.classes == choice.clustering.n_classes else " "
        lines.append(
            f"{mark}{row.classes:>2}  {row.residual:>13.2%}  {row.worst_cosine:>12.3f}  {row.dispersion:>10.3f}  "
            f"{f'in {row.found_again} of {row.refits}':<23}  {_told(row.fidelity):>21}  {_told(row.rmse):>10}"
        )
    lines.append(f"K = {choice.clustering.n_classes} is {choice.reason}; resampled: {choice.resampled}")
    facts = [dict(zip(names, row, strict=True)) for row in rows]
    reporter.result("\n".join(lines), table=str(path), rows=facts, chosen=choice.clustering.n_classes)


def _told(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _fidelity_text(choice: Choice) -> str:
    found = choice.fidelity
    if found is None:
        return ""
    return (
        f"; with its classes in place of the activations {found.agreement:.1%} of {found.patches} patches keep the "
        f"model's label, {_told(found.above_majority)} of what lies above the majority share"
    )


def _stability_text(clustering: Clustering, choice: Choice) -> str:
    if not choice.refits:
        return ""
    counts = zip(clustering.letters, clustering.stability[:, 0].tolist(), strict=True)
    told = ", ".join(f"{letter} {count}" for letter, count in counts)
    return f"; found again in {choice.refits} fits of resampled {choice.resampled}: {told}"


def _inherited_text(clustering: Clustering, like: Path | None) -> str:
    if like is None:
        return ""
    partners = zip(clustering.letters, clustering.inherited["classes"], strict=True)
    told = [f"{letter} from {LETTERS[index]}" for letter, index in partners if index is not None]
    return f"; of {like.name}: {', '.join(told) or 'no class is alike'}"


def _settings(arguments: argparse.Namespace) -> FitSettings:
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
        if not 2 <= k <= MAX_CLASSES:
            raise UsageError(f"-k {k}: a clustering has from 2 to {MAX_CLASSES} classes")
    check_seed(arguments.seed)
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
