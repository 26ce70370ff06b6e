"""Sprites: small pictures of nuclei, as densities of haematoxylin, ready to be stamped."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.demo.noise import Field, grain
from wsiview.demo.nuclei import Kind
from wsiview.demo.stain import FULL

VARIANTS = 10
TURNS = 16
"""Orientations over half a turn."""

HALF = 32
"""Half the side of a sprite in pixels; no nucleus is longer."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one kind looks: half axes in µm and their spread, densities, lumpiness, outline, nucleoli."""

    long: float
    short: float
    spread: float
    density: float
    clumps: float
    rim: float
    uneven: float
    nucleoli: float


LOOKS = {
    Kind.LUMINAL: Look(3.7, 3.0, 0.10, 0.46, 0.09, 0.20, 0.045, 0.12),
    Kind.BASAL: Look(4.4, 1.7, 0.13, 0.72, 0.07, 0.12, 0.06, 0.0),
    Kind.FIBROBLAST: Look(7.2, 1.35, 0.22, 0.62, 0.08, 0.10, 0.08, 0.0),
    Kind.TUMOUR: Look(4.9, 4.1, 0.12, 0.74, 0.16, 0.26, 0.055, 1.1),
    Kind.LYMPHOCYTE: Look(2.9, 2.7, 0.08, 0.92, 0.14, 0.10, 0.05, 0.0),
}


def _draw(look: Look, angle: float, lumps: Field, pixel_um: float, rng: np.random.Generator) -> Field:
    """One nucleus, density (2·HALF, 2·HALF)."""
    grow = np.exp(rng.normal(0, look.spread, 2))
    long, short = look.long * grow[0] / pixel_um, look.short * grow[1] / pixel_um
    long = min(long, HALF - 3.0)
    y, x = np.mgrid[-HALF:HALF, -HALF:HALF].astype(np.float32) + np.float32(0.5)
    u = (x * math.cos(angle) + y * math.sin(angle)) / long
    v = (y * math.cos(angle) - x * math.sin(angle)) / short
    if look.long > 2.5 * look.short:  # spindles are bent and pointed
        v = v * (1 + 0.55 * u * u) + np.float32(rng.normal(0, 0.35)) * (u * u - 0.3)
    turn = np.arctan2(v, u)
    bumps = np.zeros_like(turn)
    for order in (1, 2, 3):
        height = np.clip(rng.normal(0, look.uneven / order**0.5), -0.09, 0.09)
        bumps += np.float32(height) * np.cos(order * turn + np.float32(rng.uniform(0, 6.3)))
    radius = np.hypot(u, v) * (1 + bumps)
    soft = np.float32(min(short, 9.0) / 2.4)
    cover = np.clip((1 - radius) * soft + 0.5, 0, 1)
    top, left = rng.integers(0, lumps.shape[0] - 2 * HALF, 2)
    texture = lumps[top : top + 2 * HALF, left : left + 2 * HALF]
    density = look.density * np.exp(rng.normal(0, 0.13)) + look.clumps * texture
    density = density + look.rim * np.exp(-(((1 - radius) * short / 2.3 - 0.8) ** 2))
    for _ in range(rng.binomial(2, look.nucleoli / 2)):
        spot = rng.normal(0, 0.28, 2)
        size = rng.uniform(2.3, 3.3)
        away = np.hypot((u - spot[0]) * long, (v - spot[1]) * short)
        density = density - 0.16 * np.exp(-((away / size - 1.9) ** 2)) + 0.85 * np.exp(-((away / size) ** 4))
    return np.asarray(cover * np.maximum(density, 0.12), np.float32)


def nucleus_sprites(pixel_um: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Sprites (kinds, VARIANTS, TURNS, 2·HALF, 2·HALF) in density bytes."""
    lumps = grain(512, 9.0, rng)
    shape = (len(LOOKS), VARIANTS, TURNS, 2 * HALF, 2 * HALF)
    sprites = np.zeros(shape, np.uint8)
    for kind, look in LOOKS.items():
        for variant in range(VARIANTS):
            for turn in range(TURNS):
                picture = _draw(look, math.pi * turn / TURNS, lumps, pixel_um, rng)
                sprites[kind, variant, turn] = np.clip(picture * (255 / FULL), 0, 255)
    return sprites
