"""Slide writer: a tiled JPEG pyramid as one TIFF file that slide readers open."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

TILE = 256
QUALITY = 84
FINE, COARSE = (2, 2), (1, 1)
"""Subsampling of colour: at level 0 no eye misses it, in coarse levels a nucleus is one pixel."""


def encoded(pixels: Pixels, subsampling: tuple[int, int]) -> bytes:
    """One tile (TILE, TILE, 3) as a JPEG stream; `subsampling` of colour, across and down."""
    return bytes(
        imagecodecs.jpeg8_encode(
            np.ascontiguousarray(pixels), level=QUALITY, colorspace="RGB", outcolorspace="YCBCR",
            subsampling=subsampling,
        )
    )


def halved(pixels: Pixels) -> Pixels:
    """Half the size on each side by the mean of 2 × 2 pixels; sides must be even."""
    wide = pixels.astype(np.uint16)
    total = wide[0::2, 0::2] + wide[1::2, 0::2] + wide[0::2, 1::2] + wide[1::2, 1::2]
    return np.asarray((total + 2) >> 2, np.uint8)


class Level:
    """One level: its tiles are encoded as soon as their pixels are there.

    Parameters
    ----------
    width, height
        Pixels of the level.
    subsampling
        Of colour, across and down.
    glass
        RGB where no tissue comes.
    """

    def __init__(self, width: int, height: int, subsampling: tuple[int, int], glass: tuple[int, int, int]) -> None:
        """Start without tissue."""
        self.width, self.height, self.subsampling = width, height, subsampling
        self.cols, self.rows = math.ceil(width / TILE), math.ceil(height / TILE)
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._glass = encoded(np.full((TILE, TILE, 3), glass, np.uint8), subsampling)

    def put(self, row: int, col: int, pixels: Pixels) -> None:
        """Encode the tiles of a square whose first tile is (row, col); what lies beyond the level is dropped."""
        for down in range(pixels.shape[0] // TILE):
            for right in range(pixels.shape[1] // TILE):
                if row + down < self.rows and col + right < self.cols:
                    part = pixels[down * TILE : (down + 1) * TILE, right * TILE : (right + 1) * TILE]
                    self._tiles[row + down, col + right] = encoded(part, self.subsampling)

    def tiles(self) -> Iterator[bytes]:
        """The encoded tiles, row by row."""
        for row in range(self.rows):
            for col in range(self.cols):
                yield self._tiles.get((row, col), self._glass)


class PyramidWriter:
    """Collects painted chunks and writes levels 1, 2, 4, … down to one tile or so.

    Parameters
    ----------
    width, height
        Level-0 pixels.
    chunk
        Side of the squares that come in, a power of two times TILE.
    glass
        RGB of the empty slide.
    """

    def __init__(self, width: int, height: int, chunk: int, glass: tuple[int, int, int]) -> None:
        """Start with empty glass."""
        self._chunk, self._paint = chunk, glass
        count = max(1, math.ceil(math.log2(max(width, height) / TILE)))
        self._levels = [
            Level(max(1, width >> i), max(1, height >> i), FINE if i == 0 else COARSE, glass) for i in range(count + 1)
        ]
        self._across, self._down = math.ceil(width / chunk), math.ceil(height / chunk)
        self._first = int(math.log2(chunk // TILE))
        # Levels too coarse for a chunk to fill a tile are cut from one small picture of the whole.
        self._whole = np.empty((self._down * TILE, self._across * TILE, 3), np.uint8)
        self._whole[:] = glass

    def put(self, row: int, col: int, pixels: Pixels) -> None:
        """Take the chunk (row, col); may be called from many threads for different chunks."""
        for index in range(self._first):
            scale = self._chunk // TILE >> index
            self._levels[index].put(row * scale, col * scale, pixels)
            pixels = halved(pixels)
        self._whole[row * TILE : (row + 1) * TILE, col * TILE : (col + 1) * TILE] = pixels

    def _finish(self, pool: Executor) -> None:
        """Encode the levels that are cut from the whole."""
        whole = self._whole
        for level in self._levels[self._first :]:
            whole = self._padded(whole)

            def strip(row: int, level: Level = level, whole: Pixels = whole) -> None:
                level.put(row, 0, whole[row * TILE : (row + 1) * TILE])

            list(pool.map(strip, range(min(level.rows, whole.shape[0] // TILE))))
            whole = halved(whole)

    def _padded(self, pixels: Pixels) -> Pixels:
        """The picture with glass added until its sides are whole tiles."""
        down, right = -pixels.shape[0] % TILE, -pixels.shape[1] % TILE
        if not down and not right:
            return pixels
        padded = np.empty((pixels.shape[0] + down, pixels.shape[1] + right, 3), np.uint8)
        padded[:] = self._paint
        padded[: pixels.shape[0], : pixels.shape[1]] = pixels
        return padded

    def write(self, path: Path, mpp: float, description: str, pool: Executor, check: Callable[[], None]) -> None:
        """Write the file; `check` is called before each level and may raise to stop."""
        self._finish(pool)
        with tifffile.TiffWriter(path) as out:
            for index, level in enumerate(self._levels):
                check()
                per_cm = 1e4 / (mpp * 2**index)
                out.write(
                    level.tiles(), shape=(level.height, level.width, 3), dtype=np.uint8, tile=(TILE, TILE),
                    compression="jpeg", photometric="ycbcr", subsampling=level.subsampling, metadata=None,
                    subfiletype=1 if index else 0, description=description if index == 0 else None, software="wsiview",
                    resolution=(per_cm, per_cm), resolutionunit="CENTIMETER",
                )  # fmt: skip
