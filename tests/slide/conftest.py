"""Small tiled slides with known pixels, written for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from wsiview.geometry import Size
from wsiview.slide.area_filter import area_mean
from wsiview.slide.pyramid import level_downsamples

WritePyramid = Callable[..., Path]


@pytest.fixture
def write_pyramid(tmp_path: Path) -> WritePyramid:
    """Write a picture as a tiled TIFF whose further levels have the given sizes (width, height)."""

    def write(
        pixels: NDArray[np.uint8],
        sizes: Sequence[tuple[int, int]] = (),
        mpp: float | None = 0.25,
        name: str = "made.tiff",
    ) -> Path:
        path = tmp_path / name
        height, width = pixels.shape[:2]
        resolution = {} if mpp is None else {"resolution": (1e4 / mpp, 1e4 / mpp), "resolutionunit": "CENTIMETER"}
        with tifffile.TiffWriter(path) as tiff:
            tiff.write(pixels, tile=(128, 128), photometric="rgb", metadata=None, **resolution)
            downsamples = level_downsamples([Size(width, height), *(Size(*size) for size in sizes)])[1:]
            for (level_width, level_height), (dx, dy) in zip(sizes, downsamples, strict=True):
                xs = np.minimum(np.arange(level_width + 1) * dx, width)
                ys = np.minimum(np.arange(level_height + 1) * dy, height)
                level = area_mean(pixels, xs, ys)
                tiff.write(level, tile=(128, 128), photometric="rgb", metadata=None, subfiletype=1, **resolution)
        return path

    return write


@pytest.fixture
def noise() -> Callable[[int, int], NDArray[np.uint8]]:
    """Random pixels (height, width, 3), the same for the same size."""
    return lambda height, width: np.random.default_rng(height * 7919 + width).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    )
