#!/usr/bin/env python3
"""Measures the canvas against its budgets, on a real slide and on one of 100,000 × 80,000 px.

    python tests/benchmarks/canvas.py [--rounds 3] [--slide FILE …] [--only WORD …] [--window]

Every budget is a ratio to what the same machine does at the same time: painting to one plain copy of a 1920 × 1080
picture into another, waiting for sharp tiles to decoding the file's tiles alone on as many threads. Baselines are
measured in turn with what is compared to them. The maps are synthesised (smooth fields, as large as real classes are),
the slides are real, the big one made with `make_big_slide.py` from the shared folder and kept for the next time.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import imagecodecs
import numpy as np
import psutil
import tifffile
from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from wsiview.geometry import Affine, Point, Size
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.canvas.tile_loader import THREADS
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.scene.probe import probe_marks
from wsiview.slide.opening import open_checked, open_slide
from wsiview.slide.slide import Slide

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("WSIVIEW_SHARED", ROOT.parent / "shared"))
REAL = SHARED / "data/slides/aperio/CMU-1-Small-Region.svs"
KEPT = Path(tempfile.gettempdir()) / "wsiview-benchmarks"
SIZE = Size(1920, 1080)
FRAME = 1 / 60
CLASSES = 6
LETTERS = tuple(look.letter for look in default_looks(CLASSES))


@dataclass(frozen=True)
class CanvasTimes:
    """How long a reader waits, in ms: from the file to the first sharp picture, and after each jump."""

    open_ms: float
    jump_ms: list[float]


@dataclass(frozen=True)
class Row:
    """One line of the table: what it is, ms (median, 99th percentile) and the ratios with their limits."""

    name: str
    median: float
    high: float
    base: float
    limit: float | None = None
    high_limit: float | None = None

    @property
    def passes(self) -> bool | None:
        if self.limit is None:
            return None
        return self.median <= self.limit * self.base and (
            self.high_limit is None or self.high <= self.high_limit * self.base
        )

    def __str__(self) -> str:
        words = f"{self.name:<46}{self.median:9.2f}{self.high:9.2f}{self.base:8.2f}"
        words += f"{self.median / self.base:8.1f}×{self.high / self.base:7.1f}×"
        if self.limit is not None:
            limits = f"{self.limit:g}×" + (f" / {self.high_limit:g}×" if self.high_limit else "")
            words += f"{limits:>12}  {'pass' if self.passes else 'OVER'}"
        return words


HEAD = f"{'':<46}{'median':>9}{'p99':>9}{'base':>8}{'median':>9}{'p99':>8}{'budget':>12}"


class Blit:
    """The baseline of painting."""

    def __init__(self) -> None:
        self._from, self._to = (QImage(SIZE.width, SIZE.height, QImage.Format.Format_RGB32) for _ in range(2))
        self._from.fill(0x445566)
        self.times: list[float] = []

    def once(self) -> None:
        painter = QPainter(self._to)
        started = time.perf_counter()
        painter.drawImage(0, 0, self._from)
        self.times.append(1000 * (time.perf_counter() - started))
        painter.end()

    def median(self) -> float:
        return float(np.median(self.times))


class Bench:
    """A canvas of 1920 × 1080 with a slide, a map, and everything over it that a reader may have on."""

    def __init__(self, path: Path, canvas: SlideCanvas | None = None) -> None:
        self.path = path
        self.canvas = canvas or shown_canvas()
        self.slide: Slide = open_slide(path)
        self.grids = synthetic_grids(self.slide)
        self.stack = LayerStack(default_looks(CLASSES), saliency="gradcam/0")
        self.rng = random.Random(1)

    def show(self) -> None:
        self.canvas.set_slide(self.slide)
        self.canvas.set_grids(self.grids)
        self.canvas.set_layers(self.stack)
        self.settle()

    def settle(self) -> None:
        until(lambda: self.canvas.is_sharp)
        idle(self.canvas)

    def go(self, x: float, y: float, downsample: float = 1.0) -> None:
        self.canvas.set_viewport(replace(self.canvas.viewport, center=Point(x, y), downsample=downsample))

    def places(self, count: int) -> list[Point]:
        """Places where a whole view lies on the slide, or the middle of a small one."""
        size = self.slide.dimensions

        def between(low: float, high: float) -> float:
            return self.rng.uniform(low, high) if low < high else (low + high) / 2

        half = SIZE.width / 2, SIZE.height / 2
        return [
            Point(between(half[0], size.width - half[0]), between(half[1], size.height - half[1])) for _ in range(count)
        ]

    def close(self) -> None:
        self.canvas.set_slide(None)
        self.canvas.shutdown()
        self.slide.close()


def shown_canvas() -> SlideCanvas:
    canvas = SlideCanvas()
    canvas.resize(SIZE.width, SIZE.height)
    canvas.show()
    QApplication.processEvents()
    return canvas


def synthetic_grids(slide: Slide) -> MapGrids:
    """Six classes and an influence map over the whole slide, cells of 16 to 64 px; some places undecided."""
    size = slide.dimensions
    pitch = 16 if size.width < 20_000 else 64
    rows, cols, block = -(-size.height // pitch), -(-size.width // pitch), 64
    grids = MapGrids(
        (rows, cols), Affine.scaling(pitch, pitch), CLASSES, block=block,
        strength_scale=1.0, saliency_scales={"gradcam/0": 1.0}, field=(8.5 * pitch, 8.5 * pitch),
    )  # fmt: skip
    rng = np.random.default_rng(3)
    waves = rng.normal(0, 1, (CLASSES + 1, 8, 2)) * 2 * np.pi / 40
    phases = rng.uniform(0, 2 * np.pi, (CLASSES + 1, 8))
    for row in range(-(-rows // block)):
        for col in range(-(-cols // block)):
            y, x = np.mgrid[row * block : min(rows, (row + 1) * block), col * block : min(cols, (col + 1) * block)]
            angles = waves[..., 0, None, None] * x + waves[..., 1, None, None] * y + phases[..., None, None]
            fields = np.sin(angles).mean(axis=1).astype(np.float32)
            weights = np.clip(fields[:CLASSES] + 0.1, 0, None) * 2
            state = np.full(x.shape, 2, np.uint8)
            grids.put(row, col, weights, state, None, {"gradcam/0": 2 * fields[CLASSES]})
    return grids


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        QApplication.processEvents()
        if time.monotonic() > end:
            raise SystemExit("waited too long")
        time.sleep(0.0002)


def until_sharp(canvas: SlideCanvas, seconds: float = 120) -> None:
    """Let the window live until all in view is sharp and painted."""
    if not canvas.is_sharp:
        loop, guard = QEventLoop(), QTimer()
        guard.setSingleShot(True)
        guard.timeout.connect(loop.quit)
        canvas.sharp.connect(loop.quit)
        guard.start(round(1000 * seconds))
        loop.exec()
        guard.stop()
        canvas.sharp.disconnect(loop.quit)
    if not canvas.is_sharp:
        raise SystemExit("waited too long")
    QApplication.processEvents()


def idle(canvas: SlideCanvas) -> None:
    """Wait for what is fetched for later, too."""
    until(lambda: canvas._renderer.idle)
    QApplication.processEvents()


def milliseconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - started)


# Panning


class Hand:
    """Drags a widget with the mouse."""

    def __init__(self, widget: QWidget) -> None:
        self._widget, self._at = widget, QPointF(SIZE.width / 2, SIZE.height / 2)
        self._send(QEvent.Type.MouseButtonPress)

    def move(self, dx: float, dy: float) -> None:
        self._at += QPointF(dx, dy)
        self._send(QEvent.Type.MouseMove)

    def release(self) -> None:
        self._send(QEvent.Type.MouseButtonRelease)

    def _send(self, kind: QEvent.Type) -> None:
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        at = QPointF(self._widget.mapToGlobal(QPoint(0, 0))) + self._at
        event = QMouseEvent(kind, self._at, at, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self._widget, event)


def pan_frames(canvas: SlideCanvas, steps: Sequence[tuple[float, float]], blit: Blit) -> list[float]:
    """ms of the window's thread for each step: the mouse, the tiles that have arrived, and the picture."""
    hand, frames = Hand(canvas), []
    for dx, dy in steps:
        started = time.perf_counter()
        hand.move(dx, dy)
        QApplication.processEvents()
        frames.append(1000 * (time.perf_counter() - started))
        blit.once()
        # The hand is slower than the program; meanwhile tiles are read.
        time.sleep(max(0.0, FRAME - (time.perf_counter() - started)))
    hand.release()
    return frames


