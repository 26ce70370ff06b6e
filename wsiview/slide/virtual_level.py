"""Virtual level: a slide at a model's resolution, where each pixel has one value, whoever asks for it."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wsiview.errors import SlideError
from wsiview.geometry import Size
from wsiview.slide.area_filter import shrink
from wsiview.slide.calibration import believable_mpp
from wsiview.slide.pyramid import best_level
from wsiview.slide.slide import Pixels, Slide, SlideVanished, TileUnreadable

TILE = 512
"""Side of the virtual tiles, in virtual pixels."""
_BLOCK = 64  # how finely a tile with damaged parts is told apart
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
        self._bad: dict[tuple[int, int], dict[tuple[int, int], TileUnreadable]] = {}

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
                tile = self._tile(row, col, (x - col * TILE, y - row * TILE, width, height))
                left, top = max(x, col * TILE), max(y, row * TILE)
                right, bottom = min(x + width, (col + 1) * TILE), min(y + height, (row + 1) * TILE)
                part = tile[top - row * TILE : bottom - row * TILE, left - col * TILE : right - col * TILE]
                out[top - y : bottom - y, left - x : right - x] = part
        return out

    def _tile(self, row: int, col: int, asked: tuple[int, int, int, int]) -> Pixels:
        """One virtual tile, of which the caller needs the rectangle `asked` (x, y, width, height within the tile)."""
        if not self._touches_slide(row, col):
            return np.full((TILE, TILE, 3), self._slide.background, np.uint8)
        key = row, col
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
            bad = self._bad.get(key, {})
        self._refuse_bad(bad, asked)
        if tile is None:
            tile, bad = self._make_tile(row, col, bad)
            with self._lock:
                self._tiles[key] = tile
                if bad:
                    self._bad[key] = bad
                while len(self._tiles) > self._most_tiles:
                    self._tiles.popitem(last=False)
            self._refuse_bad(bad, asked)
        return tile

    def _touches_slide(self, row: int, col: int) -> bool:
        return 0 <= col * TILE < self.size.width and 0 <= row * TILE < self.size.height

    @staticmethod
    def _refuse_bad(bad: dict[tuple[int, int], TileUnreadable], asked: tuple[int, int, int, int]) -> None:
        x, y, width, height = asked
        for (block_row, block_col), error in bad.items():
            left, top = block_col * _BLOCK, block_row * _BLOCK
            if left < x + width and x < left + _BLOCK and top < y + height and y < top + _BLOCK:
                raise error.with_traceback(None)

    def _make_tile(
        self, row: int, col: int, known_bad: dict[tuple[int, int], TileUnreadable]
    ) -> tuple[Pixels, dict[tuple[int, int], TileUnreadable]]:
        """A tile's pixels, and which 64 px blocks of it are made from damaged data (those stay background)."""
        if not known_bad:
            try:
                return self._resample(row * TILE, col * TILE, TILE), {}
            except SlideVanished:
                raise
            except TileUnreadable:
                pass
        tile = np.full((TILE, TILE, 3), self._slide.background, np.uint8)
        bad = dict(known_bad)
        for half_row in (0, TILE // 2):
            for half_col in (0, TILE // 2):
                self._fill(tile, bad, row, col, half_row, half_col, TILE // 2)
        return tile, bad

    def _fill(
        self,
        tile: Pixels,
        bad: dict[tuple[int, int], TileUnreadable],
        row: int,
        col: int,
        top: int,
        left: int,
        side: int,
    ) -> None:
        """Fill a square of a tile, quarter by quarter where its data is damaged."""
        if (top // _BLOCK, left // _BLOCK) in bad and side == _BLOCK:
            return
        try:
            tile[top : top + side, left : left + side] = self._resample(row * TILE + top, col * TILE + left, side)
        except SlideVanished:
            raise
        except TileUnreadable as error:
            if side == _BLOCK:
                bad[top // _BLOCK, left // _BLOCK] = error
                return
            for down in (0, side // 2):
                for across in (0, side // 2):
                    self._fill(tile, bad, row, col, top + down, left + across, side // 2)

    def _resample(self, top: int, left: int, side: int) -> Pixels:
        """A square of virtual pixels from its box on the source level."""
        if self._ratio == (1.0, 1.0):
            return self._slide.read(self.source_level, left, top, side, side)
        if min(self._ratio) < 1:
            return self._enlarge(top, left, side)
        xs, ys = self._edges(left, side, 0), self._edges(top, side, 1)
        out = np.empty((side, side, 3), np.uint8)
        # A slide without coarse levels needs huge boxes: they are read in strips of bounded size.
        rows = max(1, min(side, int(_STRIP_PIXELS / (side * self._ratio[0] * self._ratio[1]))))
        for first in range(0, side, rows):
            out[first : first + rows] = self._shrink_strip(xs, ys[first : first + rows + 1])
        return out

    def _edges(self, start: int, side: int, axis: int) -> NDArray[np.float64]:
        # Rounded, so that an edge meant to be whole doesn't fall a rounding error short of its pixel.
        return np.round(np.arange(start, start + side + 1) * self._ratio[axis], 6)

    def _shrink_strip(self, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> Pixels:
        x0, y0 = math.floor(xs[0]), math.floor(ys[0])
        source = self._slide.read(self.source_level, x0, y0, math.ceil(xs[-1]) - x0, math.ceil(ys[-1]) - y0)
        return np.rint(shrink(shrink(source, ys - y0, 0), xs - x0, 1)).astype(np.uint8)

    def _enlarge(self, top: int, left: int, side: int) -> Pixels:
        """Bilinear (antialiased on an axis that shrinks), with a margin for the filter's reach."""
        xs, ys = self._edges(left, side, 0), self._edges(top, side, 1)
        margin = 2 + math.ceil(max(self._ratio))
        x0, y0 = math.floor(xs[0]) - margin, math.floor(ys[0]) - margin
        width, height = math.ceil(xs[-1]) + margin - x0, math.ceil(ys[-1]) + margin - y0
        source = Image.fromarray(self._slide.read(self.source_level, x0, y0, width, height))
        box = (xs[0] - x0, ys[0] - y0, xs[-1] - x0, ys[-1] - y0)
        return np.array(source.resize((side, side), Image.Resampling.BILINEAR, box=box))
