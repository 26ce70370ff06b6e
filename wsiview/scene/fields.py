"""Fields: the places where a class is strongest and strong, best first, none overlapping another."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from wsiview.geometry import Region
from wsiview.scene.grids import MapGrids

WORTH = 0.1
"""Fields with less than this share of the best one's score are not worth a visit."""
MOST = 999
_FINENESS = 8
"""Places tried along a field's side."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its level-0 rectangle, and its score from 0 to 1."""

    region: Region
    score: float


def class_fields(grids: MapGrids, index: int, size: tuple[float, float], threshold: float) -> tuple[Field, ...]:
    """The fields of a class, best first.

    A field's score is the mean over its area of the class's strength (cut at 1), counted where the class is the
    strongest and at least as strong as the threshold, and 0 elsewhere: half a field full of it scores half.

    Parameters
    ----------
    size
        Width and height of a field, level-0 pixels.
    """
    to = grids.cell_to_level0
    shape = max(1, round(size[1] / to.d)), max(1, round(size[0] / to.a))
    step = max(1, shape[0] // _FINENESS), max(1, shape[1] // _FINENESS)
    scores = _scores(grids, index, threshold, shape, step)
    # Neighbouring fields may touch: middles a side apart, in steps.
    apart = math.ceil(shape[0] / step[0]), math.ceil(shape[1] / step[1])
    fields = []
    for row, col in _peaks(scores, apart):
        x, y = to.tx + (col * step[1] + 0.5) * to.a, to.ty + (row * step[0] + 0.5) * to.d
        fields.append(Field(Region(x - size[0] / 2, y - size[1] / 2, *size), float(scores[row, col])))
    return tuple(fields)


def _scores(
    grids: MapGrids, index: int, threshold: float, shape: tuple[int, int], step: tuple[int, int]
) -> NDArray[np.float32]:
    """The score of a field around every step-th cell."""
    out = np.zeros(grids.shape, np.float32)
    side = grids.block
    for row, col in grids.blocks:
        block = grids.block_at(row, col)
        if block is not None:
            strength = np.minimum(block.strength[index].astype(np.float32), 1)
            counts = (block.strongest == index + 1) & (strength >= threshold)
            height, width = counts.shape
            out[row * side : row * side + height, col * side : col * side + width] = np.where(counts, strength, 0)
    mean = ndimage.uniform_filter(out, size=shape, mode="constant")
    return np.asarray(mean[:: step[0], :: step[1]], np.float32)


def _peaks(scores: NDArray[np.float32], apart: tuple[int, int]) -> list[tuple[int, int]]:
    """Places by falling score, none nearer to a better one than `apart` (down, across)."""
    # The sums behind the means leave rounding errors where there is nothing.
    least = max(WORTH * float(scores.max(initial=0)), 1e-5)
    left = scores.copy()
    peaks: list[tuple[int, int]] = []
    while len(peaks) < MOST and left.max(initial=0) >= least:
        # All that are best in their surroundings at once; equals are told apart one by one.
        best = np.argwhere((left == ndimage.maximum_filter(left, size=3, mode="constant")) & (left >= least))
        order = np.argsort(-left[best[:, 0], best[:, 1]], kind="stable")
        for row, col in best[order].tolist():
            if left[row, col] > 0:
                peaks.append((row, col))
                left[max(0, row - apart[0] + 1) : row + apart[0], max(0, col - apart[1] + 1) : col + apart[1]] = 0
    peaks.sort(key=lambda place: -scores[place])
    return peaks[:MOST]
