"""The geometry of levels."""

from __future__ import annotations

import numpy as np
import pytest

from wsiview.geometry import Size
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.pyramid import Pyramid, level_downsamples


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(2220, 2967), (1110, 1483), (555, 741)], [(2, 2), (4, 4)]),
        ([(2967, 2220), (47, 35), (3, 2)], [(64, 64), (1024, 1024)]),
        ([(1000, 800), (100, 80)], [(10, 10)]),
        ([(2001, 1503), (667, 501)], [(3, 3)]),
        ([(2220, 2967), (2, 3), (1, 1)], [(1024, 1024), (2048, 2048)]),
    ],
)
def test_a_level_of_rounded_size_has_its_whole_downsample(
    sizes: list[tuple[int, int]], expected: list[tuple[float, float]]
) -> None:
    assert list(level_downsamples([Size(*size) for size in sizes]))[1:] == expected


def test_other_ratios_stay_as_they_are_on_each_axis() -> None:
    assert level_downsamples([Size(2001, 1503), Size(741, 557)])[1] == (2001 / 741, 1503 / 557)


def test_the_best_level_is_the_coarsest_that_is_fine_enough() -> None:
    pyramid = Pyramid.of(ArraySlide(np.zeros((4096, 4096, 3), np.uint8)))
    assert [pyramid.best_level(d) for d in (0.3, 1, 1.99, 2, 3.9999999, 5, 1000)] == [0, 0, 0, 1, 2, 2, 4]
