"""Stain: tells tissue from glass, ink and dark background by its colour."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from wsiview.slide.slide import Pixels

Mask = NDArray[np.bool_]
Plane = NDArray[np.float32]

_STROKE_RADIUS = 25.0  # µm; pens draw lines of 200 µm and more
_LEAST_CHROMA, _MOST_CHROMA = 9.0, 16.0


def find_tissue(pixels: Pixels, valid: Mask, spacing: float | None) -> tuple[Mask, Mask]:
    """Tissue and ink (rows, cols) in a thumbnail (rows, cols, 3), looking only at `valid` pixels.

    `spacing` is in micrometres per thumbnail pixel, None where unknown.
    """
    nothing = np.zeros(valid.shape, bool)
    if not valid.any():
        return nothing, nothing
    dark = _is_dark_field(pixels, valid)
    found, inked = (_bright(pixels, valid), nothing) if dark else _stained(pixels, valid, spacing)
    return _tidy(found & valid) & valid, inked & valid


def _is_dark_field(pixels: Pixels, valid: Mask) -> bool:
    """Fluorescence: most of the picture is near black and hardly anything is near white."""
    found = pixels[valid]
    return bool(np.median(found.max(axis=1)) < 60 and np.mean(found.min(axis=1) > 180) < 0.05)


def _bright(pixels: Pixels, valid: Mask) -> Mask:
    # Nuclei shine, the tissue between them hardly does: a blur closes the gaps.
    light = ndimage.gaussian_filter(_most(pixels).astype(np.float32), 4.0)
    dark = float(np.percentile(light[valid], 5))
    threshold = float(np.clip(otsu(light[valid]), dark + 6, dark + 20))
    found: Mask = light > threshold
    return found


def _stained(pixels: Pixels, valid: Mask, spacing: float | None) -> tuple[Mask, Mask]:
    smooth = ndimage.gaussian_filter(pixels.astype(np.float32), (0.7, 0.7, 0))
    white = smooth / _glass(smooth, valid) * 255
    chroma = _most(white) - _least(white)
    threshold = float(np.clip(otsu(np.minimum(chroma[valid], 100)), _LEAST_CHROMA, _MOST_CHROMA))
    stained = chroma > threshold
    inked = ink(white, stained, spacing)
    return stained & ~inked, inked


def _glass(smooth: Plane, valid: Mask) -> Plane:
    """The colour of empty glass: the median of what is bright and nearly grey; white where there is none."""
    light, grey = _least(smooth), _most(smooth) - _least(smooth)
    candidates = valid & (light > 200) & (grey < 16)
    if candidates.sum() < max(16, 0.005 * valid.sum()):
        return np.full(3, 255, np.float32)
    brightest = candidates & (light >= np.percentile(light[candidates], 50))
    return np.asarray(np.median(smooth[brightest], axis=0), np.float32)


def ink(white: Plane, stained: Mask, spacing: float | None) -> Mask:
    """Green, blue and black pen among the `stained` parts of white-balanced pixels (rows, cols, 3).

    Pale ink counts only where it runs into strong ink, as the edges of a stroke do: counterstains are as pale. And
    where most of a picture is blue, that is its stain (Giemsa, toluidine blue), while no common stain is green.
    """
    red, green, blue = white[..., 0], white[..., 1], white[..., 2]
    pale = ((green > red + 12) & (green > blue - 25)) | ((blue > red + 30) & (green > red) & (blue > green + 15))
    strong_green = (green > red + 60) & (green > blue - 25)
    strong_blue = (blue > red + 70) & (green > red) & (blue > green + 30)
    strokes = _wide(strong_green | strong_blue, 2, spacing)
    coloured = ndimage.binary_propagation(strokes & pale, mask=pale)
    if (coloured & stained).sum() > 0.5 * stained.sum() and strong_blue.sum() > strong_green.sum():
        coloured = np.zeros_like(coloured)
    light, grey = _most(white), _most(white) - _least(white)
    black = _wide((light < 90) & (grey < 30), 4, spacing)
    inked: Mask = coloured | black
    return inked


def _most(rgb: NDArray[Any]) -> NDArray[Any]:
    """The largest of three channels, many times faster than a reduction over so short an axis."""
    most: NDArray[Any] = np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2])
    return most


def _least(rgb: NDArray[Any]) -> NDArray[Any]:
    """The smallest of three channels."""
    least: NDArray[Any] = np.minimum(np.minimum(rgb[..., 0], rgb[..., 1]), rgb[..., 2])
    return least


def _wide(found: Mask, least: int, spacing: float | None) -> Mask:
    """Only what is as wide as a pen's stroke: nuclei have the colours of ink, too."""
    radius = least if spacing is None else int(np.clip(round(_STROKE_RADIUS / spacing), least, 30))
    return np.asarray(ndimage.binary_opening(found, iterations=radius), bool)


def _tidy(found: Mask) -> Mask:
    """Without specks of a few pixels, and without pinholes."""
    specks = max(4, found.size // 50_000)
    found = _without_small(found, specks)
    return ~_without_small(~found, specks)


def _without_small(found: Mask, least: int) -> Mask:
    labels, _ = ndimage.label(found)
    counts = np.bincount(labels.ravel())
    keep = counts >= least
    keep[0] = False
    kept: Mask = keep[labels]
    return kept


def otsu(values: NDArray[np.floating], bins: int = 256) -> float:
    """The threshold that splits values into two groups with the least variance within them (Otsu 1979).

    Grey values that are all the same, but for rounding, can't be split: their least is returned.
    """
    least, most = float(values.min()), float(values.max())
    if most - least < 1e-3:
        return least
    counts, edges = np.histogram(values, bins=bins)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    # Where one side is empty there is no split.
    best = int(np.argmax(np.nan_to_num(apart)))
    return float(edges[best + 1])
