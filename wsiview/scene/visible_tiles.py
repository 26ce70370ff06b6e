"""Visible tiles: the squares of screen pixels that a view is painted from.

Pixels of one scale lie on a lattice whose origin is the slide's level-0 (0, 0) and whose step is the downsample. Tiles
are squares of that lattice, so neighbours share their edges exactly and a pan by whole pixels changes none of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wsiview.geometry import Region, Size
from wsiview.scene.viewport import Viewport

TILE = 384
"""Side of a tile in device pixels."""


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of lattice pixels: x, y, width, height counted in device pixels of `downsample`."""

    downsample: float
    x: int
    y: int
    width: int
    height: int

    @property
    def region(self) -> Region:
        """The same in level-0 pixels."""
        step = self.downsample
        return Region(self.x * step, self.y * step, self.width * step, self.height * step)

    def grown(self, margin: int) -> Window:
        """With so many more pixels on each side."""
        return Window(
            self.downsample, self.x - margin, self.y - margin, self.width + 2 * margin, self.height + 2 * margin
        )


@dataclass(frozen=True, slots=True)
class TileKey:
    """One tile of one scale."""

    downsample: float
    col: int
    row: int

    @property
    def window(self) -> Window:
        """Its lattice pixels."""
        return Window(self.downsample, self.col * TILE, self.row * TILE, TILE, TILE)


def view_window(viewport: Viewport) -> Window:
    """The lattice pixels that a view needs; for an upright view exactly its own, snapped to the nearest pixel."""
    step = viewport.downsample
    if viewport.upright:
        x = math.floor(viewport.center.x / step - viewport.size.width / 2 + 0.5)
        y = math.floor(viewport.center.y / step - viewport.size.height / 2 + 0.5)
        return Window(step, x, y, viewport.size.width, viewport.size.height)
    region = viewport.region
    x, y = math.floor(region.x / step), math.floor(region.y / step)
    return Window(step, x, y, math.ceil(region.right / step) - x, math.ceil(region.bottom / step) - y)


def slide_window(dimensions: Size, downsample: float) -> Window:
    """The lattice pixels that a slide covers; its far edges at the nearest pixel, and never nothing."""
    width = max(1, math.floor(dimensions.width / downsample + 0.5))
    height = max(1, math.floor(dimensions.height / downsample + 0.5))
    return Window(downsample, 0, 0, width, height)


def tiles_in(window: Window, dimensions: Size) -> tuple[TileKey, ...]:
    """Tiles that share pixels with both the window and the slide, row by row."""
    slide = slide_window(dimensions, window.downsample)
    left, top = max(window.x, 0), max(window.y, 0)
    right, bottom = min(window.x + window.width, slide.width), min(window.y + window.height, slide.height)
    if left >= right or top >= bottom:
        return ()
    rows = range(top // TILE, (bottom - 1) // TILE + 1)
    cols = range(left // TILE, (right - 1) // TILE + 1)
    return tuple(TileKey(window.downsample, col, row) for row in rows for col in cols)


def visible_tiles(viewport: Viewport, dimensions: Size) -> tuple[TileKey, ...]:
    """Tiles that a view of a slide of these level-0 dimensions is painted from."""
    return tiles_in(view_window(viewport), dimensions)
