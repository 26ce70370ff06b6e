"""Strength: how much of a class a cell holds, linear on the one declared scale, or stacked as in the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.scene.block import COMPUTED
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import ClassLook, LayerStack
from wsiview.scene.palette import INFLUENCE_GREEN, Color
from wsiview.scene.plane import Appearance, Codes, Rgba, specks, stripes
from wsiview.scene.sampling import Sampling
from wsiview.scene.visible_tiles import Window

STEPS = 84
GAP, SPECK = STEPS + 1, 2 * (STEPS + 1)
"""Added to a step where a hatch has its gap, and where a strength too weak for a colour leaves a speck."""
FULL_ALPHA = 0.85
"""Opacity of strength 1: a little tissue always shows through."""
SPECK_ALPHA = 0.9
_GAP_SHARE = 0.35
_SLOTS = 32
"""More than there can be layers: 16 classes and the influence."""
_LEVELS = 2047
"""Steps of opacity, as many as leave room for the slots in 16 bits."""


def strength_codes(grids: MapGrids, index: int, hatched: bool, window: Window, look: Appearance) -> Codes | None:
    """Strength of one class (h, w) in 84 steps, gaps and specks told apart; None where there is none of it."""
    sampling = Sampling.of(grids, window)
    cells = grids.sample(f"strength:{index}", sampling.rows, sampling.cols).astype(np.float32)
    if not cells.any():
        return None
    steps = np.ceil(np.clip(cells, 0, 1) * STEPS).astype(np.uint8)
    codes: Codes = sampling.spread(steps)
    some, speck = codes > 0, specks(window, look)
    if hatched:
        gap = stripes(window, look.pixels(8), look.pixels(4), rising=False)
        codes = np.where(gap & some, codes + GAP, codes)
        speck &= ~gap
    return np.where(speck & some, codes + SPECK, codes).astype(np.uint8)


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
    faint = np.where(alpha > 0, alpha, round(255 * SPECK_ALPHA) if look.visible else 0)
    table = np.zeros((256, 4), np.uint8)
    table[:, :3] = look.color
    for first, opacity in ((0, alpha), (GAP, np.rint(alpha * _GAP_SHARE)), (SPECK, faint)):
        table[first + 1 : first + STEPS + 1, 3] = opacity[1:]
    return table


def mixed_strengths(grids: MapGrids, stack: LayerStack, window: Window, look: Appearance) -> Rgba | None:
    """Several strengths (h, w, 4), premultiplied, the strongest of each cell on top.

    Laid in a fixed order, a class on top hides a stronger one below; ordered cell by cell under one scale, what is most
    opaque is what is strongest, even where two are beyond full strength or the same to three figures.
    """
    sampling = Sampling.of(grids, window)
    strengths = np.asarray(grids.sample("strength", sampling.rows, sampling.cols), np.float16)
    winner = grids.sample("strongest", sampling.rows, sampling.cols)
    paper = stack.look == "paper"
    shown = [k for k in stack.strengths_shown if k < grids.n_classes]
    layers = [
        _Layer(
            strength_alpha(strengths[k].astype(np.float32), stack.classes[k], paper), stack.classes[k].color,
            _order(strengths[k], winner == k + 1), stack.classes[k].hatched,
        )
        for k in shown
    ]  # fmt: skip
    if paper and stack.saliency is not None:
        layers.append(_green(grids, stack.saliency, sampling))
    weak = None if paper else _weak(stack, shown, strengths, layers)
    if not any(layer.alpha.any() for layer in layers) and weak is None:
        return None
    mixed: Rgba = sampling.spread(_mixed(layers, 1.0))
    if any(layer.hatched for layer in layers):
        gap = stripes(window, look.pixels(8), look.pixels(4), rising=False)
        mixed = np.where(gap[..., None], sampling.spread(_mixed(layers, _GAP_SHARE)), mixed)
    if weak is not None:
        faint = sampling.spread(weak)
        np.copyto(mixed, faint, where=(specks(window, look) & (faint[..., 3] > 0))[..., None])
    return mixed


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """One of several fills: opacity (h, w), colour, and what puts it above others (h, w)."""

    alpha: NDArray[np.float32]
    color: Color
    order: NDArray[np.uint32]
    hatched: bool = False


def _order(strength: NDArray[np.floating[Any]], wins: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Numbers that sort like strengths (float16, not negative), the strongest class before its equals."""
    bits = np.ascontiguousarray(strength, np.float16).view(np.uint16).astype(np.uint32)
    return bits * 2 + wins


def _weak(stack: LayerStack, shown: list[int], strengths: NDArray[np.float16], layers: list[_Layer]) -> Rgba | None:
    """Colours (h, w, 4), premultiplied, of cells where a class is there and none is strong enough; None without any."""
    seen = [k for k in shown if stack.classes[k].visible]
    if not seen:
        return None
    most = strengths[seen].argmax(axis=0)
    some = (strengths[seen] > 0).any(axis=0) & ~np.any([layer.alpha > 0 for layer in layers], axis=0)
    colors = np.array([(*stack.classes[k].color, 255) for k in seen], np.float32) * SPECK_ALPHA
    return np.where(some[..., None], np.rint(colors)[most], 0).astype(np.uint8) if some.any() else None


def _green(grids: MapGrids, name: str, sampling: Sampling) -> _Layer:
    """The positive part of an influence map as a fill."""
    scale = grids.saliency_scale(name)
    values = grids.sample(f"saliency:{name}", sampling.rows, sampling.cols).astype(np.float32)
    values[grids.sample("state", sampling.rows, sampling.cols) != COMPUTED] = 0
    share = np.clip(values / scale, 0, 1) if scale > 0 else np.zeros_like(values)
    alpha = (FULL_ALPHA * np.cbrt(share)).astype(np.float32)
    return _Layer(alpha, INFLUENCE_GREEN, _order(share, np.zeros(share.shape, bool)))


def _mixed(layers: list[_Layer], gap_share: float) -> Rgba:
    """Lay fills over each other, weakest first; the result (h, w, 4) is premultiplied. Hatched ones are thinned."""
    # Order, layer and opacity in one number, so that sorting the numbers sorts the layers; the first of equals is last.
    packed = []
    for n, layer in enumerate(layers):
        level = np.rint(_LEVELS * layer.alpha * (gap_share if layer.hatched else 1)).astype(np.uint32)
        packed.append((layer.order * _SLOTS + (_SLOTS - 1 - n)) * (_LEVELS + 1) + level)
    for last in range(len(packed) - 1, 0, -1):
        for n in range(last):
            packed[n], packed[n + 1] = np.minimum(packed[n], packed[n + 1]), np.maximum(packed[n], packed[n + 1])
    opacity = np.arange(_LEVELS + 1, dtype=np.float32) / _LEVELS
    above = np.zeros((_SLOTS, _LEVELS + 1, 4), np.float32)
    for n, layer in enumerate(layers):
        above[_SLOTS - 1 - n, :, :3] = opacity[:, None] * np.array(layer.color, np.float32)
    above[..., 3] = opacity * 255
    below = np.tile(1 - opacity, _SLOTS)[:, None]
    out = np.zeros((*layers[0].alpha.shape, 4), np.float32)
    for rank in packed:
        slot = rank & (_SLOTS * (_LEVELS + 1) - 1)
        out *= np.take(below, slot, axis=0)
        out += np.take(above.reshape(-1, 4), slot, axis=0)
    mixed: Rgba = np.rint(out).astype(np.uint8)
    return mixed
