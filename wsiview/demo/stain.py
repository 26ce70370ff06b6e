"""Stain: from densities of haematoxylin and eosin to colours, by the law of Beer and Lambert."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GLASS = np.array([244.0, 242.0, 245.0])
HAEMATOXYLIN = np.array([0.93, 1.15, 0.50])
EOSIN = np.array([0.13, 0.78, 0.36])
FULL = 2.0
"""Density that the largest byte stands for."""


def colour_table() -> NDArray[np.uint32]:
    """Packed RGBX colours (65536,), index 256 · haematoxylin byte + eosin byte."""
    density = np.arange(256) / 255 * FULL
    absorbed = density[:, None, None] * HAEMATOXYLIN + density[None, :, None] * EOSIN
    colours = np.full((256, 256, 4), 255, np.uint8)
    colours[..., :3] = np.round(GLASS * np.exp(-absorbed))
    return colours.view(np.uint32).reshape(-1)


def coloured(table: NDArray[np.uint32], haematoxylin: NDArray[np.uint8], eosin: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB (h, w, 3) of two density images (h, w)."""
    index = haematoxylin.astype(np.uint16)
    index <<= 8
    index |= eosin
    packed = table[index]
    return np.ascontiguousarray(packed.view(np.uint8).reshape(*haematoxylin.shape, 4)[..., :3])
