"""Level building: makes the levels that a slide lacks, square by square, so that few pixels are in memory at once.

A tile is made as soon as those below it are there, in the order of a Z: at any time there is one square of the source
(`CHUNK`² pixels) and one unfinished tile per level, however large the slide is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Protocol

import numpy as np
from PIL import Image

from wsiview.geometry import Region, Size
from wsiview.progress import Progress
from wsiview.slide.level_file import TILE
from wsiview.slide.missing_levels import STEP, MissingLevel
from wsiview.slide.salvage import Salvage
from wsiview.slide.slide import Pixels, Slide
from wsiview.slide.wrapped_slide import Unreadable

CHUNK = STEP * TILE
MISSING = (112, 116, 122)
"""Grey of what could not be read: no tissue and no glass looks like it, even where a place is too small to hatch."""
PENDING = (206, 209, 214)
"""Paler grey of what has not been read yet."""


class Tiles(Protocol):
    """Takes tiles (height, width, 3) by index into the missing levels, row and column."""

    def begin(self, level: int, row: int, col: int, pixels: Pixels) -> None:
        """A tile is being filled in, in this very array."""
        ...

    def put(self, level: int, row: int, col: int, pixels: Pixels) -> None:
        """A tile is finished."""
        ...


def build_levels(
    slide: Slide, missing: Sequence[MissingLevel], tiles: Tiles, progress: Progress, stage: str
) -> tuple[Unreadable, ...]:
    """Make all tiles of all missing levels.

    Parameters
    ----------
    missing
        As `missing_levels` says.
    tiles
        Takes each tile once.
    stage
        What this is called in the reports; its counts are squares of the source.

    Returns
    -------
    What could not be read; it is grey in the levels made.

    Raises
    ------
    Cancelled
        When nobody wants the levels any more.
    SlideError
        If the slide can't be read at all any more.
    """
    total = sum(_squares(slide, source) for source in {level.source for level in missing})
    salvage, done = Salvage(slide), 0

    def count() -> None:
        nonlocal done
        done += 1
        progress.report(stage, done, total)

    for source, group in groupby(enumerate(missing), key=lambda entry: entry[1].source):
        _Chain(slide, salvage, source, list(group), tiles, count).make()
    return tuple(_unreadable(slide, *place) for place in salvage.bad)


class _Chain:
    """The levels made from one of the file's own, each from the one before it."""

    def __init__(
        self, slide: Slide, salvage: Salvage, source: int, levels: list[tuple[int, MissingLevel]], tiles: Tiles,
        count: Callable[[], None],
    ) -> None:  # fmt: skip
        self._slide, self._salvage, self._source, self._count = slide, salvage, source, count
        self._levels, self._tiles = levels, tiles
        self._scanned = _scanned(slide, source)

    def make(self) -> None:
        top = len(self._levels) - 1
        size = self._levels[top][1].size
        for row in range(math.ceil(size.height / TILE)):
            for col in range(math.ceil(size.width / TILE)):
                self._tile(top, row, col)

    def _tile(self, depth: int, row: int, col: int) -> Pixels:
        index, level = self._levels[depth]
        if depth == 0:
            pixels = reduced(self._chunk(row, col))
        else:
            width, height = min(TILE, level.size.width - col * TILE), min(TILE, level.size.height - row * TILE)
            pixels, finer = filled(height, width, PENDING), self._levels[depth - 1][1].size
            self._tiles.begin(index, row, col, pixels)
            part = TILE // STEP
            for down in range(row * STEP, min((row + 1) * STEP, math.ceil(finer.height / TILE))):
                for right in range(col * STEP, min((col + 1) * STEP, math.ceil(finer.width / TILE))):
                    small = reduced(self._tile(depth - 1, down, right))
                    y, x = (down - row * STEP) * part, (right - col * STEP) * part
                    pixels[y : y + small.shape[0], x : x + small.shape[1]] = small
        self._tiles.put(index, row, col, pixels)
        return pixels

    def _chunk(self, row: int, col: int) -> Pixels:
        """A square of the source; what was not scanned isn't read."""
        size, x, y = self._slide.level_dimensions[self._source], col * CHUNK, row * CHUNK
        width, height = min(CHUNK, size.width - x), min(CHUNK, size.height - y)
        if not self._scanned.intersects(Region(x, y, width, height)):
            self._count()
            return filled(height, width, self._slide.background)
        pixels, damaged, _ = self._salvage.read(self._source, x, y, width, height)
        if damaged.any():
            pixels[damaged] = MISSING
        self._count()
        return pixels


def filled(height: int, width: int, color: tuple[int, int, int]) -> Pixels:
    """Pixels (height, width, 3) of one colour."""
    return np.full((height, width, 3), color, np.uint8)


def reduced(pixels: Pixels) -> Pixels:
    """Exact means of `STEP` × `STEP` pixels, of fewer at odd far edges, rounded once."""
    return np.asarray(Image.fromarray(pixels).reduce(STEP))


def _squares(slide: Slide, source: int) -> int:
    size = slide.level_dimensions[source]
    return math.ceil(size.width / CHUNK) * math.ceil(size.height / CHUNK)


def _scanned(slide: Slide, level: int) -> Region:
    """What of a level holds something, in its own pixels, with a margin against rounding."""
    size, (across, down), part = slide.level_dimensions[level], slide.level_downsamples[level], slide.bounds
    if part is None:
        return Region(0, 0, size.width, size.height)
    return Region(part.x / across - 2, part.y / down - 2, part.width / across + 4, part.height / down + 4)


def _unreadable(slide: Slide, level: int, row: int, col: int) -> Unreadable:
    tile, size = slide.level_tiles[level], slide.level_dimensions[level]
    x, y = col * tile.width, row * tile.height
    inside = Size(min(tile.width, size.width - x), min(tile.height, size.height - y))
    return Unreadable(level, x, y, inside.width, inside.height)
