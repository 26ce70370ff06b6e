"""Flow: which way the stroma's fibres run, and the bundles that they form."""

from __future__ import annotations

import math
from concurrent.futures import Executor

import numpy as np
from scipy import ndimage

from wsiview.demo.layout import Frame
from wsiview.demo.noise import Field, smooth_noise


def directions(frame: Frame, gland_depth: Field, rng: np.random.Generator) -> tuple[Field, Field]:
    """Fibre direction as (cos 2a, sin 2a), (rows, cols) each: slow waves, bent around the glands."""
    turn = np.float32(0.9 * math.pi) * smooth_noise(frame.shape, frame.wavelength(900), rng)
    turn += np.float32(0.35) * smooth_noise(frame.shape, frame.wavelength(160), rng)
    gy, gx = np.gradient(ndimage.gaussian_filter(gland_depth, 3))
    steep = gx * gx + gy * gy + np.float32(1e-3)
    near = np.float32(0.95) * np.exp(np.minimum(gland_depth, 0) / np.float32(32))
    # Doubling the angle of the tangent turns (gx, gy) into -(gx + i·gy)².
    cos = (1 - near) * np.cos(2 * turn) - near * (gx * gx - gy * gy) / steep
    sin = (1 - near) * np.sin(2 * turn) - near * (2 * gx * gy) / steep
    cos, sin = ndimage.gaussian_filter(cos, 3.5), ndimage.gaussian_filter(sin, 3.5)
    # Where directions meet and cancel, the pair stays short: fibres fade there.
    length = np.hypot(cos, sin) + np.float32(0.12)
    return np.asarray(cos / length, np.float32), np.asarray(sin / length, np.float32)


def bundles(cos: Field, sin: Field, rng: np.random.Generator, pool: Executor, steps: int = 13) -> Field:
    """Noise smeared along the fibres (rows, cols), zero mean and unit variance: line integral convolution."""
    angle = np.arctan2(sin, cos) / 2
    along = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    seed = ndimage.gaussian_filter(rng.standard_normal(cos.shape, np.float32), 1.5)
    seed += ndimage.gaussian_filter(rng.standard_normal(cos.shape, np.float32), 3.2) * np.float32(1.6)
    ahead, behind = pool.map(lambda way: _walked(seed, *along, way, steps), (1, -1))
    total = seed + ahead + behind
    total -= total.mean()
    return np.asarray(total / total.std(), np.float32)


def _walked(seed: Field, ux: Field, uy: Field, way: int, steps: int) -> Field:
    """Sum of the seed (rows, cols) over the steps of a walk from each pixel along or against the fibres."""
    rows, cols = seed.shape
    y, x = np.mgrid[:rows, :cols].astype(np.float32)
    dx, dy = ux * np.float32(way), uy * np.float32(way)
    total = np.zeros_like(seed)
    for _ in range(steps):
        x += dx * np.float32(1.3)
        y += dy * np.float32(1.3)
        place = np.clip(y + np.float32(0.5), 0, rows - 1).astype(np.int32)
        place *= cols
        place += np.clip(x + np.float32(0.5), 0, cols - 1).astype(np.int32)
        total += seed.take(place)
        nx, ny = ux.take(place), uy.take(place)
        # A direction has no sign: keep going the way one came.
        sign = np.sign(nx * dx + ny * dy + np.float32(1e-12))
        dx, dy = nx * sign, ny * sign
    return total
