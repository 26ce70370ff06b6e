"""Slides with marks at known places, and a canvas that is closed again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from wsiview.geometry import Affine, Point, Region, Size
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.grids import MapGrids
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.slide import Slide, TileUnreadable

MARKS = (Point(60.5, 70.0), Point(1500.0, 90.25), Point(777.0, 1033.5), Point(40.0, 1390.0), Point(1711.0, 1405.0))


def marked_pixels(width: int, height: int) -> NDArray[np.uint8]:
    """Dark discs of radius 20 around the marks on a pale ground; their edges are exact to a fraction of a pixel."""
    y, x = np.mgrid[:height, :width] + 0.5
    shade = np.full((height, width), 235.0)
    for mark in MARKS:
        inside = np.clip(20.5 - np.hypot(x - mark.x, y - mark.y), 0, 1)
        shade = np.minimum(shade, 235 - 215 * inside)
    return np.repeat(shade.astype(np.uint8)[..., None], 3, axis=2)


class OddPyramid:
    """An array with levels at ratios 1, 2.6 and 7.3, tiles of odd size, and a scanned part inside a larger canvas.

    Its levels are resampled exactly; like a scanner's file it lets no level be addressed in level-0 pixels.
    """

    def __init__(self) -> None:
        from PIL import Image

        pixels = marked_pixels(1777, 1451)
        self._levels = [pixels]
        self.level_downsamples = [(1.0, 1.0)]
        for ratio in (2.6, 7.3):
            size = round(1777 / ratio), round(1451 / ratio)
            self._levels.append(np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX)))
            self.level_downsamples.append((1777 / size[0], 1451 / size[1]))
        self.level_dimensions = tuple(Size(level.shape[1], level.shape[0]) for level in self._levels)
        self.level_tiles = (Size(240, 240), Size(200, 136), Size(4000, 16))
        self.dimensions = self.level_dimensions[0]
        self.path, self.name, self.reader, self.vendor = Path("odd.tiff"), "odd", "test", "test"
        self.mpp: tuple[float, float] | None = (0.5, 0.5)
        self.bounds: Region | None = Region(20, 30, 1740, 1400)
        self.background = (250, 240, 245)
        self.fingerprint, self.associated = "0" * 64, ()
        self.icc_profile: bytes | None = None
        self.readers: set[str] = set()
        self.broken: set[tuple[int, int, int]] = set()
        self.attempts = 0
        self.reads = 0

    def read(self, level: int, x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
        self.readers.add(threading.current_thread().name)
        self.reads += 1
        if (level, x, y) in self.broken:
            self.attempts += 1
            raise TileUnreadable(self.path, level, x, y, width, height, "damaged")
        return self._levels[level][y : y + height, x : x + width].copy()

    def close(self) -> None:
        """Nothing to let go of."""


@pytest.fixture
def odd() -> OddPyramid:
    return OddPyramid()


@pytest.fixture
def tiff(tmp_path: Path) -> Path:
    """A pyramidal TIFF whose odd sides were halved and rounded down."""
    path = tmp_path / "marked.tiff"
    pixels = marked_pixels(1777, 1451)
    with tifffile.TiffWriter(path) as writer:
        for level in range(3):
            step = 2**level
            h, w = 1451 // step * step, 1777 // step * step
            part = pixels[:h, :w].reshape(h // step, step, w // step, step, 3).mean(axis=(1, 3)).astype(np.uint8)
            writer.write(part, tile=(256, 256), photometric="rgb", subfiletype=int(level > 0), compression="deflate")
    return path


@pytest.fixture
def array() -> ArraySlide:
    return ArraySlide(marked_pixels(1777, 1451), mpp=(0.5, 0.5), name="marked")


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[SlideCanvas]:
    made = SlideCanvas()
    qtbot.addWidget(made)
    made.resize(641, 479)
    made.show()
    yield made
    made.close()
    # The canvas waits for them with patience, not for ever.
    qtbot.waitUntil(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("tile")])


@pytest.fixture
def showing(qtbot: QtBot, canvas: SlideCanvas) -> Callable[[Slide], SlideCanvas]:
    """Shows a slide and waits until it is sharp."""

    def show(slide: Slide) -> SlideCanvas:
        canvas.set_slide(slide)
        qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
        return canvas

    return show


@pytest.fixture
def pixels_of() -> Callable[[QImage], NDArray[np.uint8]]:
    """An image as an array, (h, w, 3)."""

    def pixels(image: QImage) -> NDArray[np.uint8]:
        image = image.convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()

    return pixels


@pytest.fixture
def painted(pixels_of: Callable[[QImage], NDArray[np.uint8]]) -> Callable[[SlideCanvas], NDArray[np.uint8]]:
    """Slide and overlays as they are on screen now, without what lies on them, (h, w, 3)."""
    return lambda canvas: pixels_of(canvas.picture())


@pytest.fixture
def grids() -> MapGrids:
    """Stripes of three classes, 8 cells wide, over all of the marked slide; cells of 12.5 × 11 px from (-3, 5.5)."""
    rows, cols = 132, 143
    made = MapGrids((rows, cols), Affine.scaling(12.5, 11.0, -3.0, 5.5), 3, strength_scale=1.0,
                    field=(100, 100), saliency_scales={"gradcam/0": 1.0})  # fmt: skip
    weights = np.zeros((3, rows, cols), np.float32)
    for k in range(3):
        weights[k, :, np.arange(cols) // 8 % 3 == k] = 1.0
    for row in range(3):
        for col in range(3):
            part = np.s_[row * 64 : (row + 1) * 64, col * 64 : (col + 1) * 64]
            cells = weights[(slice(None), *part)]
            made.put(row, col, cells, np.full(cells.shape[1:], 2, np.uint8), None, {"gradcam/0": cells[0]})
    return made
