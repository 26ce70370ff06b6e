"""Strongest class: fill, outline and hatch of the class that wins each cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.palette import MAX_CLASSES
from wsiview.scene.plane import Appearance, Codes, stripes
from wsiview.scene.sampling import Sampling
from wsiview.scene.visible_tiles import Window

FILL, GAP, UNDECIDED, OUTLINE, HALF, CASING, SPARSE = (1 + MAX_CLASSES * n for n in range(7))
"""First code of each kind of pixel; the class index is added."""

FILL_ALPHA = {"far": 0.45, "middle": 0.30, "near": 0.0}
_OUTLINE_ALPHA, _CASING_ALPHA, _SPARSE_ALPHA, _GAP_SHARE = 0.95, 0.55, 0.6, 0.25
MARGIN = 12
"""Pixels around a window that outlines look at: the widest outline, at four times the usual size."""


def strongest_codes(
    grids: MapGrids, stack: LayerStack, window: Window, look: Appearance, outline_only: bool = False
) -> Codes | None:
    """Paint a window (h, w) in codes; None where no class wins any of its cells.

    With `outline_only` neither fill nor hatch is drawn, so that a strength below stays what it is.
    """
    wide = window.grown(MARGIN)
    sampling = Sampling.of(grids, wide)
    first = grids.sample("strongest", sampling.rows, sampling.cols)
    if not first.any():
        return None
    label = sampling.spread(first)
    codes = np.zeros(label.shape, np.uint8)
    if not outline_only:
        _fill(codes, label, stack, wide, look)
        _hatch_undecided(codes, label, grids, sampling, wide, look)
    if look.band != "far" or outline_only:
        _outline(codes, label, look)
    return np.ascontiguousarray(codes[MARGIN:-MARGIN, MARGIN:-MARGIN])


def _fill(codes: Codes, label: Codes, stack: LayerStack, window: Window, look: Appearance) -> None:
    solid = np.zeros(256, np.uint8)
    gaps = np.zeros(256, np.uint8)
    for index, each in enumerate(stack.classes):
        solid[index + 1] = FILL + index
        gaps[index + 1] = (GAP if each.hatched else FILL) + index
    codes[...] = solid[label]
    if any(each.hatched for each in stack.classes):
        gap = stripes(window, look.pixels(8), look.pixels(4), rising=False)
        np.copyto(codes, gaps[label], where=gap)


def _hatch_undecided(
    codes: Codes, label: Codes, grids: MapGrids, sampling: Sampling, window: Window, look: Appearance
) -> None:
    undecided = grids.sample("undecided", sampling.rows, sampling.cols)
    if not undecided.any():
        return
    here = sampling.spread(undecided).astype(bool)
    second = sampling.spread(grids.sample("second", sampling.rows, sampling.cols))
    if look.band == "near":
        # Thin lines far apart, first one class and then the other: the tissue between them stays readable.
        period = look.pixels(12)
        other = stripes(window, 2 * period, period, rising=True)
        here &= stripes(window, period, look.pixels(1.5), rising=True)
        first_code = SPARSE
    else:
        other = stripes(window, look.pixels(8), look.pixels(4), rising=True)
        first_code = UNDECIDED
    winner = np.where(other & (second > 0), second, label)
    np.copyto(codes, (winner + (first_code - 1)).astype(np.uint8), where=here)


def _outline(codes: Codes, label: Codes, look: Appearance) -> None:
    """Lines inside each region: 1.5 screen pixels of its colour, then a thin dark casing towards its tissue."""
    ratio = look.pixel_ratio
    width = 1.5 * ratio if look.band == "near" else ratio
    full, half = int(width + 0.01), width - int(width + 0.01) >= 0.25
    casing = look.pixels(1) if look.band == "near" else 0
    total = min(full + half + casing, MARGIN)
    away = _distance(label, total)
    for distance in range(1, total + 1):
        kind = OUTLINE if distance <= full else HALF if distance <= full + half else CASING
        np.copyto(codes, (label + (kind - 1)).astype(np.uint8), where=(away == distance) & (label > 0))


def _distance(label: Codes, most: int) -> NDArray[np.uint8]:
    """Steps to the nearest pixel of another class, 0 where more than `most`."""
    away = np.zeros(label.shape, np.uint8)
    for distance in range(most, 0, -1):
        lead, lag = slice(distance, None), slice(None, -distance)
        across, down = label[:, lead] != label[:, lag], label[lead] != label[lag]
        away[:, lag][across] = distance
        away[:, lead][across] = distance
        away[lag][down] = distance
        away[lead][down] = distance
    corner = label[1:, 1:] != label[:-1, :-1]
    other = label[1:, :-1] != label[:-1, 1:]
    for view, unlike in (
        (away[1:, 1:], corner),
        (away[:-1, :-1], corner),
        (away[1:, :-1], other),
        (away[:-1, 1:], other),
    ):
        view[unlike] = 1
    return away


def strongest_table(stack: LayerStack, look: Appearance) -> NDArray[np.uint8]:
    """Colours (256, 4), straight RGBA, of the codes."""
    table = np.zeros((256, 4), np.uint8)
    fill = FILL_ALPHA[look.band]
    alphas = {
        FILL: fill,
        GAP: fill * _GAP_SHARE,
        UNDECIDED: fill,
        OUTLINE: _OUTLINE_ALPHA,
        HALF: _OUTLINE_ALPHA / 2,
        CASING: _CASING_ALPHA,
        SPARSE: _SPARSE_ALPHA,
    }
    for index, each in enumerate(stack.classes):
        for first, alpha in alphas.items():
            color = (0, 0, 0) if first == CASING else each.color
            table[first + index] = (*color, round(255 * alpha) if each.visible else 0)
    return table
