#!/usr/bin/env python3
"""Builds the levels that a slide lacks, and turns tiles to the colours of a profile; reports time and memory.

    python tests/benchmarks/built_levels.py [--width 40000] [--height 30000]

The slide is one tiled JPEG level, repeated from CMU-1-Small-Region, made in a temporary folder. Times are processor
seconds of this process. The baseline of the same run is reading all of the slide's tiles once, which no way of building
can do without: the ratio is what reducing, encoding and writing cost on top. The memory is what the process holds more
at its peak than before; `--width` and `--height` show that it does not grow with the slide.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import psutil
import tifffile

from wsiview.progress import Progress
from wsiview.slide.color import SrgbTransform
from wsiview.slide.level_building import CHUNK
from wsiview.slide.level_cache import LevelCache
from wsiview.slide.opening import open_slide
from wsiview.slide.slide import Slide

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("WSIVIEW_SHARED", ROOT.parent / "shared")) / "data/slides"
TILE = 256


def write_flat(path: Path, width: int, height: int) -> None:
    """A slide of one level."""
    with open_slide(SHARED / "aperio/CMU-1-Small-Region.svs") as source:
        pixels = source.read(0, 0, 0, 8 * TILE, 11 * TILE)
    codes = [
        [bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(pixels[y : y + TILE, x : x + TILE]), level=80,
                                        colorspace="RGB", outcolorspace="YCBCR", subsampling=(2, 2)))
         for x in range(0, pixels.shape[1], TILE)]
        for y in range(0, pixels.shape[0], TILE)
    ]  # fmt: skip

    def tiles() -> Iterator[bytes]:
        for row in range(-(-height // TILE)):
            for col in range(-(-width // TILE)):
                yield codes[row % len(codes)][col % len(codes[0])]

    tifffile.imwrite(path, tiles(), shape=(height, width, 3), dtype=np.uint8, tile=(TILE, TILE), compression="jpeg",
                     photometric="ycbcr", subsampling=(2, 2), metadata=None, bigtiff=True)  # fmt: skip


def read_all(slide: Slide) -> float:
    """Processor seconds for every tile once."""
    started, size = time.process_time(), slide.dimensions
    for y in range(0, size.height, TILE):
        for x in range(0, size.width, TILE):
            slide.read(0, x, y, min(TILE, size.width - x), min(TILE, size.height - y))
    return time.process_time() - started


class Peak:
    """The most resident memory while it is entered, in MiB above what there was."""

    def __enter__(self) -> Peak:
        self._over, self._process = threading.Event(), psutil.Process()
        self._before = self._most = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        self.growth = (self._most - self._before) / 2**20

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self._most = max(self._most, self._process.memory_info().rss)


def show_colors(slide: Slide) -> None:
    """Milliseconds for a tile, first and again, beside those for reading it."""
    with open_slide(SHARED / "generic/boxes.tiff") as boxes:
        transform = SrgbTransform(boxes.icc_profile or b"")
    tiles, read, turned = [], [], []
    for n in range(88):
        started = time.thread_time()
        tiles.append(slide.read(0, n % 8 * TILE, n // 8 * TILE, TILE, TILE))
        read.append(time.thread_time() - started)
    for tile in tiles:
        started = time.thread_time()
        transform.apply(tile)
        turned.append(time.thread_time() - started)
    print(f"ICC profile to sRGB: {1000 * np.median(turned):.2f} ms a tile of {TILE}², "
          f"{np.median(turned) / np.median(read):.1f} times its reading")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=40_000)
    parser.add_argument("--height", type=int, default=30_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flat.tiff"
        write_flat(path, given.width, given.height)
        with open_slide(path) as slide:
            slide.read(0, 0, 0, CHUNK, CHUNK)  # what is loaded at first use is no cost of building
            cache = LevelCache(Path(folder) / "levels")
            started = time.process_time()
            with Peak() as peak:
                built = cache.build(slide, Progress())
            seconds = time.process_time() - started
            assert built is not None, "a slide this small lacks nothing"
            bare = read_all(slide)
            started = time.perf_counter()
            assert cache.find(slide) is not None
            print(f"{given.width} × {given.height} px, one level, read by {slide.reader.partition(',')[0]}")
            print(f"levels built: {seconds:.1f} s, {seconds / bare:.2f} times the bare reading of all tiles")
            print(f"memory: {peak.growth:.0f} MiB more at the peak; pixels at once: {CHUNK}² and a tile per level")
            print(f"on disk: {cache.path_of(slide).stat().st_size / 1e6:.0f} MB beside {path.stat().st_size / 1e6:.0f}")
            print(f"found again in {1000 * (time.perf_counter() - started):.0f} ms")
            show_colors(slide)


if __name__ == "__main__":
    main()
