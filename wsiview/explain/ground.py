"""Ground: what the slide shows beneath the cells of a map: tissue, glass or pen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.class_tally import GLASS, INK, TISSUE
from wsiview.geometry import Affine
from wsiview.tiling.tissue import TissueMask

HALF = 0.5
"""Of a cell that must be stained for it to count as tissue, or inked to count as pen."""


def ground_of(mask: TissueMask, cell_to_level0: Affine, rows: slice, cols: slice) -> NDArray[np.uint8]:
    """TISSUE, GLASS or INK (rows, cols) of a rectangle of cells."""
    row, col = np.mgrid[rows, cols]
    to = cell_to_level0
    left, top = to.tx + col * to.a, to.ty + row * to.d
    place = left, top, left + to.a, top + to.d
    ground = np.where(mask.share(*place) >= HALF, TISSUE, GLASS).astype(np.uint8)
    if mask.ink is not None and mask.ink.any():
        inked = TissueMask(mask.ink, mask.unreadable, mask.scale).share(*place) >= HALF
        ground[inked & (ground == GLASS)] = INK
    return ground
