"""Bench: a canvas with a slide, a map and everything over it, and waiting until it has painted all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from canvas_parts.figures import SIZE
from wsiview.geometry import Affine, Point
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.slide.opening import open_slide
from wsiview.slide.slide import Slide

CLASSES = 6


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


def forget(canvas: SlideCanvas) -> None:
    """As if nothing had been seen yet."""
    renderer = canvas._renderer
    renderer.slide.backdrop = None
    for cache in caches(canvas):
        cache.clear()
    renderer.picture.spoil()


def caches(canvas: SlideCanvas) -> tuple[object, ...]:
    picture = canvas._renderer.picture
    return picture.overlay.tiles, picture.other.tiles, picture.slide.tiles, picture.slide.source.tiles.decoded
