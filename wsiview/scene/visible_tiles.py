"""Visible tiles: the squares of screen pixels that a view is painted from.

Pixels of one scale lie on a lattice whose origin is the slide's level-0 (0, 0) and whose step is the downsample. Tiles
are squares of that lattice, so neighbours share their edges exactly and a pan by whole pixels changes none of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from wsiview.geometry import Region, Size
from wsiview.scene.turn import Turn
from wsiview.scene.viewport import Viewport

TILE = 256
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

    def shared(self, other: Window) -> Window | None:
        """What both hold, of the same downsample; None where they share no pixel."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Window(self.downsample, x, y, right - x, bottom - y) if x < right and y < bottom else None


class TileKey(NamedTuple):
    """One tile of one scale; a tuple, since views make and look up many of them."""

    downsample: float
    col: int
    row: int

    @property
    def window(self) -> Window:
        """Its lattice pixels."""
        return Window(self.downsample, self.col * TILE, self.row * TILE, TILE, TILE)


def view_window(viewport: Viewport) -> Window:
    """The lattice pixels that a view needs; at quarter turns exactly its own, snapped to the nearest pixel."""
    step, turn = viewport.downsample, Turn.of(viewport)
    if turn is not None:
        device = device_window(viewport, turn)
        return Window(step, *turn.back((device.x, device.y, device.width, device.height)))
    region = viewport.region
    x, y = math.floor(region.x / step), math.floor(region.y / step)
    return Window(step, x, y, math.ceil(region.right / step) - x, math.ceil(region.bottom / step) - y)


def device_window(viewport: Viewport, turn: Turn) -> Window:
    """The same pixels counted along the screen: on the lattice turned as the view is, snapped to the nearest pixel."""
    step, size = viewport.downsample, viewport.size
    u, v = turn.point(viewport.center.x / step, viewport.center.y / step)
    x, y = math.floor(u - size.width / 2 + 0.5), math.floor(v - size.height / 2 + 0.5)
    return Window(step, x, y, size.width, size.height)


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
