"""Preview: a small picture of a slide and what it is called, by a process that a hostile file may kill.

Run as `python -m wsiview.tiling.preview FILE SIDE`; writes one line of JSON and a PNG to stdout, without the PNG where
it would take too long.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from wsiview.progress import Progress
from wsiview.slide.pyramid import best_level
from wsiview.slide.slide import Slide
from wsiview.slide.trial import main
from wsiview.slide.trial_process import try_apart
from wsiview.tiling.thumbnail import thumbnail

_MOST_PIXELS = 80_000_000
"""Of the level that is shrunk: a slide without a pyramid is not worth reading for a preview."""
_BUSY = 10
_FINER = 2
"""Thumbnails shrink by whole numbers: made finer, they come out in the size that is asked for."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What can be known of a slide without opening it in this process.

    Attributes
    ----------
    name, fingerprint, reader, mpp
        As the slide has them.
    png
        The scanned part, or nothing where it would take too long. It shows pixels of the slide alone, never label or
        overview photograph, which may say who the patient is. The slide's ICC profile is in it, but not applied.
    """

    path: Path
    name: str
    fingerprint: str
    reader: str
    mpp: tuple[float, float] | None
    png: bytes


def preview(path: Path, side: int, timeout: float = 30.0) -> Preview:
    """Have a process look at a slide; its picture is at most `side` pixels across and down.

    Raises
    ------
    SlideUnopenable
        If the slide can't be opened.
    """
    written = try_apart("wsiview.tiling.preview", path, str(side), timeout=timeout)
    line, _, png = written.partition(b"\n")
    about = json.loads(line)
    mpp = about["mpp"]
    return Preview(
        path, about["name"], about["fingerprint"], about["reader"], None if mpp is None else (mpp[0], mpp[1]), png
    )


def write_preview(slide: Slide, side: int) -> None:
    """Write line and PNG to stdout."""
    about = {name: getattr(slide, name) for name in ("name", "fingerprint", "reader", "mpp")}
    sys.stdout.buffer.write(json.dumps(about).encode() + b"\n")
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
    picture.save(sys.stdout.buffer, "PNG", icc_profile=slide.icc_profile)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(_BUSY)
    sys.exit(main(Path(sys.argv[1]), partial(write_preview, side=int(sys.argv[2]))))
