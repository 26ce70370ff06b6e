"""Textures: the finest detail, made once for a slide and laid over all of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.demo.noise import Field, fibre_textures, grain
from wsiview.demo.sprites import nucleus_sprites

PERIOD = 512
"""Side of the periodic textures in pixels; chunks start at its multiples."""

FIBRE_ANGLES = 24
FIBRE_SCALE = 42.0
"""Grey values per standard deviation of the fibres, around 128."""


@dataclass(frozen=True, slots=True)
class Textures:
    """Periodic pictures (PERIOD, PERIOD) of unit variance, and the sprites.

    Attributes
    ----------
    fibres
        FIBRE_ANGLES pictures in bytes, flat.
    fine, medium, coarse
        Grain of cytoplasm, frayed borders, secretion.
    sprites
        Nuclei (kinds, VARIANTS, TURNS, side, side) in density bytes.
    """

    fibres: NDArray[np.uint8]
    fine: Field
    medium: Field
    coarse: Field
    sprites: NDArray[np.uint8]


def make_textures(pixel_um: float, seed: int) -> Textures:
    """All textures for level-0 pixels of that many µm; equal for equal seeds."""
    rng = np.random.default_rng([seed, 1])
    fibres = fibre_textures(PERIOD, FIBRE_ANGLES, rng)
    fine, medium, coarse = (grain(PERIOD, wavelength, rng) for wavelength in (3.6, 9.0, 34.0))
    flat = np.clip(fibres * np.float32(FIBRE_SCALE) + 128, 0, 255).astype(np.uint8).reshape(-1)
    return Textures(flat, fine, medium, coarse, nucleus_sprites(pixel_um, rng))
