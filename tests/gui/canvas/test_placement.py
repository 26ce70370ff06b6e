"""Pictures and cells of real slides lie to one device pixel where level 0 says, at every zoom."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from wsiview.geometry import Affine, Point, Region
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.scene.viewport import Viewport
from wsiview.slide.opening import open_slide
from wsiview.slide.slide import Slide

SLIDES = (
    "re-encoded/cmu-1-small-region-leica.scn",  # an offset of its scanned part; levels at 1, 4 and 16.09
    "generic/cmu-1-small-region-pyramid.tiff",  # odd sides; levels at 4.002, 8.017 and 16.06
    "generic/os-1-detail-he.tiff",
)
ZOOMS = (0.5, 1.0, 1.61, 2.7, 4.9)
Showing = Callable[[Slide], SlideCanvas]
Painted = Callable[[SlideCanvas], NDArray[np.uint8]]


@pytest.mark.parametrize("name", SLIDES)
def test_tissue_lies_where_level_0_says(
    qtbot: QtBot, showing: Showing, painted: Painted, shared: Path, name: str
) -> None:
    path = shared / "slides" / name
    with open_slide(path) as slide, open_slide(path) as reference:
        readers = _listen(slide)
        canvas = showing(slide)
        middle = _scanned(slide).center
        for downsample in ZOOMS:
            center = Point(middle.x + 3.3 * downsample, middle.y - 7.7 * downsample)
            canvas.set_viewport(replace(canvas.viewport, center=center, downsample=downsample))
            qtbot.waitUntil(lambda: canvas.is_sharp, timeout=10_000)
            shown = painted(canvas).astype(float)
            shift = _shift(shown, canvas.viewport, reference)
            assert np.hypot(*shift) <= 1.0, f"{name} at {downsample}: off by {shift} device px"
        assert readers, "the slide was read"
        assert threading.main_thread().name not in readers
        canvas.set_slide(None)


@pytest.mark.parametrize("name", SLIDES)
def test_cells_lie_where_their_map_says(
    qtbot: QtBot, showing: Showing, painted: Painted, shared: Path, name: str
) -> None:
    with open_slide(shared / "slides" / name) as slide:
        canvas = showing(slide)
        scanned = _scanned(slide)
        pitch, origin = 37.43, Point(scanned.x + 101.3, scanned.y + 77.9)
        canvas.set_grids(_one_cell(pitch, origin))
        canvas.set_mpp(40.0)  # as coarse as this classes are filled, not outlined
        cell = Region(origin.x + 8 * pitch, origin.y + 8 * pitch, pitch, pitch)
        for downsample in ZOOMS:
            view = replace(canvas.viewport, center=cell.center, downsample=downsample)
            canvas.set_viewport(view)
            canvas.set_layers(LayerStack(default_looks(2), strongest=False))
            qtbot.waitUntil(lambda: canvas.is_sharp, timeout=10_000)
            bare = painted(canvas).astype(float)
            canvas.set_layers(LayerStack(default_looks(2)))
            qtbot.waitUntil(lambda: canvas.is_sharp, timeout=10_000)
            ys, xs = np.nonzero(np.abs(painted(canvas) - bare).max(axis=2) > 12)
            left, top = canvas.viewport.to_device.apply(cell.x, cell.y)
            right, bottom = canvas.viewport.to_device.apply(cell.right, cell.bottom)
            found = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
            assert found == pytest.approx((left, top, right, bottom), abs=1.0), f"{name} at {downsample}"
        canvas.set_slide(None)


def _scanned(slide: Slide) -> Region:
    return slide.bounds or Region(0, 0, slide.dimensions.width, slide.dimensions.height)


def _listen(slide: Slide) -> set[str]:
    """The names of the threads that read the slide from now on."""
    readers: set[str] = set()
    read = slide.read

    def heard(level: int, x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
        readers.add(threading.current_thread().name)
        return read(level, x, y, width, height)

    slide.read = heard  # type: ignore[method-assign]
    return readers


class Truth:
    """What level 0 alone says of the middle (side, side) device pixels of a view, from sums over exact boxes."""

    def __init__(self, view: Viewport, slide: Slide, side: int) -> None:
        self._view, self._side, reach = view, side, 3 * view.downsample
        start = self._start(0, 0)
        self._left, self._top = int(start.x - reach) - 2, int(start.y - reach) - 2
        count = int(side * view.downsample + 2 * reach) + 6
        grey = slide.read(0, self._left, self._top, count, count).astype(float).mean(axis=2)
        self._total = np.pad(grey.cumsum(0).cumsum(1), ((1, 0), (1, 0)))

    def moved(self, dx: float, dy: float) -> NDArray[np.float64]:
        """With the picture moved by device pixels."""
        start, step = self._start(dx, dy), self._view.downsample
        places = step * np.arange(self._side + 1)
        rows = _between(self._total, start.y - self._top + places)
        boxes = _between(rows.T, start.x - self._left + places).T
        return np.diff(np.diff(boxes, axis=0), axis=1) / step**2

    def _start(self, dx: float, dy: float) -> Point:
        size, half = self._view.size, self._side // 2
        return self._view.place(size.width // 2 - half - dx, size.height // 2 - half - dy)


def _between(rows: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    low = np.floor(at).astype(int)
    share = (at - low)[:, None]
    return rows[low] * (1 - share) + rows[low + 1] * share


def _shift(shown: NDArray[np.float64], view: Viewport, slide: Slide) -> tuple[float, float]:
    """By how much the picture differs in place from level 0: the best of moves in quarters of a pixel."""
    side = 160
    y, x = view.size.height // 2 - side // 2, view.size.width // 2 - side // 2
    part = shown[y : y + side, x : x + side].mean(axis=2)
    truth = Truth(view, slide, side)

    def best_of(around: tuple[float, float], step: float, reach: int) -> tuple[float, float]:
        steps = [step * n for n in range(-reach, reach + 1)]
        moves = [(around[0] + dx, around[1] + dy) for dx in steps for dy in steps]
        errors = [float(((part - truth.moved(dx, dy)) ** 2).mean()) for dx, dy in moves]
        return moves[int(np.argmin(errors))]

    best = best_of(best_of((0.0, 0.0), 0.5, 5), 0.25, 1)
    assert part.std() > 5, "there is tissue in the middle"
    return best


def _one_cell(pitch: float, origin: Point) -> MapGrids:
    """Cells that hold nothing, but for the one at (8, 8)."""
    grids = MapGrids((17, 17), Affine.scaling(pitch, pitch, origin.x, origin.y), 2, strength_scale=1.0)
    weights = np.zeros((2, 17, 17), np.float32)
    weights[1, 8, 8] = 1.0
    grids.put(0, 0, weights, np.full((17, 17), 2, np.uint8), None, {})
    return grids
