"""Noise: smooth random fields over the whole slide, and periodic textures for its finest detail."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Field = NDArray[np.float32]


def enlarge(field: Field, height: int, width: int, box: tuple[float, float, float, float] | None = None) -> Field:
    """A field (h, w), or the part of it inside `box` (left, top, right, bottom), at another size, bicubic."""
    picture = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC, box=box))


def smooth_noise(shape: tuple[int, int], wavelength: float, rng: np.random.Generator) -> Field:
    """Random field (h, w) of about zero mean and unit variance; `wavelength` in pixels of the field."""
    step = max(1.0, wavelength / 4)
    coarse = (math.ceil(shape[0] / step) + 4, math.ceil(shape[1] / step) + 4)
    field = ndimage.gaussian_filter(rng.standard_normal(coarse, np.float32), 1.0 if step > 1 else wavelength / 4)
    field /= field.std() + np.float32(1e-6)
    if step == 1.0:
        return np.ascontiguousarray(field[2 : 2 + shape[0], 2 : 2 + shape[1]])
    return enlarge(field, *shape, box=(2, 2, 2 + shape[1] / step, 2 + shape[0] / step))


def fractal_noise(shape: tuple[int, int], wavelength: float, octaves: int, rng: np.random.Generator) -> Field:
    """Sum of smooth noises, each octave of half the wavelength and half the height."""
    total = smooth_noise(shape, wavelength, rng)
    for octave in range(1, octaves):
        total = total + np.float32(0.5**octave) * smooth_noise(shape, wavelength / 2**octave, rng)
    return np.asarray(total / total.std(), np.float32)


def _frequencies(size: int) -> tuple[Field, Field]:
    """Cycles per pixel along y (size, 1) and x (1, size // 2 + 1), as `rfft2` orders them."""
    return (
        np.fft.fftfreq(size).astype(np.float32)[:, None],
        np.fft.rfftfreq(size).astype(np.float32)[None, :],
    )


def _filtered(spectrum: Field, size: int, rng: np.random.Generator) -> Field:
    """White noise through a spectrum: periodic in both directions, unit variance."""
    white = np.fft.rfft2(rng.standard_normal((size, size), np.float32))
    field = np.fft.irfft2(white * spectrum, s=(size, size))
    return np.asarray(field / field.std(), np.float32)


def grain(size: int, wavelength: float, rng: np.random.Generator) -> Field:
    """Periodic isotropic texture (size, size) around one wavelength in pixels, unit variance."""
    y, x = _frequencies(size)
    radius = np.hypot(y, x) * np.float32(wavelength)
    return _filtered(np.asarray(radius * np.exp(-(radius**2)), np.float32), size, rng)


def _fibres(size: int, angle: float, seed: int) -> Field:
    """Periodic texture (size, size) of fine fibrils that run along `angle` (radians, y down)."""
    y, x = _frequencies(size)
    along = x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle))
    across = y * np.float32(math.cos(angle)) - x * np.float32(math.sin(angle))
    total = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
    for width, length, share in ((5.0, 70.0, 0.5), (11.0, 150.0, 0.75), (26.0, 260.0, 0.6)):
        ring = np.abs(across) * np.float32(width)
        spectrum = ring * np.exp(-(ring**2)) * np.exp(-((along * np.float32(length)) ** 2))
        total += np.float32(share) / np.sqrt((spectrum**2).mean()) * spectrum
    return _filtered(total, size, np.random.default_rng(seed))


def fibre_textures(size: int, count: int, rng: np.random.Generator) -> Field:
    """Fibril textures (count, size, size); number i runs along the angle π·i/count."""
    seeds = rng.integers(2**31, size=count)
    return np.stack([_fibres(size, math.pi * i / count, int(seeds[i])) for i in range(count)])
