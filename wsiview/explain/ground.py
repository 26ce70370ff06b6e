"""Ground: what the slide shows beneath the cells of a map: tissue, glass or pen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.class_tally import GLASS, INK, TISSUE
from wsiview.geometry import Affine
from wsiview.tiling.tissue import TissueMask


def ground_of(mask: TissueMask, cell_to_level0: Affine, rows: slice, cols: slice) -> NDArray[np.uint8]:
    """TISSUE, GLASS or INK (rows, cols) at the centres of a rectangle of cells; glass off the slide."""
    to, height, width = cell_to_level0, *mask.mask.shape
    down = np.floor((to.ty + (np.arange(rows.start, rows.stop) + 0.5) * to.d) / mask.scale[1]).astype(np.intp)
    across = np.floor((to.tx + (np.arange(cols.start, cols.stop) + 0.5) * to.a) / mask.scale[0]).astype(np.intp)
    there = ((down >= 0) & (down < height))[:, None] & ((across >= 0) & (across < width))[None, :]
    at = np.ix_(np.clip(down, 0, height - 1), np.clip(across, 0, width - 1))
    ground = np.where(mask.mask[at] & there, TISSUE, GLASS).astype(np.uint8)
    if mask.ink is not None:
        ground[mask.ink[at] & there & (ground == GLASS)] = INK
    return ground
