"""Contours of an influence map: white on a dark casing, dashed where negative, and no fill.

Each pixel knows, from the interpolated value and its slope, how far the nearest contour is; so lines are smooth and
join across tiles without ever being traced.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wsiview.scene.block import COMPUTED
from wsiview.scene.grids import MapGrids
from wsiview.scene.plane import Appearance, Rgba
from wsiview.scene.visible_tiles import Window

SHARES = (0.25, 0.5, 0.75)
"""Of the map's declared scale."""
_STEP = np.float32(SHARES[0])
_COARSEST_CELL = 8
"""Screen pixels: smaller cells are averaged until a contour can be told from its neighbour."""
_WHITE, _CASING, _CASING_SHADE = 1.5, 3.5, 16

Grid = NDArray[np.float32]


def contour_rgba(grids: MapGrids, name: str, window: Window, look: Appearance) -> Rgba | None:
    """Contour lines (h, w, 4), premultiplied; None where there is none."""
    scale = grids.saliency_scale(name)
    field = _interpolated(grids, name, window, look, scale) if scale > 0 else None
    if field is None:
        return None
    value, slope, known = field
    share = np.abs(value) * np.float32(1 / scale)
    # The nearest of evenly spaced levels is the nearest of them all, and a value knows only those of its own sign.
    nearest = np.clip(np.rint(share / _STEP), 1, len(SHARES)) * _STEP
    distance = np.abs(share - nearest) * np.float32(scale) / np.maximum(slope, np.float32(1e-12))
    reach = _CASING * look.pixel_ratio / 2 + 0.5
    near = np.flatnonzero((distance < reach) & known)
    if not len(near):
        return None
    return _painted(distance.ravel()[near], near, value.ravel()[near] > 0, window, look)


def _painted(
    distance: Grid, near: NDArray[np.intp], positive: NDArray[np.bool_], window: Window, look: Appearance
) -> Rgba:
    """The picture of pixels `near` a contour (indices into it) that know how far it is; all else is empty."""
    ratio = look.pixel_ratio
    drawn = positive | _dashes(near, window, look)
    line = np.clip(_WHITE * ratio / 2 + 0.5 - distance, 0, 1) * drawn
    casing = np.clip(_CASING * ratio / 2 + 0.5 - distance, 0, 1) * 0.7
    out = np.zeros((window.height * window.width, 4), np.uint8)
    out[near, :3] = np.rint(line * 255 + casing * (1 - line) * _CASING_SHADE)[:, None]
    out[near, 3] = np.rint(255 * (line + casing * (1 - line)))
    return out.reshape(window.height, window.width, 4)


def _dashes(at: NDArray[np.intp], window: Window, look: Appearance) -> NDArray[np.bool_]:
    """Where a dashed line is drawn: on the dark squares of a chessboard."""
    side = look.pixels(6)
    y, x = np.divmod(at, window.width)
    dark: NDArray[np.bool_] = ((y + window.y) // side + (x + window.x) // side) % 2 == 0
    return dark


def _interpolated(
    grids: MapGrids, name: str, window: Window, look: Appearance, scale: float
) -> tuple[Grid, Grid, NDArray[np.bool_]] | None:
    """Value, slope per device pixel, and whether all four neighbours are computed; each (h, w).

    None where no contour comes near.
    """
    to, step = grids.cell_to_level0, window.downsample
    times = max(1, math.ceil(look.pixels(_COARSEST_CELL) * step / min(to.a, to.d)))
    u = ((np.arange(window.x, window.x + window.width) + 0.5) * step - to.tx) / (to.a * times) - 0.5
    v = ((np.arange(window.y, window.y + window.height) + 0.5) * step - to.ty) / (to.d * times) - 0.5
    first_col, first_row = math.floor(u[0]), math.floor(v[0])
    n_cols, n_rows = math.floor(u[-1]) - first_col + 2, math.floor(v[-1]) - first_row + 2
    cells, known = _averaged(grids, name, (first_row, first_col), (n_rows, n_cols), times)
    if not _comes_near(np.abs(cells), scale):
        return None
    j, i = np.floor(u).astype(int) - first_col, np.floor(v).astype(int) - first_row
    s = (u - np.floor(u)).astype(np.float32)[None, :]
    t = (v - np.floor(v)).astype(np.float32)[:, None]
    # Across first, on the few rows of cells.
    left, right = cells[:, j], cells[:, j + 1]
    along, rise = left * (1 - s) + right * s, (right - left) * np.float32(step / (to.a * times))
    both = known[:, j] & known[:, j + 1]
    top, bottom = along[i], along[i + 1]
    value = top * (1 - t) + bottom * t
    across = rise[i] * (1 - t) + rise[i + 1] * t
    down = (bottom - top) * np.float32(step / (to.d * times))
    return value, np.sqrt(across * across + down * down), both[i] & both[i + 1]


def _comes_near(magnitude: Grid, scale: float) -> bool:
    """Whether a contour may lie among cells or, as steep as it gets there, as far beyond them as it is wide."""
    if magnitude.size == 0:
        return False
    steepest = max(float(np.abs(np.diff(magnitude, axis=axis)).max(initial=0)) for axis in (0, 1))
    low, high = float(magnitude.min()) - steepest, float(magnitude.max()) + steepest
    return any(low <= share * scale <= high for share in SHARES)


def _averaged(
    grids: MapGrids, name: str, first: tuple[int, int], count: tuple[int, int], times: int
) -> tuple[Grid, NDArray[np.bool_]]:
    """Means over `times` × `times` computed cells, on one lattice for all windows; and where there is any."""
    rows = np.arange(first[0] * times, (first[0] + count[0]) * times)
    cols = np.arange(first[1] * times, (first[1] + count[1]) * times)
    values = grids.sample(f"saliency:{name}", rows, cols).astype(np.float32)
    computed = grids.sample("state", rows, cols) == COMPUTED
    shape = (count[0], times, count[1], times)
    number = computed.reshape(shape).sum(axis=(1, 3))
    total = np.where(computed, values, 0).reshape(shape).sum(axis=(1, 3))
    return (total / np.maximum(number, 1)).astype(np.float32), number > 0
