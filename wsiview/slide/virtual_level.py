"""Virtual level: a slide at a model's resolution, where each pixel has one value, whoever asks for it."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from wsiview.errors import SlideError
from wsiview.geometry import Size
from wsiview.slide.area_filter import area_mean
from wsiview.slide.calibration import believable_mpp
from wsiview.slide.pyramid import best_level
from wsiview.slide.salvage import Salvage
from wsiview.slide.slide import Pixels, Slide, TileUnreadable

TILE = 512
"""Side of the virtual tiles, in virtual pixels."""
_SAME = 0.01
_MOST_UPSAMPLING = 1.10
_STRIP_PIXELS = 1 << 22


class MppMissing(SlideError):
    """A model wants a resolution, and the slide doesn't say its own."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path.name} doesn't say how large its pixels are; give micrometres per pixel with --mpp")
        self.path = path


class TooCoarse(SlideError):
    """A slide whose finest level is much coarser than the model wants."""

    def __init__(self, path: Path, factor: float) -> None:
        super().__init__(
            f"{path.name} is {factor:.2f} times coarser than the model needs; "
            "scan it at a higher magnification or add --allow-upsampling"
        )
        self.path, self.factor = path, factor


class VirtualLevel:
    """A slide's pixels at one resolution, cut from 512 px tiles on a grid from level-0 (0, 0).

    Each tile is always made from the same source pixels with the same filter.

    Parameters
    ----------
    slide
        Where the pixels come from; not closed here.
    spacing
        Micrometres per virtual pixel; None reads level 0 as it is.
    mpp
        Micrometres per level-0 pixel (x, y) in place of what the slide says.
    allow_upsampling
        Whether level 0 may be more than 10 % coarser than `spacing`.
    cache_bytes
        How much memory decoded tiles may take.

    Raises
    ------
    MppMissing
        If there is a spacing and neither the slide nor the caller gives a believable mpp.
    TooCoarse
        If the slide would have to be upsampled by more than 10 %.

    Attributes
    ----------
    scale
        Level-0 pixels per virtual pixel, (x, y): level-0 position = virtual position × scale.
    size
        In virtual pixels, covering all of level 0.
    effective_mpp
        Micrometres per virtual pixel as really read; None if unknown.
    source_level
        The level that the pixels are made from.
    note
        A sentence about what differs from what was asked for, if anything.
    """

    def __init__(
        self,
        slide: Slide,
        spacing: float | None,
        mpp: tuple[float, float] | None = None,
        allow_upsampling: bool = False,
        cache_bytes: int = 64 << 20,
    ) -> None:
        self._slide = slide
        self.note: str | None = None
        known = believable_mpp(mpp) or slide.mpp
        if spacing is None:
            self.source_level, self.scale = 0, (1.0, 1.0)
        elif known is None:
            raise MppMissing(slide.path)
        else:
            self._choose((spacing / known[0], spacing / known[1]), allow_upsampling)
        self.effective_mpp = None if known is None else (known[0] * self.scale[0], known[1] * self.scale[1])
        source = slide.level_downsamples[self.source_level]
        self._ratio = self.scale[0] / source[0], self.scale[1] / source[1]
        self.size = Size(
            math.ceil(slide.dimensions.width / self.scale[0] - 1e-6),
            math.ceil(slide.dimensions.height / self.scale[1] - 1e-6),
        )
        self._lock = threading.Lock()
        self._tiles: OrderedDict[tuple[int, int], Pixels] = OrderedDict()
        self._most_tiles = max(1, cache_bytes // (TILE * TILE * 3))
        self._bad: dict[tuple[int, int], _Damage] = {}
        self._salvage = Salvage(slide)

    def _choose(self, wanted: tuple[float, float], allow_upsampling: bool) -> None:
        """Pick the source level and the scale for `wanted` level-0 pixels per virtual pixel."""
        levels = self._slide.level_downsamples
        distance = [max(abs(dx / wanted[0] - 1), abs(dy / wanted[1] - 1)) for dx, dy in levels]
        nearest = min(range(len(levels)), key=lambda level: distance[level])
        if distance[nearest] <= _SAME + 1e-9:
            self.source_level, self.scale = nearest, levels[nearest]
            return
        factor = max(1 / wanted[0], 1 / wanted[1])
        if factor > 1 + _SAME:
            if factor > _MOST_UPSAMPLING + 1e-9 and not allow_upsampling:
                raise TooCoarse(self._slide.path, factor)
            self.note = f"upsampled {factor:.2f}×: the slide is coarser than the model wants"
        self.source_level, self.scale = best_level(levels, wanted), wanted

    def read(self, x: int, y: int, width: int, height: int) -> Pixels:
        """Pixels of a rectangle in virtual pixels; what lies outside the slide has its background colour.

        Returns
        -------
        (height, width, 3) uint8 RGB, the caller's own.

        Raises
        ------
        TileUnreadable
            If any pixel of it is made from damaged data; SlideVanished if the file is gone.
        """
        out = np.empty((height, width, 3), np.uint8)
        for row in range(y // TILE, -(-(y + height) // TILE)):
            for col in range(x // TILE, -(-(x + width) // TILE)):
                left, top = max(x, col * TILE), max(y, row * TILE)
                right, bottom = min(x + width, (col + 1) * TILE), min(y + height, (row + 1) * TILE)
                asked = slice(top - row * TILE, bottom - row * TILE), slice(left - col * TILE, right - col * TILE)
                out[top - y : bottom - y, left - x : right - x] = self._cut(row, col, asked)
        return out

    def _cut(self, row: int, col: int, asked: tuple[slice, slice]) -> Pixels:
        """The part `asked` (rows, cols) of one virtual tile."""
        if not (0 <= col * TILE < self.size.width and 0 <= row * TILE < self.size.height):
            shape = asked[0].stop - asked[0].start, asked[1].stop - asked[1].start, 3
            return np.full(shape, self._slide.background, np.uint8)
        tile = self._tile(row, col)
        with self._lock:
            bad = self._bad.get((row, col))
        if bad is not None and bad.damaged[asked].any():
            error = bad.error
            place = error.level, error.x, error.y, error.width, error.height
            raise TileUnreadable(self._slide.path, *place, error.reason)
        return tile[asked]

    def _tile(self, row: int, col: int) -> Pixels:
        key = row, col
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
                return tile
        tile, bad = self._make_tile(row * TILE, col * TILE)
        with self._lock:
            self._tiles[key] = tile
            if bad is not None:
                self._bad[key] = bad
            while len(self._tiles) > self._most_tiles:
                self._tiles.popitem(last=False)
        return tile

    def _make_tile(self, top: int, left: int) -> tuple[Pixels, _Damage | None]:
        """A tile's pixels, and which of them are made from damaged data, if any."""
        xs, ys = self._edges(left, 0), self._edges(top, 1)
        tile = np.empty((TILE, TILE, 3), np.uint8)
        damaged = np.zeros((TILE, TILE), bool)
        found: TileUnreadable | None = None
        # A slide without coarse levels needs huge boxes: they are read in strips of bounded size.
        rows = max(1, min(TILE, int(_STRIP_PIXELS / (TILE * self._ratio[0] * self._ratio[1]))))
        if min(self._ratio) < 1:
            rows = TILE
        for first in range(0, TILE, rows):
            strip = slice(first, min(first + rows, TILE))
            tile[strip], damaged[strip], error = self._resample(xs, ys[strip.start : strip.stop + 1])
            found = found or error
        return tile, None if found is None else _Damage(damaged, found)

    def _resample(
        self, xs: NDArray[np.float64], ys: NDArray[np.float64]
    ) -> tuple[Pixels, NDArray[np.bool_], TileUnreadable | None]:
        """Virtual pixels between edges given in source pixels."""
        shrinks = min(self._ratio) >= 1
        margin = 0 if shrinks else 2 + math.ceil(max(self._ratio))
        x0, y0 = math.floor(xs[0]) - margin, math.floor(ys[0]) - margin
        width, height = math.ceil(xs[-1]) + margin - x0, math.ceil(ys[-1]) + margin - y0
        source, damaged, error = self._salvage.read(self.source_level, x0, y0, width, height)
        if self._ratio == (1.0, 1.0):
            return source, damaged, error
        xs, ys = xs - x0, ys - y0
        pixels = area_mean(source, xs, ys) if shrinks else _enlarged(source, xs, ys)
        if error is None:
            return pixels, np.zeros(pixels.shape[:2], bool), None
        near = ndimage.maximum_filter(damaged, size=2 * margin + 1)
        return pixels, _any_between(near, xs, ys), error

    def _edges(self, start: int, axis: int) -> NDArray[np.float64]:
        """The edges of a tile's pixels in source pixels."""
        # Rounded, so that an edge meant to be whole doesn't fall a rounding error short of its pixel.
        return np.round(np.arange(start, start + TILE + 1) * self._ratio[axis], 6)


@dataclass(frozen=True, eq=False, slots=True)
class _Damage:
    """Which pixels (512, 512) of a virtual tile are made from damaged data, and what the reader said."""

    damaged: NDArray[np.bool_]
    error: TileUnreadable


def _enlarged(source: Pixels, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> Pixels:
    """Bilinear, antialiased on an axis that shrinks."""
    box = float(xs[0]), float(ys[0]), float(xs[-1]), float(ys[-1])
    size = len(xs) - 1, len(ys) - 1
    return np.array(Image.fromarray(source).resize(size, Image.Resampling.BILINEAR, box=box))


def _any_between(damaged: NDArray[np.bool_], xs: NDArray[np.float64], ys: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether any damaged source pixel lies between neighbouring edges, (rows, cols)."""
    total = np.zeros((damaged.shape[0] + 1, damaged.shape[1] + 1), np.int64)
    total[1:, 1:] = damaged.cumsum(0, dtype=np.int64).cumsum(1)
    left, right = np.floor(xs[:-1]).astype(np.intp), np.ceil(xs[1:]).astype(np.intp)
    top, bottom = np.floor(ys[:-1]).astype(np.intp), np.ceil(ys[1:]).astype(np.intp)
    touched = total[np.ix_(bottom, right)] - total[np.ix_(top, right)]
    return np.asarray(touched - total[np.ix_(bottom, left)] + total[np.ix_(top, left)] > 0)
