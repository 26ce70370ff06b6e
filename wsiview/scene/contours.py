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
_COARSEST_CELL = 8
"""Screen pixels: smaller cells are averaged until a contour can be told from its neighbour."""
_WHITE, _CASING, _CASING_SHADE = 1.5, 3.5, 16

Grid = NDArray[np.float32]


def contour_rgba(grids: MapGrids, name: str, window: Window, look: Appearance) -> Rgba | None:
    """Contour lines (h, w, 4), premultiplied; None where there is none."""
    scale = grids.saliency_scale(name)
    field = _interpolated(grids, name, window, look) if scale > 0 else None
    if field is None:
        return None
    value, slope, known = field
    distance = np.full(value.shape, np.inf, np.float32)
    for share in SHARES:
        for level in (share * scale, -share * scale):
            distance = np.minimum(distance, np.abs(value - level) / np.maximum(slope, 1e-12))
    ratio = look.pixel_ratio
    line = np.clip(_WHITE * ratio / 2 + 0.5 - distance, 0, 1) * known * _dashes(value, window, look)
    casing = np.clip(_CASING * ratio / 2 + 0.5 - distance, 0, 1) * known * 0.7
    if not casing.any():
        return None
    alpha = line + casing * (1 - line)
    shade = line * 255 + casing * (1 - line) * _CASING_SHADE
    out = np.empty((*value.shape, 4), np.uint8)
    out[..., :3] = np.rint(shade)[..., None]
    out[..., 3] = np.rint(alpha * 255)
    return out


def _dashes(value: Grid, window: Window, look: Appearance) -> Grid:
    """1 where the line is drawn: everywhere where positive, on the dark squares of a chessboard where negative."""
    side = look.pixels(6)
    x = np.arange(window.x, window.x + window.width) // side
    y = np.arange(window.y, window.y + window.height) // side
    drawn = (value > 0) | ((y[:, None] + x[None, :]) % 2 == 0)
    return np.asarray(drawn, np.float32)


def _interpolated(grids: MapGrids, name: str, window: Window, look: Appearance) -> tuple[Grid, Grid, Grid] | None:
    """Value, slope per device pixel, and 1 where all four neighbours are computed; each (h, w)."""
    to, step = grids.cell_to_level0, window.downsample
    times = max(1, math.ceil(look.pixels(_COARSEST_CELL) * step / min(to.a, to.d)))
    u = ((np.arange(window.x, window.x + window.width) + 0.5) * step - to.tx) / (to.a * times) - 0.5
    v = ((np.arange(window.y, window.y + window.height) + 0.5) * step - to.ty) / (to.d * times) - 0.5
    first_col, first_row = math.floor(u[0]), math.floor(v[0])
    n_cols, n_rows = math.floor(u[-1]) - first_col + 2, math.floor(v[-1]) - first_row + 2
    cells, known = _averaged(grids, name, (first_row, first_col), (n_rows, n_cols), times)
    if not known.any():
        return None
    j, i = np.floor(u).astype(int) - first_col, np.floor(v).astype(int) - first_row
    s = (u - np.floor(u)).astype(np.float32)[None, :]
    t = (v - np.floor(v)).astype(np.float32)[:, None]
    a, b = cells[i][:, j], cells[i][:, j + 1]
    c, d = cells[i + 1][:, j], cells[i + 1][:, j + 1]
    value = (a * (1 - s) + b * s) * (1 - t) + (c * (1 - s) + d * s) * t
    across = ((b - a) * (1 - t) + (d - c) * t) * (step / (to.a * times))
    down = ((c - a) * (1 - s) + (d - b) * s) * (step / (to.d * times))
    whole = known[i][:, j] & known[i][:, j + 1] & known[i + 1][:, j] & known[i + 1][:, j + 1]
    return value, np.asarray(np.hypot(across, down), np.float32), whole.astype(np.float32)


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
