"""Score sheet: the picture of a model's most extreme patches on one slide, for the commands that make it."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from wsiview.cli.reporting import Reporter
from wsiview.cli.slides import check_file, check_mpp, check_seed, check_threads
from wsiview.errors import UsageError
from wsiview.explain.score_sample import Extreme, ScoreSample, score_sample
from wsiview.export.contact_sheet import ContactSheet, SheetPatch, SheetRow
from wsiview.models.bundle import Bundle
from wsiview.models.classifier import load_classifier
from wsiview.models.device import set_threads
from wsiview.progress import Progress
from wsiview.slide.opening import open_checked
from wsiview.slide.slide import Slide


def check_sample(arguments: argparse.Namespace, picture: Path) -> None:
    """Refuse what can't become a picture, before any work.

    Raises
    ------
    UsageError
        In words that name the flag.
    """
    check_mpp(arguments.mpp)
    check_seed(arguments.seed)
    check_threads(arguments.threads)
    if arguments.patches < 1:
        raise UsageError(f"--patches {arguments.patches}: give a positive number")
    if picture.suffix.lower() != ".png":
        raise UsageError(f"{picture}: the picture's name ends in .png")
    if arguments.slide is not None:
        check_file(picture)


def show_scores(
    bundle: Bundle, arguments: argparse.Namespace, picture: Path, reporter: Reporter, progress: Progress
) -> int:
    """Score patches of the slide and write the picture; status 3 when some could not be read."""
    set_threads(arguments.threads)
    classifier = load_classifier(bundle, arguments.device)
    with open_checked(arguments.slide) as slide:
        sample = score_sample(
            slide, classifier, progress, mpp=check_mpp(arguments.mpp), allow_upsampling=arguments.allow_upsampling,
            count=arguments.patches, seed=arguments.seed,
        )  # fmt: skip
        score_sheet(bundle, slide, sample, arguments.seed).save(picture)
        name = slide.path.name
    scored = len(sample.scores)
    if scored + sample.unreadable < sample.asked:
        reporter.note(f"time was up after {scored} of {sample.asked} patches; the picture shows those")
    if sample.unreadable:
        reporter.note(f"{sample.unreadable} of the patches could not be read and were left out")
    reporter.result(
        f"{picture}: the most extreme of {scored} patches of {name}; see whether each output's name fits them",
        picture=str(picture), slide=str(arguments.slide), patches=scored, unreadable=sample.unreadable,
        outputs={
            label: {"highest": _facts(high), "lowest": _facts(low)}
            for label, high, low in zip(bundle.class_names, sample.highest, sample.lowest, strict=True)
        },
    )  # fmt: skip
    return 3 if sample.unreadable else 0


def score_sheet(bundle: Bundle, slide: Slide, sample: ScoreSample, seed: int) -> ContactSheet:
    """The picture of a sample."""
    drawn = f"{len(sample.scores)} of {sample.tissue} tissue patches, drawn at random (seed {seed})"
    ends = zip(bundle.class_names, sample.scores.T, sample.highest, sample.lowest, strict=True)
    rows = []
    for index, (name, scores, highest, lowest) in enumerate(ends):
        low, middle, high = (float(value) for value in np.quantile(scores, [0.0, 0.5, 1.0]))
        lines = [f"output {index}" + (", explained" if index == bundle.target else "")]
        lines += [f"{low:.3f} to {high:.3f}", f"median {middle:.3f}"]
        if len(bundle.class_names) <= 2:
            lines.append(f"{np.mean(scores >= bundle.threshold):.0%} from {bundle.threshold:g} up")
        rows.append(SheetRow(name, lines, _patches(highest), _patches(lowest)))
    return ContactSheet(
        f"{bundle.name}: does each name fit its highest scores?",
        [
            f"{slide.path.name}: {drawn}; of patches that overlap, the most extreme is shown",
            f"patches of {_size(bundle)}; the square is what a score speaks of; below: score, level-0 corner x, y",
        ],
        rows,
        bundle.label_region / bundle.patch_pixels,
    )


def _patches(extremes: tuple[Extreme, ...]) -> list[SheetPatch]:
    return [SheetPatch(one.pixels, one.score, one.x, one.y) for one in extremes]


def _facts(extremes: tuple[Extreme, ...]) -> list[dict[str, float]]:
    return [{"score": one.score, "x": one.x, "y": one.y} for one in extremes]


def _size(bundle: Bundle) -> str:
    side = bundle.patch_pixels
    return f"{side} px" if bundle.spacing is None else f"{side} px = {side * bundle.spacing:.0f} µm"
