"""Exact area means."""

from __future__ import annotations

import numpy as np

from wsiview.slide.area_filter import area_mean


def test_whole_boxes_get_the_mean_of_their_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 18, 3), dtype=np.uint8)
    mean = pixels.reshape(4, 3, 6, 3, 3).mean(axis=(1, 3))
    found = area_mean(pixels, np.arange(0, 19, 3.0), np.arange(0, 13, 3.0))
    assert np.abs(found - mean).max() <= 0.5 + 1e-4


def test_a_mark_keeps_its_place_to_a_hundredth_of_a_pixel() -> None:
    ratio = 1.93
    pixels = np.zeros((400, 400, 3), np.uint8)
    pixels[150:170, 201:221] = 250
    edges = np.arange(0, 200) * ratio
    found = area_mean(pixels, edges, edges)[..., 0].astype(float)
    rows, cols = np.mgrid[: found.shape[0], : found.shape[1]] + 0.5
    assert abs((found * cols).sum() / found.sum() - 211 / ratio) < 0.01
    assert abs((found * rows).sum() / found.sum() - 160 / ratio) < 0.01
