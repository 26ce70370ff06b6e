"""Patch pixels: whole patches of a virtual level, and which of them can be read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.slide.slide import SlideVanished, TileUnreadable
from wsiview.slide.virtual_level import VirtualLevel


def read_patches(
    level: VirtualLevel, corners: NDArray[np.int64], side: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Pixels (n, side, side, 3) of the patches at `corners` (n, 2) as x, y, and whether each was readable, (n,).

    Those that can't be read are black.

    Raises
    ------
    SlideVanished
        If the slide itself has gone: one bad tile is a patch lost, a lost slide must not become a map of holes.
    """
    pixels = np.zeros((len(corners), side, side, 3), np.uint8)
    readable = np.ones(len(corners), bool)
    for index, (x, y) in enumerate(corners):
        try:
            pixels[index] = level.read(int(x), int(y), side, side)
        except SlideVanished:
            raise
        except TileUnreadable:
            readable[index] = False
    return pixels, readable
