"""Beneath each cell lies what the mask shows at its centre."""

from __future__ import annotations

import numpy as np

from wsiview.analysis.class_tally import GLASS, INK, TISSUE
from wsiview.explain.ground import ground_of
from wsiview.geometry import Affine
from wsiview.tiling.tissue import TissueMask


def test_cells_lie_on_tissue_glass_or_pen() -> None:
    tissue, ink = np.zeros((4, 6), bool), np.zeros((4, 6), bool)
    tissue[1, 2], ink[2, 4], ink[1, 2] = True, True, True  # ink over tissue stays tissue
    mask = TissueMask(tissue, np.zeros((4, 6), bool), (10.0, 20.0), ink)
    # Cells of 10 × 20 level-0 pixels, the first of which lies half off the slide.
    found = ground_of(mask, Affine.scaling(10, 20, -6, 0), slice(0, 4), slice(0, 7))
    expected = np.full((4, 7), GLASS)
    expected[1, 3], expected[2, 5] = TISSUE, INK
    assert found.tolist() == expected.tolist()


def test_a_part_of_the_cells_is_the_same_part_of_the_ground() -> None:
    tissue = np.random.default_rng(0).random((40, 60)) < 0.5
    mask = TissueMask(tissue, np.zeros((40, 60), bool), (8.0, 8.0))
    to = Affine.scaling(13.7, 13.7, 3.1, -2)
    whole = ground_of(mask, to, slice(0, 20), slice(0, 30))
    assert np.array_equal(ground_of(mask, to, slice(5, 9), slice(11, 30)), whole[5:9, 11:30])
    assert {TISSUE, GLASS} == set(np.unique(whole).tolist())
