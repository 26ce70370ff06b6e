"""TIFF reader: slides in tiled TIFF files, whose tiles are read and decoded directly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from wsiview.geometry import Region, Size
from wsiview.slide.array_slide import halved_sizes
from wsiview.slide.fingerprint import slide_fingerprint
from wsiview.slide.jpeg_tile import UndecodableTile
from wsiview.slide.openslide_reader import OpenSlideReader
from wsiview.slide.pyramid import level_downsamples
from wsiview.slide.recent_tiles import RecentTiles
from wsiview.slide.slide import Pixels, SlideVanished, TileUnreadable
from wsiview.slide.slide_file import GONE, FileVanished
from wsiview.slide.sparse_tiles import painted_tiles
from wsiview.slide.tiff_tiles import TiffTiles

_LIBRARIES = ", ".join(f"{name} {version(name)}" for name in ("tifffile", "imagecodecs", "simplejpeg"))
_RECENT_BYTES = 32 << 20
_CLOSED = "the slide was closed; open it again"


@dataclass(frozen=True, slots=True)
class TiffFacts:
    """What is known of a slide beside its pixels, see `Slide`."""

    path: Path
    name: str
    vendor: str
    mpp: tuple[float, float] | None
    icc_profile: bytes | None
    bounds: Region | None = None
    background: tuple[int, int, int] = (255, 255, 255)
    associated: tuple[str, ...] = ()


class TiffReader:
    """A slide in a tiled TIFF file.

    Parameters
    ----------
    file
        The TIFF.
    tiles
        Its tiles; closed with the slide.
    facts
        What is known of it.
    openslide
        The same file through OpenSlide, closed with the slide; None where OpenSlide doesn't open it.
    judged
        How many levels, from the finest, OpenSlide shows too. There, OpenSlide alone decides whether a tile is bad
        that can't be decoded beyond doubt, and paints what an Aperio file lacks from a finer level.
    """

    def __init__(
        self, file: Path, tiles: TiffTiles, facts: TiffFacts, openslide: OpenSlideReader | None, judged: int
    ) -> None:
        self._file, self._tiles, self._openslide, self._judged = file, tiles, openslide, judged
        self._painted = painted_tiles(tiles.levels, facts.vendor)
        self._recent = RecentTiles(_RECENT_BYTES)
        self._closed = False
        self.path, self.name, self.vendor = facts.path, facts.name, facts.vendor
        self.mpp, self.icc_profile = facts.mpp, facts.icc_profile
        self.bounds, self.background, self.associated = facts.bounds, facts.background, facts.associated
        self.level_dimensions = tuple(level.size for level in tiles.levels)
        self.level_downsamples = level_downsamples(self.level_dimensions)
        self.level_tiles = tuple(level.tile for level in tiles.levels)

    @cached_property
    def reader(self) -> str:
        """What decodes the pixels: the libraries for the layout and the codecs, and OpenSlide where it has a say."""
        return _LIBRARIES if self._openslide is None else f"{_LIBRARIES}, {self._openslide.reader}"

    @property
    def dimensions(self) -> Size:
        """The size of level 0."""
        return self.level_dimensions[0]

    @cached_property
    def fingerprint(self) -> str:
        """As other readers have it for this file."""
        if self._openslide is not None:
            return self._openslide.fingerprint
        try:
            return slide_fingerprint((self._file,), self.dimensions, halved_sizes(self.dimensions))
        except OSError as error:
            raise SlideVanished(self.path, 0, 0, 0, self.dimensions.width, self.dimensions.height, GONE) from error

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """Pixels of one level, see `Slide.read`; cheapest for whole tiles."""
        size, tile = self.level_dimensions[level], self.level_tiles[level]
        left, top, right, bottom = max(x, 0), max(y, 0), min(x + width, size.width), min(y + height, size.height)
        if right <= left or bottom <= top:
            return np.full((height, width, 3), self.background, np.uint8)
        place = level, left, top, right - left, bottom - top
        if self._closed:
            raise TileUnreadable(self.path, *place, _CLOSED)
        try:
            self._tiles.file.check()
            (col, dx), (row, dy) = divmod(x, tile.width), divmod(y, tile.height)
            if dx == dy == 0 and (left, top) == (x, y) and width <= tile.width and height <= tile.height:
                whole = self._tile(level, col, row)
                if (right - left, bottom - top) == (width, height):
                    return whole if whole.shape[:2] == (height, width) else whole[:height, :width].copy()
            return self._assembled(level, x, y, width, height)
        except FileVanished as error:
            raise SlideVanished(self.path, *place, str(error)) from error
        except UndecodableTile as error:
            reason = f"the data there is damaged ({error}); copy or scan the slide again"
            raise TileUnreadable(self.path, *place, reason) from error
        except SlideVanished as error:
            raise SlideVanished(self.path, *place, error.reason) from error
        except TileUnreadable as error:
            raise TileUnreadable(self.path, *place, error.reason) from error

    def read_bgra(self, level: int, x: int, y: int, width: int, height: int, out: Pixels) -> bool:
        """A whole tile for a screen, see `ScreenReader.read_bgra`."""
        size, tile = self.level_dimensions[level], self.level_tiles[level]
        (col, dx), (row, dy) = divmod(x, tile.width), divmod(y, tile.height)
        is_whole = dx == dy == 0 and (width, height) == (tile.width, tile.height)
        if not is_whole or x < 0 or y < 0 or x + width > size.width or y + height > size.height or self._closed:
            return False
        painted = self._painted[level]
        if painted is not None and painted[row, col]:
            return False
        try:
            self._tiles.file.check()
            return self._tiles.tile_bgra(level, col, row, out)
        except (UndecodableTile, FileVanished):
            return False

    def _assembled(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """A rectangle cut from tiles, which are kept for a while, since its neighbours need them too."""
        size, tile = self.level_dimensions[level], self.level_tiles[level]
        out = np.empty((height, width, 3), np.uint8)
        if x < 0 or y < 0 or x + width > size.width or y + height > size.height:
            out[:] = self.background
        for row in range(max(y, 0) // tile.height, -(-min(y + height, size.height) // tile.height)):
            for col in range(max(x, 0) // tile.width, -(-min(x + width, size.width) // tile.width)):
                pixels = self._recent.get((level, col, row))
                if pixels is None:
                    pixels = self._tile(level, col, row)
                    self._recent.put((level, col, row), pixels)
                left, top = col * tile.width, row * tile.height
                right, bottom = left + pixels.shape[1], top + pixels.shape[0]
                x0, y0, x1, y1 = max(x, left), max(y, top), min(x + width, right), min(y + height, bottom)
                out[y0 - y : y1 - y, x0 - x : x1 - x] = pixels[y0 - top : y1 - top, x0 - left : x1 - left]
        return out

    def _tile(self, level: int, col: int, row: int) -> Pixels:
        """One tile, cut at the level's edge."""
        size, tile = self.level_dimensions[level], self.level_tiles[level]
        width = min(tile.width, size.width - col * tile.width)
        height = min(tile.height, size.height - row * tile.height)
        painted = self._painted[level]
        if painted is not None and painted[row, col]:
            return self._judgement(level, col, row, width, height)
        try:
            pixels = self._tiles.tile(level, col, row)
        except UndecodableTile:
            if level >= self._judged:
                raise
            return self._judgement(level, col, row, width, height)
        if pixels is None:
            return np.full((height, width, 3), self.background, np.uint8)
        return pixels if pixels.shape[:2] == (height, width) else pixels[:height, :width].copy()

    def _judgement(self, level: int, col: int, row: int, width: int, height: int) -> Pixels:
        """A tile as OpenSlide shows it, if it does."""
        assert self._openslide is not None, "only what OpenSlide shows too is judged by it"
        tile = self.level_tiles[level]
        pixels = self._openslide.read(level, col * tile.width, row * tile.height, width, height)
        self._tiles.file.check()  # it opens the file by its name, so what it read could be another's
        return pixels

    def read_associated(self, name: str) -> Pixels:
        """One of the associated pictures, (height, width, 3) uint8 RGB."""
        if self._openslide is None or name not in self.associated:
            raise KeyError(name)
        return self._openslide.read_associated(name)

    def close(self) -> None:
        """Let go of the file; threads that are reading finish first."""
        self._closed = True
        self._tiles.close()
        self._recent.clear()
        if self._openslide is not None:
            self._openslide.close()

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()
