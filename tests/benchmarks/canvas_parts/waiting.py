"""Waiting: for the first picture of a slide and for sharp tiles after a jump, beside decoding those tiles alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import imagecodecs
import tifffile
from PySide6.QtWidgets import QApplication

from canvas_parts.bench import Bench, forget, idle, shown_canvas, until, until_sharp
from canvas_parts.figures import SIZE, Blit, Row, row_of
from wsiview.geometry import Point
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.canvas.tile_loader import THREADS
from wsiview.slide import tried
from wsiview.slide.opening import open_checked


@dataclass(frozen=True)
class CanvasTimes:
    """How long a reader waits, in ms: from the file to the first sharp picture, and after each jump."""

    open_ms: float
    jump_ms: list[float]


def measure_opening(path: Path, rounds: int) -> Iterator[Row]:
    canvas, blit = shown_canvas(), Blit()
    checked, first, sharp = [], [], []
    for n in range(rounds + 1):
        tried._harmless.clear()  # else the file would be trusted, and opened sooner
        started = time.perf_counter()
        slide = open_checked(path)
        opened = time.perf_counter()
        canvas.set_slide(slide)
        until(lambda: not canvas._renderer.slide.base_missing or canvas.is_sharp)
        QApplication.processEvents()
        shown = time.perf_counter()
        until_sharp(canvas)
        if n:
            checked.append(1000 * (opened - started))
            first.append(1000 * (shown - started))
            sharp.append(1000 * (time.perf_counter() - started))
        canvas.set_slide(None)
        slide.close()
        blit.once()
    canvas.shutdown()
    canvas.close()
    yield row_of("open: file tried and opened", checked, blit, None)
    yield row_of("open: first image", first, blit, None)
    yield row_of("open: sharp", sharp, blit, None)


class FileTiles:
    """Decodes the file's own tiles under a view of level 0, and nothing else."""

    def __init__(self, path: Path) -> None:
        self._file = tifffile.TiffFile(path)
        page = self._file.pages[0]
        self._page, self._tile = page, (page.tilewidth, page.tilelength)
        self._across = -(-page.imagewidth // page.tilewidth)
        self._tables = page.jpegtables
        self._pool = ThreadPoolExecutor(THREADS)

    def milliseconds(self, left: int, top: int) -> float:
        page, (tile_w, tile_h) = self._page, self._tile
        cols = range(max(0, left) // tile_w, (min(left + SIZE.width, page.imagewidth) - 1) // tile_w + 1)
        rows = range(max(0, top) // tile_h, (min(top + SIZE.height, page.imagelength) - 1) // tile_h + 1)
        codes = []
        for index in (row * self._across + col for row in rows for col in cols):
            self._file.filehandle.seek(page.dataoffsets[index])
            codes.append(self._file.filehandle.read(page.databytecounts[index]))
        kind = {6: "YCBCR", 2: "RGB"}[int(page.photometric)]

        def decode(code: bytes) -> object:
            return imagecodecs.jpeg8_decode(code, tables=self._tables, colorspace=kind, outcolorspace="RGB")

        started = time.perf_counter()
        list(self._pool.map(decode, codes))
        return 1000 * (time.perf_counter() - started)

    def close(self) -> None:
        self._pool.shutdown()
        self._file.close()


def jump(canvas: SlideCanvas, place: Point, downsample: float = 1.0) -> float:
    """ms until all is sharp and painted after looking somewhere else."""
    started = time.perf_counter()
    canvas.set_viewport(replace(canvas.viewport, center=place, downsample=downsample))
    until_sharp(canvas)
    return 1000 * (time.perf_counter() - started)


def measure_jumps(bench: Bench, rounds: int) -> Iterator[Row]:
    canvas, files = bench.canvas, FileTiles(bench.path)
    for name, stack, limit in (("", replace(bench.stack, hidden=True), 3.0), (", with layers", bench.stack, None)):
        canvas.set_layers(stack)
        times, bare = [], Blit()
        for place in bench.places(8 * rounds):
            corner = int(place.x - SIZE.width / 2), int(place.y - SIZE.height / 2)
            bare.times.append(files.milliseconds(*corner))  # and neither side waits for the disk
            forget(canvas)
            times.append(jump(canvas, place))
            idle(canvas)
        yield row_of(f"jump at 1:1 until sharp{name}", times, bare, limit)
    files.close()


def measure_canvas(slide_path: Path, places: Sequence[Point]) -> CanvasTimes:
    """What a reader waits for on one slide: opening it, and then jumping to each of the places at 1:1."""
    canvas = shown_canvas()
    started = time.perf_counter()
    slide = open_checked(slide_path)
    canvas.set_slide(slide)
    until_sharp(canvas)
    opened = 1000 * (time.perf_counter() - started)
    idle(canvas)
    jumps = []
    for place in places:
        forget(canvas)
        jumps.append(jump(canvas, place))
        idle(canvas)
    canvas.set_slide(None)
    canvas.shutdown()
    canvas.close()
    slide.close()
    return CanvasTimes(opened, jumps)
