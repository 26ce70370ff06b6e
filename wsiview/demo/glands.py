"""Glands: where each one lies, its outline, and how deep every place is inside one."""

from __future__ import annotations

import math
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from wsiview.demo.layout import MARGIN, Frame
from wsiview.demo.noise import Field, smooth_noise

LOBES = np.arange(2, 10)


@dataclass(frozen=True, slots=True)
class Gland:
    """One gland: centre and mean radius in µm, its waviness, its wall's thickness."""

    x: float
    y: float
    radius: float
    heights: tuple[float, ...]
    phases: tuple[float, ...]
    stretch: float
    angle: float
    wall: float
    tumour: bool
    secretion: float


@dataclass(frozen=True, slots=True)
class GlandFields:
    """What the plan knows of glands, all (rows, cols): depth and wall in µm, tumour and secretion as shares."""

    depth: Field
    wall: Field
    tumour: Field
    secretion: Field


def _gland(x: float, y: float, radius: float, tumour: bool, rng: np.random.Generator) -> Gland:
    """A gland with a random outline; benign ones are lobed and stretched, those of tumour nearly round."""
    falling = np.array([0.16, 0.12, 0.10, 0.10, 0.07, 0.06, 0.05, 0.04])
    heights = rng.normal(0, 1, LOBES.size) * falling * (0.6 if tumour else 1.0)
    return Gland(
        x, y, radius, tuple(heights), tuple(rng.uniform(0, 2 * math.pi, LOBES.size)),
        float(rng.uniform(1.0, 1.5 if tumour else 1.6)), float(rng.uniform(0, math.pi)),
        float(rng.normal(15.5, 1.0) if tumour else rng.normal(27.0, 3.5)), tumour,
        float(rng.uniform(0, 1) ** 2),
    )  # fmt: skip


def _scatter(
    radii: NDArray[np.float64], gap: float, allowed: NDArray[np.float32], taken: list[Gland], tumour: bool,
    frame: Frame, rng: np.random.Generator,
) -> list[Gland]:  # fmt: skip
    """Throw glands, largest first, where `allowed` (µm of room, per plan pixel) exceeds what their radius asks."""
    glands = list(taken)
    known = np.array([(g.x, g.y, g.radius) for g in glands]).reshape(-1, 3)
    places = np.argwhere(allowed > 0)
    if not places.size:
        return []
    tried = places[rng.integers(len(places), size=len(radii))]
    centres = (tried + rng.uniform(0, 1, tried.shape) - MARGIN) * frame.pixel_um
    roomy = allowed[tried[:, 0], tried[:, 1]] >= radii * (0.85 if tumour else 1.0)
    for radius, (y, x) in zip(radii[roomy].tolist(), centres[roomy].tolist(), strict=True):
        if known.size and np.any(np.hypot(known[:, 0] - x, known[:, 1] - y) < known[:, 2] + radius + gap):
            continue
        glands.append(_gland(x, y, radius, tumour, rng))
        known = np.concatenate([known, [[x, y, radius]]])
    return glands[len(taken) :]


def scatter_glands(frame: Frame, tissue: Field, zone: Field, rng: np.random.Generator) -> list[Gland]:
    """All glands of a slide: crowded small ones in the tumour zones, large ones elsewhere."""
    area = float((tissue > 0).mean()) * frame.rows * frame.cols * frame.pixel_um**2 / 1e6
    sizes = np.sort(rng.uniform(0, 1, int(1800 * area)) ** 1.5)[::-1]
    benign = _scatter(27 + 118 * sizes, 13, np.minimum(tissue + 8, -zone - 10), [], False, frame, rng)
    sizes = np.sort(rng.uniform(0, 1, int(9000 * area)))[::-1]
    stray = zone + np.float32(35) * smooth_noise(frame.shape, frame.wavelength(160), rng)
    malignant = _scatter(13 + 25 * sizes**1.5, 1.5, np.minimum(tissue, stray), benign, True, frame, rng)
    return benign + malignant


def _outline_height(gland: Gland, x: Field, y: Field) -> Field:
    """Radius of the outline minus distance from the centre, µm: positive inside."""
    cos, sin = math.cos(gland.angle), math.sin(gland.angle)
    u = ((x - gland.x) * cos + (y - gland.y) * sin) / gland.stretch**0.5
    v = ((y - gland.y) * cos - (x - gland.x) * sin) * gland.stretch**0.5
    angle = np.arctan2(v, u)
    outline = np.ones_like(angle)
    for order, height, phase in zip(LOBES, gland.heights, gland.phases, strict=True):
        outline += np.float32(height) * np.cos(np.float32(order) * angle + np.float32(phase))
    return np.asarray(gland.radius * np.maximum(outline, np.float32(0.3)) - np.hypot(u, v), np.float32)


def rasterise(frame: Frame, glands: list[Gland], rng: np.random.Generator, pool: Executor) -> GlandFields:
    """Depth inside the nearest gland and that gland's properties, for each plan pixel."""
    y, x = frame.axes()
    drift = [smooth_noise(frame.shape, frame.wavelength(90), rng) for _ in range(2)]
    height = np.full(frame.shape, -60, np.float32)
    owner = np.zeros(frame.shape, np.int32)
    for number, gland in enumerate(glands):
        bend = np.float32(1.5 if gland.tumour else 9)
        reach = (gland.radius * 1.75 + 45) / frame.pixel_um
        row, col = gland.y / frame.pixel_um + MARGIN, gland.x / frame.pixel_um + MARGIN
        window = (
            slice(max(0, int(row - reach)), int(row + reach)),
            slice(max(0, int(col - reach)), int(col + reach)),
        )
        if 0 in height[window].shape:
            continue
        own = _outline_height(
            gland, x[:, window[1]] + bend * drift[0][window], y[window[0]] + bend * drift[1][window]
        )
        better = own > height[window]
        height[window][better] = own[better]
        owner[window][better] = number
    return _fields(frame, height, owner, glands, pool)


def _fields(frame: Frame, height: Field, owner: NDArray[np.int32], glands: list[Gland], pool: Executor) -> GlandFields:
    """True depths from the outlines' heights, and the owners' properties spread over the plan."""
    inside = height > 0
    ways = (inside, ~inside)
    within, without = pool.map(ndimage.distance_transform_edt, ways) if inside.any() else (height, 60 * ways[1])
    depth = np.where(inside, within - 0.5, 0.5 - without) * frame.pixel_um
    table = np.array([(g.wall, float(g.tumour), g.secretion) for g in glands] or [(20.0, 0.0, 0.0)], np.float32)
    wall, tumour, secretion = (np.ascontiguousarray(table[owner, i]) for i in range(3))
    return GlandFields(ndimage.gaussian_filter(depth.astype(np.float32), 0.9), wall, tumour, secretion)
