"""Pyramid: the geometry of a slide's levels, without its pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from wsiview.geometry import Region, Size
from wsiview.slide.slide import Slide


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Sizes, downsamples (x, y) and tiles of all levels, finest first."""

    dimensions: Size
    level_dimensions: tuple[Size, ...]
    level_downsamples: tuple[tuple[float, float], ...]
    level_tiles: tuple[Size, ...]
    bounds: Region | None = None
    mpp: tuple[float, float] | None = None
    background: tuple[int, int, int] = (255, 255, 255)

    @classmethod
    def of(cls, slide: Slide) -> Pyramid:
        """The pyramid of one slide."""
        return cls(
            slide.dimensions,
            slide.level_dimensions,
            slide.level_downsamples,
            slide.level_tiles,
            slide.bounds,
            slide.mpp,
            slide.background,
        )

    def best_level(self, downsample: float) -> int:
        """The coarsest level that is at least as fine as `downsample` level-0 pixels per pixel; else level 0."""
        return best_level(self.level_downsamples, (downsample, downsample))


def best_level(level_downsamples: Sequence[tuple[float, float]], downsample: tuple[float, float]) -> int:
    """The coarsest level at least as fine as `downsample` on both axes; else level 0."""
    wanted_x, wanted_y = (d * (1 + 1e-6) for d in downsample)
    fine = [level for level, (dx, dy) in enumerate(level_downsamples) if dx <= wanted_x and dy <= wanted_y]
    return max(fine, key=lambda level: level_downsamples[level][0] * level_downsamples[level][1], default=0)


def level_downsamples(level_dimensions: Sequence[Size]) -> tuple[tuple[float, float], ...]:
    """Level-0 pixels per pixel of each level, (x, y).

    A level's side is mostly floor or ceil of side₀/k, so the plain ratio drifts by up to one pixel towards the far
    edge; where such an integer k exists, it is the true downsample.
    """
    base = level_dimensions[0]
    return tuple(_downsample(base, size) for size in level_dimensions)


def _downsample(base: Size, size: Size) -> tuple[float, float]:
    ratio_x, ratio_y = base.width / size.width, base.height / size.height
    if ratio_x == ratio_y and ratio_x.is_integer():
        return ratio_x, ratio_y
    ks_x, ks_y = _integers(base.width, size.width), _integers(base.height, size.height)
    # Both axes were shrunk together in nearly every file, which tells the candidates of a tiny level apart.
    common = range(max(ks_x.start, ks_y.start), min(ks_x.stop, ks_y.stop))
    if common:
        k = float(_likeliest(common, math.sqrt(ratio_x * ratio_y)))
        return k, k
    x = float(_likeliest(ks_x, ratio_x)) if ks_x else ratio_x
    y = float(_likeliest(ks_y, ratio_y)) if ks_y else ratio_y
    return x, y


def _integers(side0: int, side: int) -> range:
    """All k with side = floor(side0 / k) or side = ceil(side0 / k)."""
    first = side0 // (side + 1) + 1
    last = (side0 - 1) // (side - 1) if side > 1 else max(first, 2 * side0)
    return range(first, max(first, last + 1)) if last >= first else range(0)


def _likeliest(candidates: range, ratio: float) -> int:
    powers = [k for k in (1 << n for n in range(32)) if k in candidates]
    return min(powers or candidates, key=lambda k: abs(math.log(k / ratio)))
