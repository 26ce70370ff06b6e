"""Difference: one class against an influence map, cell by cell, each on its declared scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.scene.block import COMPUTED
from wsiview.scene.grids import MapGrids
from wsiview.scene.palette import CLASS_STRONGER, INFLUENCE_STRONGER
from wsiview.scene.plane import Appearance, Codes, specks
from wsiview.scene.sampling import Sampling
from wsiview.scene.strength import FULL_ALPHA, SPECK_ALPHA
from wsiview.scene.visible_tiles import Window

STEPS = 63
SPECK = 2 * STEPS + 1
"""Added to the code of a pixel that shows a difference too small for a colour."""
THRESHOLD = 0.1
"""Smaller differences are specks, not colours."""


def difference(
    strength: NDArray[np.floating[Any]], influence: NDArray[np.floating[Any]], scale: float
) -> NDArray[np.float32]:
    """Strength of a class less the positive part of an influence map over its scale, both cut at 1: -1 to 1."""
    up = np.clip(influence / scale, 0, 1) if scale > 0 else np.zeros(influence.shape)
    return np.asarray(np.clip(strength, 0, 1) - up, np.float32)


def difference_codes(grids: MapGrids, index: int, name: str, window: Window, look: Appearance) -> Codes | None:
    """Difference of a class and an influence map (h, w): 63 steps either way, 0 for none; None where there is none.

    A step is 1 to 63 where the class is stronger, 64 to 126 where the influence is.
    """
    sampling = Sampling.of(grids, window)
    strength = grids.sample(f"strength:{index}", sampling.rows, sampling.cols).astype(np.float32)
    influence = grids.sample(f"saliency:{name}", sampling.rows, sampling.cols).astype(np.float32)
    computed = grids.sample("state", sampling.rows, sampling.cols) == COMPUTED
    cells = np.where(computed, difference(strength, influence, grids.saliency_scale(name)), 0)
    if not cells.any():
        return None
    steps = np.ceil(np.abs(cells) * STEPS).astype(np.uint8)
    steps[cells < 0] += STEPS
    codes: Codes = sampling.spread(steps)
    return np.where(specks(window, look) & (codes > 0), codes + SPECK, codes).astype(np.uint8)


def difference_alpha(size: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Opacity 0–1 of differences by their size: linear, nothing under the threshold."""
    # Half a step of tolerance, as for strengths.
    return np.where(size >= THRESHOLD - 0.5 / STEPS, FULL_ALPHA * size, 0).astype(np.float32)


def difference_table() -> NDArray[np.uint8]:
    """Colours (256, 4), straight RGBA, of the codes."""
    size = np.arange(1, STEPS + 1) / STEPS
    alpha = np.rint(255 * difference_alpha(size)).astype(np.uint8)
    table = np.zeros((256, 4), np.uint8)
    for first, color in ((1, CLASS_STRONGER), (1 + STEPS, INFLUENCE_STRONGER)):
        for offset, faint in ((0, 0), (SPECK, round(255 * SPECK_ALPHA))):
            rows = slice(first + offset, first + offset + STEPS)
            table[rows, :3] = color
            table[rows, 3] = np.where(alpha > 0, alpha, faint)
    return table
