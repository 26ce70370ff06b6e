"""Calibration: which micrometres per pixel can be believed."""

from __future__ import annotations

import math

FINEST, COARSEST = 0.05, 10.0
"""µm per pixel between which a number can be the resolution of a slide."""


def believable(value: float | None) -> bool:
    """Whether one axis's µm per pixel is a number between 0.05 and 10."""
    return value is not None and math.isfinite(value) and FINEST <= value <= COARSEST


def believable_mpp(mpp: tuple[float | None, float | None] | None) -> tuple[float, float] | None:
    """The pair (x, y) in µm per pixel if both axes can be believed, else None."""
    if mpp is None:
        return None
    x, y = mpp
    if x is None or y is None or not believable(x) or not believable(y):
        return None
    return float(x), float(y)
