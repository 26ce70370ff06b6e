"""Letters: where the letter of the strongest class stands on its regions: farthest from their edges, where it fits.

Places are worked out for squares of the slide and bands of scale, and depend on nothing else, so they stay where they
are while one pans. Small cells are put together until a letter's room can be told from them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from wsiview.geometry import Point, Region
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.viewport import Viewport

LEAST_ROOM = 24.0
"""Screen pixels from a letter's middle to the edge of its region."""
MOST, _USUAL = 60, 36
"""Letters in one view at most, and so many that chance hardly ever brings more than that into one."""
_SIDE, _APART, _DEEPEST, _COARSE, _SPECK = 1024.0, 480.0, 256.0, 8.0, 20.0
"""All in pixels of the band: a square's side, the least distance of two letters on one region, the room beyond which
more makes no difference, the size that small cells are put together to, and the side of what is too small to matter."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter: its class, its place, and the distance from there to the region's edge (level-0 px)."""

    class_index: int
    place: Point
    room: float


@dataclass(frozen=True, slots=True)
class Square:
    """A square of the slide at a band of scale: level-0 pixels per screen pixel, a power of two."""

    band: float
    col: int
    row: int

    @property
    def region(self) -> Region:
        """The same in level-0 pixels."""
        side = _SIDE * self.band
        return Region(self.col * side, self.row * side, side, side)


def squares_in(view: Viewport, pixel_ratio: float, within: Region) -> tuple[Square, ...]:
    """The squares that a view sees of a map."""
    band = 2.0 ** math.floor(math.log2(view.downsample * pixel_ratio))
    side, seen = _SIDE * band, view.region
    left, top = max(seen.x, within.x), max(seen.y, within.y)
    right, bottom = min(seen.right, within.right), min(seen.bottom, within.bottom)
    if left >= right or top >= bottom:
        return ()
    cols = range(math.floor(left / side), math.ceil(right / side))
    rows = range(math.floor(top / side), math.ceil(bottom / side))
    return tuple(Square(band, col, row) for row in rows for col in cols)


def letters_in(grids: MapGrids, square: Square) -> tuple[Letter, ...]:
    """The letters of all classes whose places lie in a square, those with most room first."""
    lattice = _Lattice.around(grids, square)
    classes = lattice.classes(grids)
    letters: list[Letter] = []
    for index in np.unique(classes[classes > 0]).tolist():
        for row, col, room in _poles(classes == index, lattice, square):
            letters.append(Letter(index - 1, lattice.cell_of(grids, index - 1, row, col), room))
    return tuple(sorted(letters, key=lambda letter: -letter.room))


def fitting(
    found: Mapping[Square, Sequence[Letter]], stack: LayerStack, view: Viewport, pixel_ratio: float
) -> tuple[Letter, ...]:
    """Of the letters of these squares those that have room at a view's scale, wherever it is.

    How many a square may show depends on how large it is on screen and not on where, so that none comes or goes while
    one pans.
    """
    scale = view.downsample * pixel_ratio
    area = view.size.width * view.size.height / pixel_ratio**2
    kept: list[Letter] = []
    for square, letters in found.items():
        side = square.region.width / scale
        roomy = [one for one in _visible(letters, stack) if one.room >= LEAST_ROOM * scale]
        kept += roomy[: max(1, round(_USUAL * side * side / area))]
    return tuple(sorted(kept, key=lambda one: (-one.room, one.place.x, one.place.y)))


def in_view(letters: Iterable[Letter], view: Viewport) -> list[tuple[Letter, float, float]]:
    """Those that a view sees, with their device positions; of too many the ones with most room."""
    size, seen = view.size, []
    (a, b, tx), (c, d, ty) = view.to_device.rows
    for one in letters:  # with every frame
        x, y = one.place.x, one.place.y
        across, down = a * x + b * y + tx, c * x + d * y + ty
        if 0 <= across < size.width and 0 <= down < size.height:
            seen.append((one, across, down))
    return seen[:MOST]


def _visible(letters: Iterable[Letter], stack: LayerStack) -> Iterable[Letter]:
    count = len(stack.classes)
    return (one for one in letters if one.class_index < count and stack.classes[one.class_index].visible)