def circle(steps: int, radius: float) -> list[tuple[float, float]]:
    angles = np.linspace(0, 2 * np.pi, steps + 1)
    moves = np.diff(np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius, axis=0)
    return [(float(x), float(y)) for x, y in moves]


def measure_panning(bench: Bench, rounds: int, window: QWidget | None = None) -> Iterator[Row]:
    canvas, place = bench.canvas, bench.places(1)[0]
    if window is None:  # else the window does it
        canvas.hovered.connect(lambda at: canvas.set_probe(at and probe_marks(bench.grids, at, LETTERS)))
    bench.go(place.x, place.y)
    bench.settle()
    blit = Blit()
    pan_frames(canvas, circle(60, 200), Blit())
    bench.settle()
    frames = [ms for _ in range(rounds) for ms in pan_frames(canvas, circle(200, 300), blit)]
    yield row_of("pan over visited ground", frames, blit, 3, 6)
    frames, blit = [], Blit()
    for _ in range(rounds):
        forget(canvas)
        frames += pan_frames(canvas, straight(bench), blit)
        bench.settle()
    yield row_of("pan into unvisited ground, 30 px a frame", frames, blit, 3, 6)


def straight(bench: Bench) -> list[tuple[float, float]]:
    """Steps across the slide from where it can be gone farthest."""
    size, canvas = bench.slide.dimensions, bench.canvas
    steps = int(min(400, max(size.width - SIZE.width, size.height - SIZE.height) // 30))
    along = size.width - SIZE.width >= size.height - SIZE.height
    start = Point(SIZE.width / 2, size.height / 2) if along else Point(size.width / 2, SIZE.height / 2)
    if size.width > 20_000:
        start = bench.places(1)[0]
        start = Point(min(start.x, size.width - 400 * 30 - SIZE.width), start.y)
    canvas.set_viewport(replace(canvas.viewport, center=start, downsample=1.0))
    until(lambda: canvas.is_sharp)
    return [(-30.0, 0.0) if along else (0.0, -30.0)] * steps


def forget(canvas: SlideCanvas) -> None:
    """As if nothing had been seen yet."""
    renderer = canvas._renderer
    renderer.slide.backdrop = None
    for cache in caches(canvas):
        cache.clear()
    renderer.picture.spoil()


def row_of(name: str, times: Sequence[float], blit: Blit, limit: float | None, high: float | None = None) -> Row:
    return Row(name, float(np.median(times)), float(np.percentile(times, 99)), blit.median(), limit, high)


# Layers


def changes(bench: Bench) -> Iterator[tuple[str, LayerStack, LayerStack]]:
    """What a reader may change, from and to."""
    stack = bench.stack
    look, strength = stack.classes[1], replace(bench.stack, strongest=False, strength=(1,))
    yield "class toggle", stack, stack.with_class(1, replace(look, visible=False))
    yield "recolour", stack, stack.with_class(1, replace(look, color=(10, 200, 90)))
    yield "master opacity", stack, replace(stack, opacity=0.6)
    yield "master opacity, from 0.6", replace(stack, opacity=0.6), replace(stack, opacity=0.5)
    yield "peek", stack, replace(stack, hidden=True)
    yield "layers off and on", stack, replace(stack, strongest=False, saliency=None)
    yield "threshold of a strength", strength, strength.with_class(1, replace(look, threshold=0.4))


def measure_layers(bench: Bench, rounds: int) -> Iterator[Row]:
    canvas = bench.canvas
    for downsample, name in ((1.0, "1:1"), (4.0, "1:4")):
        place = bench.places(1)[0]
        bench.go(place.x, place.y, downsample)
        for what, before, after in changes(bench):
            yield change(bench, f"{what} at {name}", rounds, lambda s=before: canvas.set_layers(s),
                         lambda s=after: canvas.set_layers(s))  # fmt: skip
        canvas.set_layers(bench.stack)
        canvas.set_other_layers(replace(bench.stack, strongest=False, saliency=None, strength=(2,)))
        yield change(bench, f"blink between stacks at {name}", rounds, lambda: canvas.show_other(False),
                     lambda: canvas.show_other(True))  # fmt: skip
        canvas.show_other(False)
        yield change(bench, f"curtain moved at {name}", rounds, lambda: canvas.set_curtain(0.4),
                     lambda: canvas.set_curtain(0.5))  # fmt: skip
        canvas.set_curtain(None)
        canvas.set_other_layers(None)


def change(bench: Bench, name: str, rounds: int, there: Callable[[], None], back: Callable[[], None]) -> Row:
    """Frames of going there and back, each until the picture is finished."""
    times, blit = [], Blit()
    for step in (there, back, there):
        step()
        bench.settle()
    for n in range(10 * rounds):
        times.append(milliseconds(lambda n=n: finished(bench.canvas, (back, there)[n % 2])))
        bench.settle()
        blit.once()
    return row_of(name, times, blit, 10)


def finished(canvas: SlideCanvas, act: Callable[[], None]) -> None:
    act()
    until_sharp(canvas)


# Waiting


def measure_opening(path: Path, rounds: int) -> Iterator[Row]:
    canvas, blit = shown_canvas(), Blit()
    checked, first, sharp = [], [], []
    for n in range(rounds + 1):
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
            forget(canvas)
            times.append(jump(canvas, place))
            idle(canvas)
            corner = int(place.x - SIZE.width / 2), int(place.y - SIZE.height / 2)
            bare.times.append(files.milliseconds(*corner))
        yield row_of(f"jump at 1:1 until sharp{name}", times, bare, limit)
    files.close()


def measure_canvas(slide_path: Path, places: Sequence[Point]) -> CanvasTimes:
    """What a reader waits for on one slide: opening it, and then jumping to each of the places at 1:1."""
    QApplication.instance() or QApplication(sys.argv[:1])
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


# Endurance


def wander(bench: Bench, moves: int = 1000) -> list[str]:
    """Random pans and zooms; what is in flight, cached and resident at the end."""
    canvas, process, rng = bench.canvas, psutil.Process(), random.Random(5)
    resident, highest = 0, 0.0
    for n in range(moves):
        if rng.random() < 0.75:
            canvas.pan(rng.uniform(-900, 900), rng.uniform(-700, 700))
        elif rng.random() < 0.8:
            canvas.zoom(2 ** rng.uniform(-1, 1))
        else:
            place = bench.places(1)[0]
            bench.go(place.x, place.y, 2 ** rng.uniform(-1, 5))
        QApplication.processEvents()
        if rng.random() < 0.3:
            until(lambda: canvas.is_sharp)
        if n == moves // 5:
            bench.settle()
            gc.collect()
            resident = process.memory_info().rss
        highest = max(highest, *(cache.nbytes / cache.limit for cache in caches(canvas)))
    bench.settle()
    gc.collect()
    grown = process.memory_info().rss / resident - 1
    return [
        f"in flight after {moves} moves: {0 if canvas._renderer.idle else 'SOME'}",
        f"fullest cache: {highest:.0%} of its limit",
        f"resident: {resident / 2**20:.0f} MB after a fifth, {grown:+.1%} at the end "
        f"({'pass' if grown <= 0.1 else 'OVER'})",
        f"grids: {bench.grids.nbytes / 2**20:.0f} MB",
    ]


def caches(canvas: SlideCanvas) -> tuple[object, ...]:
    picture = canvas._renderer.picture
    return picture.overlay.tiles, picture.other.tiles, picture.slide.tiles, picture.slide.source.tiles.decoded


# The whole window


@contextmanager
def whole_window(path: Path) -> Iterator[tuple[Bench, QWidget]]:
    """The program's window, its canvas as large as the others', with the map shown through its session."""
    from wsiview.gui.application import make_window, start

    with tempfile.TemporaryDirectory() as folder:
        os.environ["WSIVIEW_DATA"] = os.environ["WSIVIEW_CACHE"] = folder
        start()
        window = make_window()
        window.show()
        window.session.open_path(path)
        until(lambda: window.canvas.slide is not None)
        extra = SIZE.width - window.canvas.width(), SIZE.height - window.canvas.height()
        window.resize(window.width() + extra[0], window.height() + extra[1])
        until(lambda: window.canvas.is_sharp)
        bench = Bench(path, window.canvas)
        session = window.session
        session.grids, session.layers = bench.grids, bench.stack
        session.map_changed.emit(bench.grids)
        session.layers_changed.emit(bench.stack)
        yield bench, window
        window.close()
        window.deleteLater()
        bench.slide.close()


# The table


def big_slide(width: int = 100_000, height: int = 80_000) -> Path:
    """Made once and kept."""
    path = KEPT / f"big-{width}-{height}.svs"
    if not path.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        make = [sys.executable, str(SHARED / "tools/make_big_slide.py"), str(REAL), str(part)]
        subprocess.run([*make, "--width", str(width), "--height", str(height)], check=True)
        part.rename(path)
    return path


PARTS = ("pan", "layers", "open", "jump", "wander", "window")


def table(path: Path, rounds: int, parts: Sequence[str]) -> None:
    print(f"\n{path.name}\n{HEAD}")
    if "open" in parts:
        tell(measure_opening(path, max(2, rounds)))
    bench = Bench(path)
    bench.show()
    for part, measure in (("pan", measure_panning), ("layers", measure_layers), ("jump", measure_jumps)):
        if part in parts:
            tell(measure(bench, rounds))
    if "wander" in parts:
        bench.canvas.set_layers(bench.stack)
        print(*wander(bench), sep="\n")
    bench.close()
    bench.canvas.close()
    if "window" in parts:
        with whole_window(path) as (within, window):
            tell(replace(row, name=f"window: {row.name}") for row in measure_panning(within, rounds, window))


def tell(rows: Iterator[Row]) -> None:
    for row in rows:
        print(row, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slide", type=Path, nargs="*", help="other slides than the two")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    arguments = parser.parse_args()
    if not SHARED.exists():
        raise SystemExit(f"needs the shared folder; {SHARED} is not there")
    application = QApplication.instance() or QApplication(sys.argv[:1])
    for path in arguments.slide or (REAL, big_slide()):
        table(path, arguments.rounds, arguments.only)
    del application
    left = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if left:
        print("threads left:", left)


if __name__ == "__main__":
    main()
