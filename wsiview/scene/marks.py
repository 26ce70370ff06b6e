"""Marks: cells that no class can be shown for, each kind looking different."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.scene.block import NOT_COMPUTED, OUTSIDE_TISSUE, UNREADABLE
from wsiview.scene.grids import MapGrids
from wsiview.scene.plane import Appearance, Codes, stripes
from wsiview.scene.sampling import Sampling
from wsiview.scene.visible_tiles import Window

DOT, CROSS, PLATE, VEIL = 1, 2, 3, 4
VEIL_COLOR = (90, 98, 112, 34)
"""Straight RGBA of what lies outside the tissue: a little greyer, so that bare tissue means: none of it."""


def mark_codes(grids: MapGrids, window: Window, look: Appearance) -> Codes | None:
    """Faint dots where nothing was computed yet, a cross hatch where it could not be, a grey veil outside tissue."""
    sampling = Sampling.of(grids, window)
    cells = grids.sample("state", sampling.rows, sampling.cols)
    rows, cols = grids.shape
    inside = ((sampling.rows >= 0) & (sampling.rows < rows))[:, None] & ((sampling.cols >= 0) & (sampling.cols < cols))[
        None, :
    ]
    waiting, unreadable = (cells == NOT_COMPUTED) & inside, cells == UNREADABLE
    outside = cells == OUTSIDE_TISSUE
    if not waiting.any() and not unreadable.any() and not outside.any():
        return None
    codes: Codes = sampling.spread(np.where(outside, np.uint8(VEIL), np.uint8(0)))
    if waiting.any():
        np.copyto(codes, np.uint8(DOT), where=sampling.spread(waiting) & _dots(window, look))
    if unreadable.any():
        where = sampling.spread(unreadable)
        period, thickness = look.pixels(8), look.pixels(1.5)
        lines = stripes(window, period, thickness, rising=True) | stripes(window, period, thickness, rising=False)
        np.copyto(codes, np.where(lines, CROSS, PLATE).astype(np.uint8), where=where)
    return codes


def _dots(window: Window, look: Appearance) -> NDArray[np.bool_]:
    period, side = look.pixels(12), look.pixels(1.5)
    x = np.arange(window.x, window.x + window.width) % period < side
    y = np.arange(window.y, window.y + window.height) % period < side
    return y[:, None] & x[None, :]


def mark_table() -> NDArray[np.uint8]:
    """Colours (256, 4), straight RGBA, of the codes."""
    table = np.zeros((256, 4), np.uint8)
    table[DOT] = (70, 78, 90, 150)
    table[CROSS] = (20, 20, 20, 230)
    table[PLATE] = (235, 235, 235, 150)
    table[VEIL] = VEIL_COLOR
    return table