@dataclass(frozen=True, slots=True)
class _Lattice:
    """Cells around a square, put together `times` (down, across) at a time; `first` is the first of them."""

    first: tuple[int, int]
    shape: tuple[int, int]
    times: tuple[int, int]
    origin: Point
    pitch: tuple[float, float]
    """Level-0 pixels (down, across) of one lattice cell."""

    @classmethod
    def around(cls, grids: MapGrids, square: Square) -> _Lattice:
        """With a margin, so that neighbouring squares see the same regions."""
        to, region = grids.cell_to_level0, square.region
        margin, coarse = (_APART + _DEEPEST) * square.band, _COARSE * square.band
        times = max(1, round(coarse / to.d)), max(1, round(coarse / to.a))
        pitch = times[0] * to.d, times[1] * to.a
        first = math.floor((region.y - margin - to.ty) / pitch[0]), math.floor((region.x - margin - to.tx) / pitch[1])
        end = (
            math.ceil((region.bottom + margin - to.ty) / pitch[0]),
            math.ceil((region.right + margin - to.tx) / pitch[1]),
        )
        shape = end[0] - first[0], end[1] - first[1]
        origin = Point(to.tx + first[1] * pitch[1], to.ty + first[0] * pitch[0])
        return cls((first[0] * times[0], first[1] * times[1]), shape, times, origin, pitch)

    def classes(self, grids: MapGrids) -> NDArray[np.uint8]:
        """The class, from 1, that is strongest in most of each lattice cell; 0 where none is."""
        # Of many cells a few are asked.
        asked = [sorted({i * times // 4 for i in range(4)} if times > 4 else range(times)) for times in self.times]
        rows, cols = (
            (first + np.arange(count)[:, None] * times + np.array(picks)).ravel()
            for first, count, times, picks in zip(self.first, self.shape, self.times, asked, strict=True)
        )
        found = np.asarray(grids.sample("strongest", rows, cols), np.uint8)
        cells = found.reshape(self.shape[0], len(asked[0]), self.shape[1], len(asked[1]))
        out = np.zeros(self.shape, np.uint8)
        if len(asked[0]) == len(asked[1]) == 1:
            return found
        for index in np.unique(cells[cells > 0]).tolist():
            out[(cells == index).mean(axis=(1, 3)) > 0.5] = index
        return out

    def place(self, row: float, col: float) -> Point:
        """The middle of a lattice cell, level-0 pixels."""
        return Point(self.origin.x + (col + 0.5) * self.pitch[1], self.origin.y + (row + 0.5) * self.pitch[0])

    def cell_of(self, grids: MapGrids, index: int, row: int, col: int) -> Point:
        """The middle of the cell of a class that lies nearest to the middle of a lattice cell."""
        rows, cols = (
            first + at * times + np.arange(times)
            for first, at, times in zip(self.first, (row, col), self.times, strict=True)
        )
        own = np.argwhere(grids.sample("strongest", rows, cols) == index + 1)
        off = own - (np.array(self.times) - 1) / 2
        down, across = own[np.argmin((off * off).sum(axis=1))].tolist()
        return grids.cell_region(int(rows[down]), int(cols[across])).center


def _poles(mask: NDArray[np.bool_], lattice: _Lattice, square: Square) -> list[tuple[int, int, float]]:
    """Row, column and room of the poles of one class's regions, no two of one region too near each other."""
    least, apart = LEAST_ROOM * square.band, _APART * square.band
    pitch = np.array(lattice.pitch)
    filled = _without_specks(mask, int(_SPECK * square.band * _SPECK * square.band / pitch.prod()))
    if filled.all():  # no edge far and wide
        room = np.full(filled.shape, apart)
    else:
        # From the middle of a cell to that of the nearest other one; the edge lies half a cell before.
        room = ndimage.distance_transform_edt(filled, sampling=lattice.pitch) - pitch.max() / 2
    regions, _ = ndimage.label(filled)
    found: list[tuple[int, int, float]] = []
    for number, box in enumerate(ndimage.find_objects(regions), start=1):
        depth = np.where((regions[box] == number) & mask[box], room[box], 0)
        if depth.max() < least:
            continue
        depth = np.minimum(depth, _DEEPEST * square.band)
        corner = np.array([part.start for part in box])
        depth += _tie_break(depth.shape, corner, lattice, apart)
        reach = np.maximum(1, np.ceil(apart / pitch)).astype(int)
        poles = (depth == ndimage.maximum_filter(depth, size=2 * reach + 1, mode="constant")) & (depth >= least)
        for row, col in (np.argwhere(poles) + corner).tolist():
            if square.region.contains(lattice.place(row, col)):
                found.append((row, col, float(room[row, col])))
    return found


def _without_specks(mask: NDArray[np.bool_], largest: int) -> NDArray[np.bool_]:
    """With holes of up to so many cells filled: they are smaller than a letter and don't keep it from its place."""
    if largest < 1:
        return mask
    holes, count = ndimage.label(~mask)
    small = np.bincount(holes.ravel(), minlength=count + 1) <= largest
    small[0] = False
    return np.asarray(mask | small[holes])


def _tie_break(
    shape: tuple[int, ...], corner: NDArray[np.int64], lattice: _Lattice, apart: float
) -> NDArray[np.float64]:
    """Next to nothing, greatest on a grid that lies on the slide: which of equally deep places a letter takes."""
    rows = lattice.origin.y + (corner[0] + np.arange(shape[0]) + 0.5) * lattice.pitch[0]
    cols = lattice.origin.x + (corner[1] + np.arange(shape[1]) + 0.5) * lattice.pitch[1]
    turn = 2 * np.pi / (1.25 * apart)  # a little wider than need be, or neighbours would silence each other
    waves = np.cos(turn * rows)[:, None] + np.cos(turn * cols)[None, :]
    # The last term leaves no two places the same.
    slope = np.arange(shape[0])[:, None] * 1e-7 + np.arange(shape[1])[None, :] * 1.1e-7
    return np.asarray((waves * 1e-3 - slope) * lattice.pitch[0])
