"""A small map whose every cell is known."""

import numpy as np
import pytest

from wsiview.geometry import Affine
from wsiview.scene.grids import MapGrids


@pytest.fixture
def grids() -> MapGrids:
    """100 × 90 cells of 7.3 × 5.1 px: halves of A and B, an undecided band between, odd states in the top rows."""
    made = MapGrids((100, 90), Affine.scaling(7.3, 5.1, 1000.5, -20), 3, strength_scale=2.0, field=(60, 60),
                    saliency_scales={"gradcam/0": 1.0})  # fmt: skip
    weights = np.zeros((3, 100, 90), np.float32)
    weights[0, :, :45], weights[1, :, 45:] = 2.0, 1.0
    weights[1, :, 40:45], weights[2, 50:, :] = 1.9, 0.3
    state = np.full((100, 90), 2, np.uint8)
    state[0], state[1], state[2] = 0, 1, 3
    slope = np.linspace(-1, 1, 90, dtype=np.float32)[None, :].repeat(100, axis=0)
    for row in range(2):
        for col in range(2):
            part = np.s_[row * 64 : (row + 1) * 64, col * 64 : (col + 1) * 64]
            made.put(
                row, col, weights[(slice(None), *part)], state[part], state[part] * 0.1, {"gradcam/0": slope[part]}
            )
    return made
