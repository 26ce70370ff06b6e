"""Slides at a model's resolution."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from wsiview.geometry import Size
from wsiview.slide import TileUnreadable
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.opening import open_slide
from wsiview.slide.virtual_level import MppMissing, TooCoarse, VirtualLevel

Noise = Callable[[int, int], NDArray[np.uint8]]
_MARKS = [(40, 60), (1100, 300), (1850, 1401), (977, 1033)]


@pytest.fixture
def marked() -> NDArray[np.uint8]:
    """White, 2001 × 1503 px, with black squares of 24 px whose centres are `_MARKS` (x, y)."""
    pixels = np.full((1503, 2001, 3), 255, np.uint8)
    for x, y in _MARKS:
        pixels[y - 12 : y + 12, x - 12 : x + 12] = 0
    return pixels


@pytest.mark.parametrize("sizes", [[], [(741, 557)], [(1000, 751), (500, 375)], [(593, 445), (148, 111)]])
@pytest.mark.parametrize("spacing", [0.25, 0.33, 0.675, 0.972, 1.0, 1.37])
def test_a_mark_lies_at_its_level_0_place_over_the_scale(
    write_pyramid: Callable[..., Path],
    marked: NDArray[np.uint8],
    sizes: list[tuple[int, int]],
    spacing: float,
) -> None:
    with open_slide(write_pyramid(marked, sizes)) as slide:
        level = VirtualLevel(slide, spacing)
        dark = 255.0 - level.read(0, 0, level.size.width, level.size.height)[..., 0]
        for x, y in _MARKS:
            cx, cy = x / level.scale[0], y / level.scale[1]
            reach = int(20 / min(level.scale)) + 2
            left, top = max(0, int(cx) - reach), max(0, int(cy) - reach)
            part = dark[top : int(cy) + reach, left : int(cx) + reach]
            rows, cols = np.mgrid[: part.shape[0], : part.shape[1]] + 0.5
            assert abs(left + (part * cols).sum() / part.sum() - cx) < 0.1
            assert abs(top + (part * rows).sum() / part.sum() - cy) < 0.1


def test_resampled_marks_are_exact_to_a_hundredth_of_a_pixel(marked: NDArray[np.uint8]) -> None:
    level = VirtualLevel(ArraySlide(marked, (0.25, 0.25)), 0.43)
    assert level.source_level == 0
    dark = 255.0 - level.read(0, 0, level.size.width, level.size.height)[..., 0]
    for x, y in _MARKS:
        cx, cy = x / level.scale[0], y / level.scale[1]
        part = dark[int(cy) - 12 : int(cy) + 12, int(cx) - 12 : int(cx) + 12]
        rows, cols = np.mgrid[:24, :24] + 0.5
        assert abs(int(cx) - 12 + (part * cols).sum() / part.sum() - cx) < 0.01
        assert abs(int(cy) - 12 + (part * rows).sum() / part.sum() - cy) < 0.01


@pytest.mark.parametrize("spacing", [0.25, 0.331, 0.5, 0.972, 0.23])
def test_a_pixel_has_one_value_whoever_asks(noise: Noise, spacing: float) -> None:
    level = VirtualLevel(ArraySlide(noise(2111, 1777), (0.25, 0.251)), spacing)
    whole = level.read(-40, -40, level.size.width + 80, level.size.height + 80)
    fresh = VirtualLevel(ArraySlide(noise(2111, 1777), (0.25, 0.251)), spacing, cache_bytes=1)
    rng = np.random.default_rng(5)
    for x, y in rng.integers(-40, (level.size.width - 110, level.size.height - 57), (12, 2)):
        assert np.array_equal(fresh.read(x, y, 150, 97), whole[y + 40 : y + 137, x + 40 : x + 190])


def test_a_level_within_one_per_cent_is_read_as_it_is(noise: Noise) -> None:
    slide = ArraySlide(noise(1500, 1300), (0.25, 0.25))
    level = VirtualLevel(slide, 0.504)
    assert (level.source_level, level.scale, level.effective_mpp) == (1, (2.0, 2.0), (0.5, 0.5))
    assert np.array_equal(level.read(100, 200, 300, 400), slide.read(1, 100, 200, 300, 400))
    further = VirtualLevel(slide, 0.506)
    assert further.source_level == 1
    assert further.scale == (0.506 / 0.25, 0.506 / 0.25)
    assert further.effective_mpp == pytest.approx((0.506, 0.506))


def test_the_axes_are_scaled_each_by_its_own_mpp(noise: Noise) -> None:
    level = VirtualLevel(ArraySlide(noise(600, 600), (0.25, 0.30)), 0.6)
    assert level.scale == pytest.approx((2.4, 2.0))
    assert level.size == Size(250, 300)


def test_without_spacing_level_0_is_read_as_it_is(noise: Noise) -> None:
    slide = ArraySlide(noise(600, 500))
    level = VirtualLevel(slide, None)
    assert (level.scale, level.effective_mpp, level.size) == ((1.0, 1.0), None, Size(500, 600))
    assert np.array_equal(level.read(10, 20, 30, 40), slide.read(0, 10, 20, 30, 40))


def test_a_missing_mpp_is_asked_for_and_can_be_given(noise: Noise) -> None:
    slide = ArraySlide(noise(60, 50))
    with pytest.raises(MppMissing, match="--mpp"):
        VirtualLevel(slide, 0.5)
    assert VirtualLevel(slide, 0.5, mpp=(0.5, 0.5)).effective_mpp == (0.5, 0.5)


def test_upsampling_is_said_up_to_ten_per_cent_and_refused_beyond(noise: Noise) -> None:
    slide = ArraySlide(noise(600, 500), (0.5, 0.5))
    note = VirtualLevel(slide, 0.46).note
    assert note is not None
    assert note.startswith("upsampled 1.09×")
    with pytest.raises(TooCoarse, match="--allow-upsampling"):
        VirtualLevel(slide, 0.25)
    assert VirtualLevel(slide, 0.25, allow_upsampling=True).size == Size(1000, 1200)


def test_what_lies_outside_has_the_background_colour(noise: Noise) -> None:
    level = VirtualLevel(ArraySlide(noise(600, 500), (0.5, 0.5)), 0.972)
    assert (level.read(-600, -70, 590, 80) == 255).all()
    assert (level.read(level.size.width, 0, 700, 50) == 255).all()


def test_damage_refuses_only_what_it_touches(shared: Path) -> None:
    with (
        open_slide(shared / "broken/made/level0-20-tiles-zeroed.svs") as damaged,
        open_slide(shared / "slides/aperio/CMU-1-Small-Region.svs") as sound,
    ):
        broken, whole = VirtualLevel(damaged, 0.972), VirtualLevel(sound, 0.972)
        outcomes = []
        for y in range(0, 1440, 96):
            for x in range(0, 1056, 96):
                try:
                    found = broken.read(x, y, 96, 96)
                except TileUnreadable:
                    outcomes.append(False)
                    with pytest.raises(TileUnreadable):
                        broken.read(x, y, 96, 96)
                else:
                    outcomes.append(True)
                    assert np.array_equal(found, whole.read(x, y, 96, 96))
        assert 100 < sum(outcomes) < len(outcomes) - 30


def test_threads_get_the_same_pixels(noise: Noise) -> None:
    slide = ArraySlide(noise(1500, 1300), (0.25, 0.25))
    single, many = VirtualLevel(slide, 0.33), VirtualLevel(slide, 0.33, cache_bytes=1 << 20)
    places = [(x, y) for x in range(0, 900, 100) for y in range(0, 900, 150)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda place: many.read(*place, 120, 120), places))
    assert all(np.array_equal(part, single.read(*place, 120, 120)) for part, place in zip(found, places, strict=True))
