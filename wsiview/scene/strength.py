"""Strength: how much of a class a cell holds, linear on the one declared scale, or stacked as in the paper."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.scene.block import COMPUTED
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import ClassLook, LayerStack
from wsiview.scene.palette import INFLUENCE_GREEN
from wsiview.scene.plane import Appearance, Codes, Rgba, stripes
from wsiview.scene.sampling import Sampling
from wsiview.scene.visible_tiles import Window

STEPS = 127
GAP_BIT = 128
FULL_ALPHA = 0.85
"""Opacity of strength 1: a little tissue always shows through."""
_GAP_SHARE = 0.35
_SLOTS = 32
"""More than there can be layers: 16 classes and the influence."""
_LEVELS = 2047
"""Steps of opacity, as many as leave room for the slots in 16 bits."""


def strength_codes(grids: MapGrids, index: int, hatched: bool, window: Window, look: Appearance) -> Codes | None:
    """Strength of one class (h, w) in 127 steps, with a bit for the gaps of a hatch; None where there is none of it."""
    sampling = Sampling.of(grids, window)
    cells = grids.sample(f"strength:{index}", sampling.rows, sampling.cols).astype(np.float32)
    if not cells.any():
        return None
    steps = np.ceil(np.clip(cells, 0, 1) * STEPS).astype(np.uint8)
    codes: Codes = sampling.spread(steps)
    if hatched:
        gap = stripes(window, look.pixels(8), look.pixels(4), rising=False)
        codes = np.where(gap, codes | GAP_BIT, codes).astype(np.uint8)
    return codes


def strength_alpha(strength: NDArray[np.float32], look: ClassLook, cube_root: bool = False) -> NDArray[np.float32]:
    """Opacity 0–1 of strengths: linear and nothing under the threshold, or the paper's cube root."""
    clipped = np.clip(strength, 0, 1)
    if not look.visible:
        return np.zeros_like(clipped)
    if cube_root:
        return (FULL_ALPHA * np.cbrt(clipped)).astype(np.float32)
    # Half a step of tolerance: a strength that reads as the threshold is shown.
    return np.where(clipped >= look.threshold - 0.5 / STEPS, FULL_ALPHA * clipped, 0).astype(np.float32)


def strength_table(look: ClassLook) -> NDArray[np.uint8]:
    """Colours (256, 4), straight RGBA, of the codes of one class."""
    steps = np.linspace(0, 1, STEPS + 1, dtype=np.float32)
    alpha = np.rint(255 * strength_alpha(steps, look))
    alpha[0] = 0
    table = np.zeros((256, 4), np.uint8)
    table[:, :3] = look.color
    table[: STEPS + 1, 3] = alpha
    table[GAP_BIT:, 3] = np.rint(alpha * _GAP_SHARE)
    return table


def mixed_strengths(grids: MapGrids, stack: LayerStack, window: Window, look: Appearance) -> Rgba | None:
    """Several strengths (h, w, 4), premultiplied, the strongest of each cell on top.

    Laid in a fixed order, a class on top hides a stronger one below; ordered cell by cell under one scale, what is most
    opaque is what is strongest.
    """
    sampling = Sampling.of(grids, window)
    strengths = grids.sample("strength", sampling.rows, sampling.cols).astype(np.float32)
    paper = stack.look == "paper"
    shown = [k for k in stack.strengths_shown if k < grids.n_classes]
    alphas = [strength_alpha(strengths[k], stack.classes[k], paper) for k in shown]
    colors = [stack.classes[k].color for k in shown]
    hatched = [stack.classes[k].hatched for k in shown]
    if paper and stack.saliency is not None:
        alphas.append(_green(grids, stack.saliency, sampling))
        colors.append(INFLUENCE_GREEN)
        hatched.append(False)
    if not any(alpha.any() for alpha in alphas):
        return None
    solid = sampling.spread(_mixed(np.stack(alphas), colors))
    if not any(hatched):
        return solid
    thinned = [alpha * (_GAP_SHARE if thin else 1) for alpha, thin in zip(alphas, hatched, strict=True)]
    gaps = sampling.spread(_mixed(np.stack(thinned), colors))
    gap = stripes(window, look.pixels(8), look.pixels(4), rising=False)
    return np.where(gap[..., None], gaps, solid)


def _green(grids: MapGrids, name: str, sampling: Sampling) -> NDArray[np.float32]:
    """Opacity of an influence map's positive part."""
    scale = grids.saliency_scale(name)
    values = grids.sample(f"saliency:{name}", sampling.rows, sampling.cols).astype(np.float32)
    values[grids.sample("state", sampling.rows, sampling.cols) != COMPUTED] = 0
    share = np.clip(values / scale, 0, 1) if scale > 0 else np.zeros_like(values)
    return (FULL_ALPHA * np.cbrt(share)).astype(np.float32)


def _mixed(alphas: NDArray[np.float32], colors: list[tuple[int, int, int]]) -> Rgba:
    """Lay (n, h, w) opacities over each other, weakest first; the result is premultiplied."""
    # Opacity and colour in one number, so that sorting the numbers sorts the layers.
    packed = [np.rint(_LEVELS * a).astype(np.uint16) * _SLOTS + n for n, a in enumerate(alphas)]
    for last in range(len(packed) - 1, 0, -1):
        for n in range(last):
            packed[n], packed[n + 1] = np.minimum(packed[n], packed[n + 1]), np.maximum(packed[n], packed[n + 1])
    opacity = np.arange(_LEVELS + 1, dtype=np.float32)[:, None] / _LEVELS
    above = np.zeros((_LEVELS + 1, _SLOTS, 4), np.float32)
    above[:, : len(colors), :3] = opacity[..., None] * np.array(colors, np.float32)
    above[..., 3] = opacity * 255
    below = np.repeat(1 - opacity, _SLOTS, axis=0)
    out = np.zeros((*alphas.shape[1:], 4), np.float32)
    for rank in packed:
        out *= np.take(below, rank, axis=0)
        out += np.take(above.reshape(-1, 4), rank, axis=0)
    mixed: Rgba = np.rint(out).astype(np.uint8)
    return mixed
