"""Score sample: the model's scores of tissue patches drawn from one slide, so that swapped labels are seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from wsiview.analysis.prediction import model_score
from wsiview.errors import SlideError
from wsiview.explain.patch_pixels import read_patches
from wsiview.features.recording import evaluating
from wsiview.models.bundle import Bundle
from wsiview.models.classifier import Classifier
from wsiview.progress import Progress
from wsiview.slide.slide import Pixels, Slide
from wsiview.slide.virtual_level import VirtualLevel
from wsiview.tiling.tissue import TissueMask, tissue_mask

_BATCH_PIXELS = 2**20
_SECONDS = 120.0


@dataclass(frozen=True)
class Extreme:
    """A patch at one end of an output's scores.

    Attributes
    ----------
    pixels
        (p, p, 3) uint8 RGB, as the network reads it before normalisation.
    x, y
        Its level-0 corner.
    """

    pixels: Pixels
    score: float
    x: int
    y: int


@dataclass(frozen=True)
class ScoreSample:
    """The scores of patches drawn from a slide.

    Attributes
    ----------
    scores
        (n, outputs), 0 to 1, of the patches that were run.
    highest, lowest
        For each output its most extreme patches, the most extreme first; they do not overlap.
    tissue
        How many patches of the slide hold tissue.
    asked
        How many were to be run; fewer where the time ran out.
    unreadable
        How many of those could not be read.
    """

    scores: NDArray[np.float64]
    highest: tuple[tuple[Extreme, ...], ...]
    lowest: tuple[tuple[Extreme, ...], ...]
    tissue: int
    asked: int
    unreadable: int


def score_sample(
    slide: Slide,
    classifier: Classifier,
    progress: Progress,
    *,
    mpp: tuple[float, float] | None = None,
    allow_upsampling: bool = False,
    count: int = 400,
    ends: int = 6,
    seed: int = 0,
    seconds: float = _SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> ScoreSample:
    """Score `count` tissue patches, drawn with the seed, and keep the pixels of the most extreme ones.

    Parameters
    ----------
    ends
        Patches to keep at each end of each output.
    seconds
        No further batch is begun after that; a first one always is.

    Raises
    ------
    SlideError
        If there is no tissue, or the slide can't be read at the model's resolution.
    ModelError
        If the network gives something else than its outputs.
    Cancelled
        When `progress` was cancelled.
    """
    bundle = classifier.bundle
    known = mpp or slide.mpp
    level = VirtualLevel(
        slide, bundle.spacing, known if bundle.spacing is not None else None, allow_upsampling=allow_upsampling
    )
    origins = _tissue_origins(level, tissue_mask(slide, known, progress), bundle)
    if not len(origins):
        raise SlideError(f"no tissue was found on {slide.path.name}; choose another slide, or lower min_tissue")
    chosen = origins[np.random.default_rng(seed).permutation(len(origins))[:count]]
    places, logits, unreadable = _run(level, classifier, chosen, progress, clock() + seconds, clock)
    if not len(places):
        raise SlideError(f"none of the patches drawn from {slide.path.name} could be read; choose another slide")
    outputs = range(bundle.num_classes)
    scores = np.stack([model_score(logits, bundle.activation, output) for output in outputs], axis=1)

    def extremes(output: int, sign: int) -> tuple[Extreme, ...]:
        # By logit, since scores near 0 and 1 are equal.
        order = np.argsort(-sign * _rank(logits, output, bundle.activation), kind="stable")
        picked = _apart(places, order, ends, bundle.patch_pixels)
        return tuple(_extreme(level, bundle, places[index], float(scores[index, output])) for index in picked)

    return ScoreSample(
        scores,
        tuple(extremes(output, 1) for output in outputs),
        tuple(extremes(output, -1) for output in outputs),
        len(origins),
        len(chosen),
        unreadable,
    )


def _tissue_origins(level: VirtualLevel, tissue: TissueMask, bundle: Bundle) -> NDArray[np.int64]:
    """Corners (n, 2) as x, y, in virtual pixels, of the patches inside the slide that hold enough tissue."""
    step, side = bundle.stride_pixels, bundle.patch_pixels
    xs, ys = (np.arange(0, max(1, size - side + 1), step) for size in (level.size.width, level.size.height))
    x, y = (grid.ravel() for grid in np.meshgrid(xs, ys))
    sx, sy = level.scale
    # The part that the label speaks of decides, as it does for maps.
    margin = (side - bundle.label_region) / 2
    left, top = np.float64(sx) * (x + margin), np.float64(sy) * (y + margin)
    share = tissue.share(left, top, left + bundle.label_region * sx, top + bundle.label_region * sy)
    kept = share >= bundle.min_tissue - 1e-9
    return np.stack([x[kept], y[kept]], axis=1).astype(np.int64)


def _run(
    level: VirtualLevel,
    classifier: Classifier,
    origins: NDArray[np.int64],
    progress: Progress,
    until: float,
    clock: Callable[[], float],
) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    """Corners and logits of the patches that could be read before the time was up, and how many could not be."""
    side = classifier.bundle.patch_pixels
    batch = max(1, min(32, _BATCH_PIXELS // side**2))
    places: list[NDArray[np.int64]] = [np.zeros((0, 2), np.int64)]
    logits: list[NDArray[np.float64]] = [np.zeros((0, classifier.bundle.num_classes))]
    unreadable = 0
    for first in range(0, len(origins), batch):
        if first and clock() >= until:
            break
        progress.report("scoring patches", first, len(origins))
        part = origins[first : first + batch]
        pixels, readable = read_patches(level, part, side)
        unreadable += int((~readable).sum())
        if readable.any():
            with evaluating(classifier.module), torch.no_grad():
                found = classifier.forward(classifier.normalise(pixels[readable]))
            logits.append(found.cpu().double().numpy())
            places.append(part[readable])
    progress.report("scoring patches", len(origins), len(origins))
    return np.concatenate(places), np.concatenate(logits), unreadable


def _rank(logits: NDArray[np.float64], output: int, activation: str) -> NDArray[np.float64]:
    """Orders patches as their scores do, and where these are equal to the last digit as well."""
    if activation == "sigmoid" or logits.shape[1] == 1:
        return logits[:, output]
    others = np.delete(logits, output, axis=1)
    most = others.max(axis=1)
    rest = most + np.log(np.exp(others - most[:, None]).sum(axis=1))
    return np.asarray(logits[:, output] - rest)


def _apart(places: NDArray[np.int64], order: NDArray[np.intp], count: int, side: int) -> list[int]:
    """The first of the order, leaving out patches that overlap one that is taken."""
    taken: list[int] = []
    for index in order:
        if all(np.abs(places[index] - places[other]).max() >= side for other in taken):
            taken.append(int(index))
        if len(taken) == count:
            break
    return taken


def _extreme(level: VirtualLevel, bundle: Bundle, place: NDArray[np.int64], score: float) -> Extreme:
    x, y = int(place[0]), int(place[1])
    pixels = level.read(x, y, bundle.patch_pixels, bundle.patch_pixels)
    return Extreme(pixels, score, round(x * level.scale[0]), round(y * level.scale[1]))
