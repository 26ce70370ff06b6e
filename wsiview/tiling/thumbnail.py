"""Thumbnail: a whole slide shrunk to a few million pixels, with what is damaged marked instead of refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wsiview.progress import Progress
from wsiview.slide.pyramid import best_level
from wsiview.slide.salvage import Salvage
from wsiview.slide.slide import Pixels, Slide

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
    factor = max(1, round(downsample / max(dx, dy)))
    size = slide.level_dimensions[level]
    rows, cols = -(-size.height // factor), -(-size.width // factor)
    pixels = np.empty((rows, cols, 3), np.uint8)
    pixels[:] = slide.background
    unreadable = np.zeros((rows, cols), bool)
    inside = _inside_bounds(slide, rows, cols, (dx * factor, dy * factor))
    salvage = Salvage(slide)
    across = max(1, _SIDE // factor)
    boxes = [(r, c) for r in range(0, rows, across) for c in range(0, cols, across)]
    for done, (row, col) in enumerate(boxes):
        progress.report("finding tissue", done, len(boxes))
        window = slice(row, min(row + across, rows)), slice(col, min(col + across, cols))
        if inside[window].any():
            x, y = col * factor, row * factor
            width, height = min(across * factor, size.width - x), min(across * factor, size.height - y)
            pixels[window], unreadable[window] = _read_box(salvage, level, factor, (x, y, width, height))
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
    salvage: Salvage,
    level: int,
    factor: int,
    box: tuple[int, int, int, int],
) -> tuple[Pixels, NDArray[np.bool_]]:
    """A box (x, y, width, height) of a level, shrunk, and which of its pixels have damaged ones under them."""
    pixels, damaged, error = salvage.read(level, *box)
    if factor > 1:
        pixels = np.asarray(Image.fromarray(pixels).reduce(factor))
    if error is None:
        return pixels, np.zeros(pixels.shape[:2], bool)
    for axis in (0, 1):
        damaged = np.logical_or.reduceat(damaged, np.arange(0, damaged.shape[axis], factor), axis=axis)
    return pixels, damaged
