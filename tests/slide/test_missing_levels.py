"""What a slide lacks for being looked at, and what scanners leave out on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from wsiview.geometry import Region, Size
from wsiview.slide.missing_levels import ENOUGH, MOST_COARSEST, WIDEST_GAP, missing_levels
from wsiview.slide.pyramid import Pyramid


def pyramid(width: int, height: int, downsamples: Sequence[float] = (1,), bounds: Region | None = None) -> Pyramid:
    sizes = tuple(Size(round(width / d), round(height / d)) for d in downsamples)
    tiles = tuple(Size(256, 256) for _ in sizes)
    return Pyramid(sizes[0], sizes, tuple((float(d), float(d)) for d in downsamples), tiles, bounds)


@pytest.mark.parametrize(
    "complete",
    [
        pyramid(2220, 2967),
        pyramid(100_000, 80_000, (1, 4, 16, 32)),
        pyramid(98304, 81920, (1, 2, 4, 8, 16, 32, 64)),
        pyramid(60_000, 40_000, (1, 8, 64)),
        pyramid(52_000, 152_000, (1,), Region(10_000, 18_000, 2220, 2967)),
    ],
)
def test_small_slides_and_usual_pyramids_lack_nothing(complete: Pyramid) -> None:
    assert missing_levels(complete) == ()


def test_a_slide_without_a_pyramid_gets_levels_until_the_coarsest_is_small() -> None:
    levels = missing_levels(pyramid(40_001, 30_000))
    assert [(level.source, level.factor) for level in levels] == [(0, 4), (0, 16), (0, 64)]
    assert [level.size for level in levels] == [Size(10_001, 7500), Size(2501, 1875), Size(626, 469)]
    assert [level.downsample for level in levels] == [(4, 4), (16, 16), (64, 64)]
    assert levels[1].size.width * levels[1].size.height > ENOUGH


@pytest.mark.parametrize(("ratio", "factors"), [(10, []), (16, [4]), (32, [4]), (64, [4, 16]), (256, [4, 16, 64])])
def test_a_huge_gap_is_filled_until_no_step_is_too_wide(ratio: int, factors: list[int]) -> None:
    levels = missing_levels(pyramid(120_000, 80_000, (1, 4, 4 * ratio, 16 * ratio)))
    assert [(level.source, level.factor) for level in levels] == [(1, factor) for factor in factors]
    scales = sorted([1.0, 4.0, 4.0 * ratio, 16.0 * ratio, *(level.downsample[0] for level in levels)])
    assert max(b / a for a, b in pairwise(scales)) <= WIDEST_GAP


def test_one_huge_coarsest_level_gets_coarser_ones() -> None:
    wide = pyramid(200_000, 160_000, (1, 4))
    assert wide.level_dimensions[-1].width * wide.level_dimensions[-1].height > MOST_COARSEST
    assert {level.source for level in missing_levels(wide)} == {1}
