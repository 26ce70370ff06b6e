"""Alignment: whether a cluster map lies on the tissue of the slide that is open, before it is shown."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.errors import SlideError, UsageError
from wsiview.geometry import Affine
from wsiview.maps.cell_state import COMPUTED, NOT_COMPUTED, UNREADABLE
from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.faults import MapMismatch
from wsiview.maps.registration import Placement, Support, frame_fault, judge
from wsiview.slide.slide import Slide
from wsiview.slide.virtual_level import VirtualLevel
from wsiview.tiling.patch_grid import PatchGrid, patch_grid
from wsiview.tiling.quick_tissue import quick_tissue
from wsiview.tiling.tissue import TissueMask

log = logging.getLogger(__name__)

FRAME = 256  # steps on the longer side of the frame on which map and tissue are compared
BLOCKS = 144  # of the map that are read
FINE = 1024  # pixels on the longer side of the tissue mask of what was scanned

REMEDY = "open the slide that it was made from, or map this one"
START_ANEW = "move or delete it to map anew"

Pair = tuple[float, float]


class Alignment:
    """Checks maps against one slide, whose tissue is found once; on a worker, since it reads the slide.

    It takes a fraction of a second: of a large map some blocks are read, and the tissue is found on a small picture.
    """

    def __init__(self, slide: Slide) -> None:
        self._slide = slide
        self._masks: dict[Pair | None, TissueMask | None] = {}

    def check(self, found: ClusterMap, remedy: str = REMEDY) -> Placement:
        """Compare the finished part of a map with the slide's tissue.

        Raises
        ------
        MapMismatch
            If the map lies elsewhere; `remedy` says what to do then.
        MapError
            If it can't be read.
        """
        placement = self._placement(found)
        log.info("the placement of %s: %s", found.path.name, placement.words)
        return _not_elsewhere(found, placement, remedy)

    def _placement(self, found: ClusterMap) -> Placement:
        try:
            frame = Frame(found, self._slide)
        except (KeyError, TypeError, ValueError, UsageError, SlideError):
            return Placement(doubt="it doesn't tell how its cells were laid over the slide")
        grid, scale = frame.grid, frame.level.scale
        wanted, shape = grid.cells.cell_to_level0(scale), (grid.cells.rows, grid.cells.cols)
        mpp = frame.mpp or self._slide.mpp
        fault = frame_fault(found.cell_to_level0, wanted, found.shape, shape, mpp)
        if fault:
            return Placement(fault=fault)
        try:
            mask = self._mask(frame.mpp)
        except SlideError as error:
            return Placement(doubt=f"the slide could not be read ({error})")
        if mask is None:
            return Placement(doubt="the slide holds no small picture of itself to compare with")
        return judge(_support(found, self._slide, grid, scale, mask, frame.min_tissue, mpp))

    def _mask(self, mpp: Pair | None) -> TissueMask | None:
        if mpp not in self._masks:
            self._masks[mpp] = quick_tissue(self._slide, mpp, FINE)
        return self._masks[mpp]


def check_gone_on_with(
    found: ClusterMap, slide: Slide, grid: PatchGrid, scale: Pair, mask: TissueMask, min_tissue: float
) -> Placement:
    """Compare what is finished of a map with the patches that it is to be gone on with.

    Raises
    ------
    MapMismatch
        If the map lies elsewhere.
    MapError
        If it can't be read.
    """
    placement = judge(_support(found, slide, grid, scale, mask, min_tissue, slide.mpp))
    return _not_elsewhere(found, placement, START_ANEW)


def _not_elsewhere(found: ClusterMap, placement: Placement, remedy: str) -> Placement:
    if placement.fault:
        raise MapMismatch(found.path, placement.fault, remedy)
    return placement


def _support(
    found: ClusterMap, slide: Slide, grid: PatchGrid, scale: Pair, mask: TissueMask, min_tissue: float, mpp: Pair | None
) -> Support:
    """Map and slide on a frame of at most FRAME steps a side, over what was scanned."""
    to = grid.cells.cell_to_level0(scale)
    first, last = _scanned(slide, to, (grid.cells.rows, grid.cells.cols))
    step = max(1, -(-max(last[0] - first[0], last[1] - first[1]) // FRAME))
    rows, cols = (np.arange(a + step // 2, b, step, dtype=np.int64) for a, b in zip(first, last, strict=True))
    expected = grid.covers(mask, scale, min_tissue, rows, cols)
    held, looked, known = (np.zeros(expected.shape, bool) for _ in range(3))
    done = found.done()
    for row, col in _picked(found, rows, cols, expected):
        down, across = found.block_slices(row, col)
        r, c = _inside(rows, down), _inside(cols, across)
        looked[r, c] = True
        if done[row, col]:
            state = found.state(down, across)[(rows[r] - down.start)[:, None], (cols[c] - across.start)[None, :]]
            held[r, c] = (state == COMPUTED) | (state == UNREADABLE)
            known[r, c] = state != NOT_COMPUTED
    return Support(held, looked, known, expected, (to.a * step, to.d * step), mpp)


def _scanned(slide: Slide, to: Affine, shape: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """First and last (rows, cols) of the cells over the scanned part of a slide, which may be small."""
    bounds = slide.bounds
    if bounds is None:
        return (0, 0), shape
    left, top = to.inverse().apply(bounds.x, bounds.y)
    right, bottom = to.inverse().apply(bounds.right, bounds.bottom)
    first = max(0, math.floor(top)), max(0, math.floor(left))
    return first, (min(shape[0], math.ceil(bottom)), min(shape[1], math.ceil(right)))


def _picked(
    found: ClusterMap, rows: NDArray[np.int64], cols: NDArray[np.int64], expected: NDArray[np.bool_]
) -> list[tuple[int, int]]:
    """At most BLOCKS blocks of the frame, half of them over tissue where there is much glass."""
    side = found.block_side
    block_of = rows[:, None] // side * found.block_grid[1] + cols[None, :] // side
    every = np.unique(block_of)
    if len(every) > BLOCKS:
        random = np.random.default_rng(0)
        tissue = random.permutation(np.unique(block_of[expected]))[: BLOCKS // 2]
        others = random.permutation(np.setdiff1d(every, tissue))[: BLOCKS - len(tissue)]
        every = np.union1d(tissue, others)
    return [(int(index) // found.block_grid[1], int(index) % found.block_grid[1]) for index in every]


def _inside(places: NDArray[np.int64], part: slice) -> slice:
    """Which of the ascending places lie in a part."""
    start, stop = np.searchsorted(places, (part.start, part.stop))
    return slice(int(start), int(stop))


class Frame:
    """Where the patches and cells of a map should lie on a slide, from the parameters that the map was made with.

    Raises
    ------
    KeyError, TypeError, ValueError, UsageError, SlideError
        If the map doesn't tell, or speaks of what this slide can't have.
    """

    def __init__(self, found: ClusterMap, slide: Slide) -> None:
        told = found.attributes["parameters"]
        self.mpp = None if told["mpp"] is None else _pair(told["mpp"])
        self.min_tissue = float(told["min_tissue"])
        self.level = VirtualLevel(slide, told["spacing"], self.mpp, allow_upsampling=True)
        cells = found.attributes.get("cells") or _cells_of_old(found, self.level.scale)
        self.grid: PatchGrid = patch_grid(
            self.level.size, int(told["patch"]), int(told["step"]), int(told["trim"]),
            _whole(cells["stride"]), _pair(cells["centre"]),
            None if cells["locations"] is None else _whole(cells["locations"]),
        )  # fmt: skip


def _cells_of_old(found: ClusterMap, scale: Pair) -> dict[str, Any]:
    """What maps did not tell at first, from where their cells lie: good unless somebody moved them by much."""
    to: Affine = found.cell_to_level0
    stride = max(1, round(to.a / scale[0])), max(1, round(to.d / scale[1]))
    centre = to.tx / scale[0] + stride[0] / 2, to.ty / scale[1] + stride[1] / 2
    field = _pair(found.attributes["field_level0"])
    # The first cell's centre is that of a field that touches the slide's corner.
    most = field[0] / scale[0] / 2, field[1] / scale[1] / 2
    bounded = tuple(float(np.clip(value, -limit, limit)) for value, limit in zip(centre, most, strict=True))
    return {"stride": stride, "centre": bounded, "locations": None}


def _pair(values: Any) -> Pair:
    x, y = (float(value) for value in values)
    return x, y


def _whole(values: Any) -> tuple[int, int]:
    x, y = (int(value) for value in values)
    return x, y
