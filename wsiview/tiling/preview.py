"""Preview: a small picture of a slide, made by a process that a hostile file may kill.

Run as `python -m wsiview.tiling.preview FILE SIDE`; writes a PNG to stdout, or nothing where it would take too long.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from PIL import Image

from wsiview.progress import Progress
from wsiview.slide.opening import try_apart
from wsiview.slide.pyramid import best_level
from wsiview.slide.slide import Slide
from wsiview.slide.trial import main
from wsiview.tiling.thumbnail import thumbnail

_MOST_PIXELS = 80_000_000
"""Of the level that is shrunk: a slide without a pyramid is not worth reading for a preview."""
_BUSY = 10
_FINER = 2
"""Thumbnails shrink by whole numbers: made finer, they come out in the size that is asked for."""


def preview(path: Path, side: int, timeout: float = 30.0) -> bytes:
    """A PNG of the scanned part, at most `side` pixels across and down; empty where that would take too long.

    It shows pixels of the slide alone, never label or overview photograph, which may say who the patient is.

    Raises
    ------
    SlideUnopenable
        If the slide can't be opened.
    """
    return try_apart("wsiview.tiling.preview", path, str(side), timeout=timeout)


def write_preview(slide: Slide, side: int) -> None:
    """Write the PNG to stdout."""
    size = slide.dimensions
    bounds = slide.bounds
    across, down = (bounds.width, bounds.height) if bounds is not None else (size.width, size.height)
    downsample = max(1.0, max(across, down) / side / _FINER)
    level = slide.level_dimensions[best_level(slide.level_downsamples, (downsample, downsample))]
    if level.width * level.height > _MOST_PIXELS:
        return
    made = thumbnail(slide, downsample, Progress())
    picture = Image.fromarray(made.pixels)
    if bounds is not None:
        x, y = made.scale
        picture = picture.crop(
            (round(bounds.x / x), round(bounds.y / y), round(bounds.right / x), round(bounds.bottom / y))
        )
    picture.thumbnail((side, side))
    picture.save(sys.stdout.buffer, "PNG")


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(_BUSY)
    sys.exit(main(Path(sys.argv[1]), partial(write_preview, side=int(sys.argv[2]))))
