"""Slides through OpenSlide."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from wsiview.geometry import Region, Size
from wsiview.slide import SlideVanished, TileUnreadable
from wsiview.slide.area_filter import area_mean
from wsiview.slide.opening import open_slide

Noise = Callable[[int, int], NDArray[np.uint8]]


def test_level_0_gives_the_stored_pixels(write_pyramid: Callable[..., Path], noise: Noise) -> None:
    pixels = noise(503, 701)
    with open_slide(write_pyramid(pixels)) as slide:
        assert slide.dimensions == Size(701, 503)
        assert slide.mpp == pytest.approx((0.25, 0.25))
        assert np.array_equal(slide.read(0, 0, 0, 701, 503), pixels)
        around = slide.read(0, -10, 400, 50, 200)
        assert np.array_equal(around[:103, 10:], pixels[400:, :40])
        assert (around[:, :10] == 255).all()
        assert (around[103:] == 255).all()


@pytest.mark.parametrize("size", [(741, 557), (667, 501), (593, 445)])
def test_levels_of_any_ratio_give_nearly_the_stored_pixels(
    write_pyramid: Callable[..., Path], noise: Noise, size: tuple[int, int]
) -> None:
    pixels = noise(1503, 2001)
    level = area_mean(pixels, np.linspace(0, 2001, size[0] + 1), np.linspace(0, 1503, size[1] + 1))
    with open_slide(write_pyramid(pixels, [size])) as slide:
        assert slide.level_dimensions[1] == Size(*size)
        for x, y in [(0, 0), (100, 120), (384, 256)]:
            difference = slide.read(1, x, y, 64, 64).astype(int) - level[y : y + 64, x : x + 64]
            assert np.abs(difference).mean() < 1


def test_a_bad_tile_hides_no_good_one(shared: Path) -> None:
    with open_slide(shared / "slides/aperio/CMU-1-Small-Region.svs") as sound:
        whole = sound.read(0, 0, 0, 2220, 2967)
    with open_slide(shared / "broken/made/level0-20-tiles-zeroed.svs") as slide:

        def attempt(place: tuple[int, int]) -> bool:
            x, y = place
            try:
                found = slide.read(0, x, y, 240, 240)
            except TileUnreadable:
                return False
            expected = whole[y : y + 240, x : x + 240]
            return np.array_equal(found[: expected.shape[0], : expected.shape[1]], expected)

        places = [(x, y) for y in range(0, 2967, 240) for x in range(0, 2220, 240)]
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(attempt, places * 2))
        assert found.count(False) == 40
        assert found[: len(places)] == found[len(places) :]
        with pytest.raises(TileUnreadable, match=r"^level0-20-tiles-zeroed.svs can't be read at level 0"):
            slide.read(0, 0, 0, 2220, 2967)


def test_a_slide_that_vanishes_says_so_and_comes_back(shared: Path, tmp_path: Path) -> None:
    source = shared / "broken/made/level0-20-tiles-zeroed.svs"
    path = tmp_path / "folder" / "slide.svs"
    path.parent.mkdir()
    shutil.copyfile(source, path)
    with open_slide(path) as slide:
        path.parent.rename(tmp_path / "away")
        with pytest.raises(SlideVanished, match="check the disk or network connection"):
            slide.read(0, 0, 0, 2220, 2967)
        (tmp_path / "away").rename(path.parent)
        assert slide.read(0, 0, 2700, 240, 240).shape == (240, 240, 3)


def test_bounds_and_level_sizes_come_from_the_file(shared: Path) -> None:
    with open_slide(shared / "slides/re-encoded/cmu-1-small-region-leica.scn") as slide:
        assert slide.bounds == Region(10000, 18000, 2220, 2967)
        assert slide.dimensions == Size(52000, 152000)
        assert (slide.read(0, 0, 0, 20, 20) == 255).all()
        assert slide.read(0, 11000, 19000, 200, 200).std() > 5


def test_a_property_whose_name_is_no_utf_8_does_no_harm(shared: Path, tmp_path: Path) -> None:
    data = (shared / "slides/aperio/CMU-1-Small-Region.svs").read_bytes()
    assert b"|User = " in data
    path = tmp_path / "umlaut.svs"
    path.write_bytes(data.replace(b"|User = ", b"|Us\xe4r = "))
    with open_slide(path) as slide:
        assert slide.mpp == (0.499, 0.499)


def test_label_and_macro_are_there_only_for_who_asks(shared: Path) -> None:
    with open_slide(shared / "slides/aperio/CMU-1-Small-Region.svs") as slide:
        assert slide.associated == ("label", "macro", "thumbnail")
        assert slide.read_associated("label").shape == (463, 387, 3)
        with pytest.raises(KeyError):
            slide.read_associated("face")
    with pytest.raises(TileUnreadable, match="closed"):
        slide.read(0, 0, 0, 10, 10)
