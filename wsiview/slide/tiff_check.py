"""TIFF check: compares tiles decoded directly with what OpenSlide shows of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wsiview.slide.jpeg_tile import UndecodableTile
from wsiview.slide.openslide_reader import OpenSlideReader
from wsiview.slide.slide import SlideVanished, TileUnreadable
from wsiview.slide.sparse_tiles import painted_tiles
from wsiview.slide.tiff_layout import TiffLevel
from wsiview.slide.tiff_tiles import TiffTiles

Place = tuple[int, int]
"""Column and row of a tile."""


def difference(tiles: TiffTiles, openslide: OpenSlideReader, judged: int) -> str | None:
    """How the finest `judged` levels differ from OpenSlide's in their sample tiles; None if they don't.

    Of each level tile (0, 0) and the one with the most bytes are compared, of level 0 also some between, and a
    missing one where there is any. A level counts as equal only if some tile of it could be compared.

    Raises
    ------
    FileVanished, SlideVanished
        If the file goes meanwhile.
    """
    painted = painted_tiles(tiles.levels, openslide.vendor)
    for level, lent in zip(range(judged), painted, strict=False):
        compared = 0
        for col, row in dict.fromkeys(_samples(tiles.levels[level], level)):
            if lent is not None and lent[row, col]:
                continue
            equal = _equal(tiles, openslide, level, col, row)
            if equal is False:
                return f"tile ({col}, {row}) of level {level} looks otherwise there"
            compared += equal is True
        if not compared:
            return f"no tile of level {level} could be compared"
    return None


def _samples(layout: TiffLevel, level: int) -> Iterator[Place]:
    counts = layout.counts.min(axis=2)
    there = np.argwhere(counts > 0)
    if len(there) == 0:
        yield 0, 0
        return
    picked = (0, 1 / 3, 2 / 3, 1) if level == 0 else (0,)
    rows = [there[round(share * (len(there) - 1))] for share in picked]
    rows.append(np.unravel_index(int(counts.argmax()), counts.shape))
    if len(there) < counts.size:
        rows.append(np.unravel_index(int(counts.argmin()), counts.shape))
    for row, col in rows:
        yield int(col), int(row)


def _equal(tiles: TiffTiles, openslide: OpenSlideReader, level: int, col: int, row: int) -> bool | None:
    """Whether a tile is the same both ways; None if it can't be compared."""
    layout = tiles.levels[level]
    x, y = col * layout.tile.width, row * layout.tile.height
    if not openslide.gives_stored(level, x, y):
        return None
    width, height = min(layout.tile.width, layout.size.width - x), min(layout.tile.height, layout.size.height - y)
    try:
        ours = tiles.tile(level, col, row)
        theirs = openslide.read(level, x, y, width, height)
    except SlideVanished:
        raise
    except (UndecodableTile, TileUnreadable):
        return None
    if ours is None:
        return bool((theirs == openslide.background).all())
    return np.array_equal(ours[:height, :width], theirs)
