"""Map: `wsiview map`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import check_folder, check_mpp, check_saliency, check_threads
from wsiview.clustering.clustering import Clustering
from wsiview.errors import UsageError, WsiviewError
from wsiview.explain.cohort import read_cohort
from wsiview.explain.mapping import Outcome, map_slide
from wsiview.explain.request import map_request
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import Classifier, load_classifier
from wsiview.models.device import set_threads
from wsiview.progress import Progress
from wsiview.slide.opening import open_checked


def run(arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    """Map every slide with every clustering; goes on after a map that fails, and lists those at the end."""
    mpp = check_mpp(arguments.mpp)
    check_threads(arguments.threads)
    set_threads(arguments.threads)
    cohort = read_cohort(arguments.slides)
    saliency = check_saliency(arguments.saliency)
    clusterings = {path: Clustering.load(path) for path in arguments.clustering}
    classifier = load_classifier(read_bundle(arguments.model), arguments.device)
    check_folder(arguments.out)
    failures: list[str] = []
    partial = False
    wanted = [(entry.path, path) for entry in cohort for path in clusterings]
    for slide, path in wanted:
        chosen = path, clusterings[path]
        try:
            outcome = _map(slide, arguments, classifier, chosen, mpp, saliency, progress)
        except UsageError:
            raise
        except WsiviewError as error:
            failures.append(str(error))
            if len(wanted) > 1:
                reporter.error(str(error))
            continue
        partial = partial or outcome.unreadable > 0
        _report(outcome, slide, reporter)
    return _status(failures, len(wanted), partial, reporter)


def _map(
    path: Path,
    arguments: argparse.Namespace,
    classifier: Classifier,
    chosen: tuple[Path, Clustering],
    mpp: tuple[float, float] | None,
    saliency: Sequence[str],
    progress: Progress,
) -> Outcome:
    with open_checked(path) as slide:
        request = map_request(
            slide,
            classifier.bundle,
            chosen[1],
            clustering_path=chosen[0],
            mpp=mpp,
            saliency=saliency,
            allow_upsampling=arguments.allow_upsampling,
        )
        return map_slide(request, slide, classifier, chosen[1], arguments.out, progress)


def _report(outcome: Outcome, slide: Path, reporter: Reporter) -> None:
    if outcome.note:
        reporter.note(f"{slide.name}: {outcome.note}")
    unreadable = f"; {outcome.unreadable} of {outcome.patches} patches could not be read" if outcome.unreadable else ""
    reporter.result(
        f"{outcome.path}{unreadable}",
        map=str(outcome.path),
        slide=str(slide),
        patches=outcome.patches,
        unreadable=outcome.unreadable,
    )


def _status(failures: list[str], wanted: int, partial: bool, reporter: Reporter) -> int:
    if not failures:
        return 3 if partial else 0
    if wanted == 1:
        reporter.error(failures[0])
    else:
        reporter.error(f"{len(failures)} of {wanted} maps could not be made: " + " | ".join(failures))
    return 1
