"""Tissue: which parts of a slide are worth showing to the network."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wsiview.progress import Progress
from wsiview.slide.calibration import believable_mpp
from wsiview.slide.slide import Slide
from wsiview.tiling.stain import find_tissue
from wsiview.tiling.thumbnail import thumbnail

MOST_SIDE = 3072
"""Pixels on the longer side of the largest mask."""

_MICRONS = 8.0
_LEAST_SIDE = 512
_SIDE_UNCALIBRATED = 2000


@dataclass(frozen=True, eq=False)
class TissueMask:
    """Tissue on a coarse grid over the whole slide.

    Attributes
    ----------
    mask
        (rows, cols) bool, True for tissue; unreadable parts are True, since nothing excludes tissue there.
    unreadable
        (rows, cols) bool, True where the slide's data is damaged.
    scale
        Level-0 pixels per mask pixel, (x, y); the mask starts at level-0 (0, 0).
    ink
        (rows, cols) bool, True for pen marks, None where nobody looked for them.
    """

    mask: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]
    scale: tuple[float, float]
    ink: NDArray[np.bool_] | None = None

    @cached_property
    def _integral(self) -> NDArray[np.int64]:
        total = np.zeros((self.mask.shape[0] + 1, self.mask.shape[1] + 1), np.int64)
        total[1:, 1:] = self.mask.cumsum(0, dtype=np.int64).cumsum(1)
        return total

    def share(
        self,
        x0: NDArray[np.float64],
        y0: NDArray[np.float64],
        x1: NDArray[np.float64],
        y1: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Share of tissue in rectangles given by level-0 corners, all of one shape; off the mask is no tissue."""
        sx, sy = self.scale
        x0, y0, x1, y1 = (np.asarray(v, np.float64) for v in (x0, y0, x1, y1))
        area = (x1 - x0) / sx * ((y1 - y0) / sy)
        left, right, top, bottom = x0 / sx, x1 / sx, y0 / sy, y1 / sy
        above, lower = self._below(top, right) - self._below(top, left), self._below(bottom, right)
        tissue = lower - self._below(bottom, left) - above
        return np.divide(tissue, area, out=np.zeros_like(area), where=area > 0)

    def _below(self, row: NDArray[np.float64], col: NDArray[np.float64]) -> NDArray[np.float64]:
        """Tissue above and to the left of fractional mask positions: the integral image, read between its entries."""
        rows, cols = self.mask.shape
        row, col = np.clip(row, 0, rows), np.clip(col, 0, cols)
        r, c = np.minimum(row.astype(np.intp), rows - 1), np.minimum(col.astype(np.intp), cols - 1)
        fr, fc = row - r, col - c
        total = self._integral
        upper = total[r, c] * (1 - fc) + total[r, c + 1] * fc
        lower = total[r + 1, c] * (1 - fc) + total[r + 1, c + 1] * fc
        result: NDArray[np.float64] = upper * (1 - fr) + lower * fr
        return result

    def digest(self) -> str:
        """Hex SHA-256 over the mask and its scale."""
        digest = hashlib.sha256(repr((self.mask.shape, self.scale)).encode())
        digest.update(np.packbits(self.mask).tobytes())
        digest.update(np.packbits(self.unreadable).tobytes())
        return digest.hexdigest()


def tissue_mask(
    slide: Slide,
    mpp: tuple[float, float] | None = None,
    progress: Progress | None = None,
    most_side: int = MOST_SIDE,
) -> TissueMask:
    """Find a slide's tissue at about 8 µm per pixel.

    Parameters
    ----------
    mpp
        Micrometres per level-0 pixel (x, y) in place of what the slide says.
    progress
        Hears about it, and can cancel: a huge slide without coarse levels must be read whole.
    most_side
        Pixels that the longer side of the mask may have, about; a map's own mask is made with the default.

    Raises
    ------
    SlideVanished
        If the file is gone. Damaged parts are no error: they are marked unreadable and count as tissue.
    """
    picture = thumbnail(slide, wanted_downsample(slide, mpp, most_side), progress or Progress())
    tissue, ink = (np.zeros(picture.scanned.shape, bool) for _ in range(2))
    valid = picture.scanned & ~picture.unreadable
    part = _box(valid)  # a scan may fill a small part of its canvas
    known = believable_mpp(mpp) or slide.mpp
    spacing = None if known is None else known[0] * picture.scale[0]
    tissue[part], ink[part] = find_tissue(picture.pixels[part], valid[part], spacing)
    return TissueMask(tissue | picture.unreadable, picture.unreadable, picture.scale, ink)


def wanted_downsample(slide: Slide, mpp: tuple[float, float] | None, most_side: int = MOST_SIDE) -> float:
    """Level-0 pixels per mask pixel: 8 µm, but neither a handful of pixels nor a picture that fills the memory."""
    longest = max(slide.dimensions.width, slide.dimensions.height)
    scanned = longest if slide.bounds is None else max(slide.bounds.width, slide.bounds.height)
    known = believable_mpp(mpp) or slide.mpp
    if known is None:
        return float(math.ceil(longest / min(_SIDE_UNCALIBRATED, most_side)))
    wanted = _MICRONS / max(known)
    return max(1.0, longest / most_side, min(wanted, scanned / _LEAST_SIDE))


def _box(valid: NDArray[np.bool_]) -> tuple[slice, slice]:
    """The smallest rectangle that holds all valid pixels."""
    rows, cols = np.flatnonzero(valid.any(axis=1)), np.flatnonzero(valid.any(axis=0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
