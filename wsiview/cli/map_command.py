"""Map: `wsiview map`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import Failures, check_folder, check_mpp, check_saliency, check_seed, check_threads
from wsiview.clustering.clustering import Clustering
from wsiview.errors import ClusteringError, UsageError, WsiviewError
from wsiview.explain.cohort import read_cohort
from wsiview.explain.mapping import Outcome, map_together
from wsiview.explain.request import MapRequest, map_request
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import Classifier, load_classifier
from wsiview.models.device import set_threads
from wsiview.progress import Progress
from wsiview.slide.opening import open_checked
from wsiview.slide.slide import Slide


def run(arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    """Map every slide with every clustering; goes on after a map that fails, and lists those at the end."""
    mpp = check_mpp(arguments.mpp)
    check_threads(arguments.threads)
    set_threads(arguments.threads)
    cohort = read_cohort(arguments.slides)
    saliency = check_saliency(arguments.saliency)
    clusterings = {path: Clustering.load(path) for path in arguments.clustering}
    classifier = load_classifier(read_bundle(arguments.model), arguments.device)
    check_seed(arguments.seed)
    check_folder(arguments.out)
    failures = Failures(len(cohort) * len(clusterings), "maps", reporter)
    partial = False
    said: set[str] = set()
    for entry in cohort:
        for one in _maps_of(entry.path, arguments, classifier, clusterings, mpp, saliency, progress):
            if isinstance(one, WsiviewError):
                failures.add(entry, one)
                continue
            partial = partial or one.unreadable > 0 or one.unreadable_cells > 0
            if one.reason and one.reason not in said:
                said.add(one.reason)
                reporter.note(f"evaluated densely: {one.reason}")
            _report(one, entry.path, reporter)
    return failures.status(partial)


def _maps_of(
    path: Path,
    arguments: argparse.Namespace,
    classifier: Classifier,
    clusterings: dict[Path, Clustering],
    mpp: tuple[float, float] | None,
    saliency: Sequence[str],
    progress: Progress,
) -> list[Outcome | WsiviewError]:
    """Every map of one slide, or why it could not be made; what is the same work is done in one pass."""
    found: list[Outcome | WsiviewError] = []
    try:
        with open_checked(path) as slide:
            passes: dict[object, list[tuple[MapRequest, Clustering]]] = {}
            for place, clustering in clusterings.items():
                try:
                    request = map_request(
                        slide, classifier.bundle, clustering, clustering_path=place, mpp=mpp, saliency=saliency,
                        allow_upsampling=arguments.allow_upsampling, evaluation=arguments.evaluation,
                        predictions=arguments.predictions, seed=arguments.seed,
                    )  # fmt: skip
                except ClusteringError as error:
                    found.append(error)
                    continue
                passes.setdefault((request.work, clustering.geometry), []).append((request, clustering))
            for together in passes.values():
                found.extend(_one_pass(together, slide, classifier, arguments.out, progress))
    except UsageError:
        raise  # of no use on any other slide
    except WsiviewError as error:
        found.extend([error] * (len(clusterings) - len(found)))
    return found


def _one_pass(
    together: Sequence[tuple[MapRequest, Clustering]],
    slide: Slide,
    classifier: Classifier,
    folder: Path,
    progress: Progress,
) -> Sequence[Outcome | WsiviewError]:
    requests, clusterings = zip(*together, strict=True)
    try:
        return map_together(requests, slide, classifier, clusterings, folder, progress)
    except UsageError:
        raise
    except WsiviewError as error:
        return [error] * len(together)


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

