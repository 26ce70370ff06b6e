"""Quick tissue: a slide's tissue found in a fraction of a second, or not at all."""

from __future__ import annotations

import math

from wsiview.slide.pyramid import best_level
from wsiview.slide.slide import Slide
from wsiview.tiling.tissue import MOST_SIDE, TissueMask, tissue_mask, wanted_downsample

MOST_READ = 2**24
"""Pixels of a level that are read at most; of a slide without coarse levels that would be too many."""


def quick_tissue(slide: Slide, mpp: tuple[float, float] | None, side: int) -> TissueMask | None:
    """A mask with about `side` pixels along what was scanned, finer where that is no dearer; None where it is dear.

    Raises
    ------
    SlideVanished
        If the file is gone.
    """
    size, bounds = slide.dimensions, slide.bounds
    longest = max(size.width, size.height)
    scanned = longest if bounds is None else max(bounds.width, bounds.height, 1)
    most_side = min(MOST_SIDE, math.ceil(side * longest / scanned))
    downsample = wanted_downsample(slide, mpp, most_side)
    level = best_level(slide.level_downsamples, (downsample, downsample))
    dx, dy = slide.level_downsamples[level]
    width, height = (size.width, size.height) if bounds is None else (bounds.width, bounds.height)
    return None if width / dx * height / dy > MOST_READ else tissue_mask(slide, mpp, most_side=most_side)
