"""Window pixels: a rectangle of a virtual level that may be damaged in places, with where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.slide.slide import SlideVanished, TileUnreadable
from wsiview.slide.virtual_level import VirtualLevel

_GRAIN = 32  # pixels, below which a piece that holds damage counts as damaged throughout


@dataclass(frozen=True, eq=False)
class WindowPixels:
    """Pixels (height, width, 3) uint8, and which of them are damaged (height, width); None for none."""

    pixels: NDArray[np.uint8]
    damaged: NDArray[np.bool_] | None


def read_window(level: VirtualLevel, x: int, y: int, width: int, height: int) -> WindowPixels:
    """Read a rectangle in virtual pixels; damage is found to a few pixels, and is white there.

    Raises
    ------
    SlideVanished
        If the slide itself has gone.
    """
    try:
        return WindowPixels(level.read(x, y, width, height), None)
    except SlideVanished:
        raise  # a slide that has gone must not become a map of holes
    except TileUnreadable:
        pixels = np.full((height, width, 3), 255, np.uint8)
        damaged = np.zeros((height, width), bool)
        _fill(level, x, y, pixels, damaged)
        return WindowPixels(pixels, damaged)


def _fill(level: VirtualLevel, x: int, y: int, pixels: NDArray[np.uint8], damaged: NDArray[np.bool_]) -> None:
    """Read a rectangle whole, or else its halves, down to the grain."""
    height, width = damaged.shape
    try:
        pixels[...] = level.read(x, y, width, height)
    except SlideVanished:
        raise
    except TileUnreadable:
        if max(width, height) <= _GRAIN:
            damaged[...] = True
        elif width >= height:
            half = width // 2
            _fill(level, x, y, pixels[:, :half], damaged[:, :half])
            _fill(level, x + half, y, pixels[:, half:], damaged[:, half:])
        else:
            half = height // 2
            _fill(level, x, y, pixels[:half], damaged[:half])
            _fill(level, x, y + half, pixels[half:], damaged[half:])
