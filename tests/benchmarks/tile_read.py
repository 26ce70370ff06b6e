#!/usr/bin/env python3
"""Measures reading one tile of a slide against OpenSlide, and what two threads make of it.

    python tests/benchmarks/tile_read.py [--tiles 120] [--rounds 3] [SLIDE …]

Each tile is read through `open_slide(…).read(…)` at the file's own tile boundaries, and through openslide-python's
`read_region`, made an RGB array as a user would; the two take turns, in an order drawn anew for each tile, and every
round begins with fresh handles, so that nothing comes out of a cache. Given are medians over all tiles and rounds, the
ratio (the budget for JPEG is 4), and what the reader itself costs beside decoding: the time of the same read when the
decoder returns at once. Last come 54 tiles, a window of 1920 × 1080 at 1:1, on one thread and on two: decoding that
held Python's lock would take as long on two.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import openslide

from wsiview.slide.opening import open_slide
from wsiview.slide.slide import Pixels
from wsiview.slide.tiff_codec import TileDecoder
from wsiview.slide.tiff_reader import TiffReader

ROOT = Path(__file__).resolve().parents[2]
SLIDES = Path(os.environ.get("WSIVIEW_SHARED", ROOT.parent / "shared")) / "data/slides"
USUAL = (
    "aperio/CMU-1-Small-Region.svs",
    "large/gigapixel-cmu-periodic.tiff",
    "re-encoded/cmu-1-small-region-j2k.svs",
)
WINDOW = 54

Place = tuple[int, int]
"""Top left corner of a tile, in level-0 pixels."""


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def sample(slide: TiffReader, tiles: int) -> list[Place]:
    """Whole tiles, spread over the slide."""
    tile, size = slide.level_tiles[0], slide.dimensions
    columns, rows = size.width // tile.width, size.height // tile.height
    numbers = random.Random(1).sample(range(columns * rows), min(tiles, columns * rows))
    return [(number % columns * tile.width, number // columns * tile.height) for number in numbers]


def rgb(handle: openslide.OpenSlide, place: Place, side: tuple[int, int]) -> Pixels:
    return np.asarray(handle.read_region(place, 0, side).convert("RGB"))


def both(path: Path, tiles: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each tile, read directly and through OpenSlide."""
    direct: list[float] = []
    through: list[float] = []
    order = random.Random(2)
    for _ in range(rounds):
        with opened(path) as slide, openslide.OpenSlide(path) as handle:
            side = slide.level_tiles[0].width, slide.level_tiles[0].height
            for place in sample(slide, tiles):
                turns = (direct, partial(slide.read, 0, *place, *side)), (through, partial(rgb, handle, place, side))
                for times, work in order.sample(turns, 2):
                    times.append(seconds(work))
                assert np.array_equal(slide.read(0, *place, *side), rgb(handle, place, side)), place
    return direct, through


def own_cost(path: Path, tiles: int) -> float:
    """Median seconds of a read whose decoder returns at once."""
    with opened(path) as slide:
        side = slide.level_tiles[0].width, slide.level_tiles[0].height
        ready = np.zeros((side[1], side[0], 3), np.uint8)
        slide._tiles._decoders = (TileDecoder(lambda streams: ready),) * len(slide._tiles._decoders)
        return float(np.median([seconds(partial(slide.read, 0, *place, *side)) for place in sample(slide, tiles)]))


def window(path: Path, threads: int) -> float:
    """Median seconds of a windowful of tiles."""
    with opened(path) as slide, ThreadPoolExecutor(threads) as pool:
        side = slide.level_tiles[0].width, slide.level_tiles[0].height
        places = sample(slide, WINDOW)

        def read_all() -> None:
            for _ in pool.map(lambda place: slide.read(0, *place, *side), places):
                pass

        return float(np.median([seconds(read_all) for _ in range(9)]))


def opened(path: Path) -> TiffReader:
    slide = open_slide(path)
    if not isinstance(slide, TiffReader):
        raise SystemExit(f"{path} is not read directly, but by {slide.reader}")
    return slide


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("slides", nargs="*", type=Path, default=[SLIDES / name for name in USUAL], metavar="SLIDE")
    parser.add_argument("--tiles", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    for path in arguments.slides:
        if not path.exists():
            raise SystemExit(f"{path} is not there; name a slide, or set WSIVIEW_SHARED")
        opening = np.median([seconds(partial(opened, path)) for _ in range(5)])
        direct, through = (float(np.median(times)) for times in both(path, arguments.tiles, arguments.rounds))
        own, one, two = own_cost(path, arguments.tiles), window(path, 1), window(path, 2)
        print(f"{path.name}: opened in {1e3 * opening:.0f} ms")
        print(f"  one tile: {1e3 * direct:.3f} ms, OpenSlide {1e3 * through:.3f} ms; ratio {through / direct:.1f}")
        print(f"  of it the reader's own: {1e6 * own:.0f} µs")
        print(f"  {WINDOW} tiles: {1e3 * one:.1f} ms on one thread, {1e3 * two:.1f} ms on two")


if __name__ == "__main__":
    main()
