"""Pictures in memory as slides."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from wsiview.geometry import Size
from wsiview.slide import Slide, TileUnreadable
from wsiview.slide.array_slide import ArraySlide


def test_it_is_a_slide(noise: Callable[[int, int], NDArray[np.uint8]]) -> None:
    assert isinstance(ArraySlide(noise(30, 40)), Slide)


def test_levels_halve_until_they_are_small(noise: Callable[[int, int], NDArray[np.uint8]]) -> None:
    pixels = noise(1201, 777)
    slide = ArraySlide(pixels)
    assert slide.level_dimensions == (Size(777, 1201), Size(389, 601), Size(195, 301))
    assert slide.level_downsamples == ((1.0, 1.0), (2.0, 2.0), (4.0, 4.0))
    mean = pixels[:1200, :776].reshape(600, 2, 388, 2, 3).mean(axis=(1, 3))
    assert np.abs(slide.read(1, 0, 0, 388, 600) - mean).max() <= 0.5


def test_what_lies_outside_is_background(noise: Callable[[int, int], NDArray[np.uint8]]) -> None:
    pixels = noise(30, 40)
    slide = ArraySlide(pixels)
    found = slide.read(0, -5, -7, 60, 50)
    assert np.array_equal(found[7:37, 5:45], pixels)
    found[7:37, 5:45] = 255
    assert (found == 255).all()
    assert (slide.read(0, 1000, -1000, 3, 4) == 255).all()


def test_an_unbelievable_mpp_counts_as_missing(noise: Callable[[int, int], NDArray[np.uint8]]) -> None:
    assert ArraySlide(noise(3, 3), mpp=(0.25, 0.26)).mpp == (0.25, 0.26)
    assert ArraySlide(noise(3, 3), mpp=(0.25, 84.0)).mpp is None


def test_a_closed_slide_says_so(noise: Callable[[int, int], NDArray[np.uint8]]) -> None:
    slide = ArraySlide(noise(3, 3))
    slide.close()
    with pytest.raises(TileUnreadable, match="closed"):
        slide.read(0, 0, 0, 1, 1)


def test_the_fingerprint_is_that_of_the_pixels(noise: Callable[[int, int], NDArray[np.uint8]]) -> None:
    assert ArraySlide(noise(3, 3)).fingerprint == ArraySlide(noise(3, 3), name="other").fingerprint
    assert ArraySlide(noise(3, 3)).fingerprint != ArraySlide(noise(3, 4)).fingerprint
