"""Sparse tiles: which tiles a file lacks, so that they are painted from a finer level."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wsiview.slide.tiff_layout import TiffLevel


def painted_tiles(levels: Sequence[TiffLevel], vendor: str) -> tuple[NDArray[np.bool_] | None, ...]:
    """For each level the tiles, bool (rows, columns), that OpenSlide paints from the level before; None for none.

    In Aperio's files those are the missing ones, and below a missing tile also the tile that was made from it: the
    scanner's encoder is known to write rubbish there. The finest level has nothing to be painted from.
    """
    if vendor != "aperio":
        return (None,) * len(levels)
    lacking = [(level.counts == 0).any(axis=2) for level in levels]
    for finer, coarser in itertools.pairwise(lacking):
        per_row, per_column = (math.floor(a / b + 0.5) for a, b in zip(finer.shape, coarser.shape, strict=True))
        rows, columns = np.nonzero(finer)
        rows, columns = rows // per_row, columns // per_column
        inside = (rows < coarser.shape[0]) & (columns < coarser.shape[1])
        coarser[rows[inside], columns[inside]] = True
    return (None, *(level if level.any() else None for level in lacking[1:]))
