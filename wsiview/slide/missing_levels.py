"""Missing levels: which levels a slide lacks for being looked at smoothly at every magnification."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from wsiview.geometry import Region, Size
from wsiview.slide.pyramid import Pyramid

WIDEST_GAP = 10.0
"""A tile of 384 screen pixels that lies just below a gap this wide reads 384² × 10² ≈ 15 million pixels, a whole view
fifteen such tiles: seconds. The gaps of scanners (2, 4, rarely 8) are left as they are."""
MOST_COARSEST = 32 << 20
"""Pixels of the coarsest level: as many as the canvas keeps decoded. A larger one is decoded anew at each zoom step."""
ENOUGH = 4 << 20
"""Pixels of a coarsest level that is built."""
STEP = 4
"""Finer steps would take four times the disk for little: within one, a view reads 16 pixels for each of its own."""


@dataclass(frozen=True, slots=True)
class MissingLevel:
    """A level that the file lacks.

    Attributes
    ----------
    source
        The file's level that it is made from.
    factor
        Pixels of that level per pixel, along each side; a power of `STEP`.
    """

    source: int
    factor: int
    size: Size
    downsample: tuple[float, float]


def missing_levels(pyramid: Pyramid) -> tuple[MissingLevel, ...]:
    """What is to be built, finest first; a slide that has what it needs gets nothing."""
    scales = pyramid.level_downsamples
    order = sorted(range(len(scales)), key=lambda level: scales[level])
    missing: list[MissingLevel] = []
    for finer, coarser in pairwise(order):
        gap, factor = max(b / a for a, b in zip(scales[finer], scales[coarser], strict=True)), 1
        while gap / factor > WIDEST_GAP:
            factor *= STEP
            missing.append(_level(pyramid, finer, factor))
    coarsest, factor = order[-1], 1
    if _scanned(pyramid, coarsest) > MOST_COARSEST:
        while _scanned(pyramid, coarsest) / factor**2 > ENOUGH:
            factor *= STEP
            missing.append(_level(pyramid, coarsest, factor))
    return tuple(missing)


def _level(pyramid: Pyramid, source: int, factor: int) -> MissingLevel:
    size, (across, down) = pyramid.level_dimensions[source], pyramid.level_downsamples[source]
    reduced = Size(math.ceil(size.width / factor), math.ceil(size.height / factor))
    return MissingLevel(source, factor, reduced, (across * factor, down * factor))


def _scanned(pyramid: Pyramid, level: int) -> float:
    """Pixels of a level that hold something."""
    size, (across, down) = pyramid.dimensions, pyramid.level_downsamples[level]
    part = pyramid.bounds or Region(0, 0, size.width, size.height)
    return part.width / across * part.height / down
