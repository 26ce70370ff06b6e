"""Thumbnail: a whole slide shrunk to a few million pixels, with what is damaged marked instead of refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wsiview.geometry import Size
from wsiview.progress import Progress
from wsiview.slide.pyramid import best_level
from wsiview.slide.slide import Pixels, Slide, SlideVanished, TileUnreadable

_SIDE = 1024  # about the source pixels per axis that are read at once


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """A slide at low resolution.

    Attributes
    ----------
    pixels
        (rows, cols, 3) uint8 RGB.
    scanned
        (rows, cols) bool, False outside the slide's bounds and where the file holds no pixels.
    unreadable
        (rows, cols) bool, True where any source pixel is damaged.
    scale
        Level-0 pixels per pixel, (x, y).
    """

    pixels: Pixels
    scanned: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]
    scale: tuple[float, float]


def thumbnail(slide: Slide, downsample: float, progress: Progress) -> Thumbnail:
    """Shrink a slide to about `downsample` level-0 pixels per pixel, reading a bounded square at a time."""
    level = best_level(slide.level_downsamples, (downsample, downsample))
    dx, dy = slide.level_downsamples[level]
    factor = max(1, int(downsample / max(dx, dy) * (1 + 1e-6)))
    size = slide.level_dimensions[level]
    rows, cols = -(-size.height // factor), -(-size.width // factor)
    pixels = np.empty((rows, cols, 3), np.uint8)
    pixels[:] = slide.background
    unreadable = np.zeros((rows, cols), bool)
    inside = _inside_bounds(slide, rows, cols, (dx * factor, dy * factor))
    across = max(1, _SIDE // factor)
    boxes = [(r, c) for r in range(0, rows, across) for c in range(0, cols, across)]
    for done, (row, col) in enumerate(boxes):
        progress.report("finding tissue", done, len(boxes))
        window = slice(row, min(row + across, rows)), slice(col, min(col + across, cols))
        if inside[window].any():
            _read_box(slide, level, factor, window, pixels, unreadable)
    progress.report("finding tissue", len(boxes), len(boxes))
    scanned = inside & (pixels != np.asarray(slide.background, np.uint8)).any(axis=2)
    return Thumbnail(pixels, scanned, unreadable, (dx * factor, dy * factor))


def _inside_bounds(slide: Slide, rows: int, cols: int, scale: tuple[float, float]) -> NDArray[np.bool_]:
    bounds = slide.bounds
    if bounds is None:
        return np.ones((rows, cols), bool)
    xs, ys = (np.arange(cols) + 0.5) * scale[0], (np.arange(rows) + 0.5) * scale[1]
    in_x, in_y = (bounds.x <= xs) & (xs < bounds.right), (bounds.y <= ys) & (ys < bounds.bottom)
    return in_y[:, None] & in_x[None, :]


def _read_box(
    slide: Slide,
    level: int,
    factor: int,
    window: tuple[slice, slice],
    pixels: Pixels,
    unreadable: NDArray[np.bool_],
) -> None:
    """Fill a window of the thumbnail; quarter it where data is damaged, down to about a tile of the file."""
    rows, cols = window
    size = slide.level_dimensions[level]
    x, y = cols.start * factor, rows.start * factor
    width, height = min(cols.stop * factor, size.width) - x, min(rows.stop * factor, size.height) - y
    try:
        source = slide.read(level, x, y, width, height)
    except SlideVanished:
        raise
    except TileUnreadable:
        parts = _quarters(window, factor, slide.level_tiles[level])
        if not parts:
            unreadable[window] = True
        for part in parts:
            _read_box(slide, level, factor, part, pixels, unreadable)
        return
    pixels[window] = source if factor == 1 else np.asarray(Image.fromarray(source).reduce(factor))


def _quarters(window: tuple[slice, slice], factor: int, tile: Size) -> list[tuple[slice, slice]]:
    """The window cut at its middle, on each axis that still spans more than half a tile of the file."""
    rows, cols = (_halves(part, factor, side) for part, side in zip(window, (tile.height, tile.width), strict=True))
    parts = [(row, col) for row in rows for col in cols]
    return parts if len(parts) > 1 else []


def _halves(part: slice, factor: int, tile: int) -> list[slice]:
    length = part.stop - part.start
    if length < 2 or length * factor <= tile // 2:
        return [part]
    middle = part.start + length // 2
    return [slice(part.start, middle), slice(middle, part.stop)]
