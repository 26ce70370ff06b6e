"""Tiles decoded for a screen are the pixels that `read` gives, and whatever stands in the way is left to `read`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from wsiview.slide import TileUnreadable
from wsiview.slide.built_slide import BuiltSlide
from wsiview.slide.color import ColoredSlide, SrgbTransform
from wsiview.slide.opening import open_slide
from wsiview.slide.screen_reader import ScreenReader
from wsiview.slide.slide import Slide
from wsiview.slide.watched_slide import SlideReplaced, open_watched

Noise = Callable[[int, int], NDArray[np.uint8]]
SIDE = 128


@pytest.fixture
def path(tmp_path: Path, noise: Noise) -> Path:
    """A slide of 3 × 2 JPEG tiles, some of which overhang."""
    made = tmp_path / "made.tiff"
    tifffile.imwrite(made, noise(200, 300), tile=(SIDE, SIDE), compression="jpeg", photometric="ycbcr")
    return made


def for_screen(slide: Slide, *place: int) -> NDArray[np.uint8] | None:
    """What a rectangle becomes, None where it isn't done."""
    out = np.zeros((place[4], place[3], 4), np.uint8)
    assert isinstance(slide, ScreenReader)
    return out if slide.read_bgra(*place, out) else None


@pytest.mark.parametrize("photometric", ["ycbcr", "rgb", "minisblack"])
def test_a_whole_tile_has_the_pixels_of_read(tmp_path: Path, noise: Noise, photometric: Any) -> None:
    pixels = noise(300, 300)[..., 0] if photometric == "minisblack" else noise(300, 300)
    tifffile.imwrite(tmp_path / "a.tiff", pixels, tile=(SIDE, SIDE), compression="jpeg", photometric=photometric)
    with open_slide(tmp_path / "a.tiff") as slide:
        for place in ((0, 0, 0, SIDE, SIDE), (0, SIDE, 0, SIDE, SIDE)):
            found = for_screen(slide, *place)
            assert found is not None
            assert np.array_equal(found[..., 2::-1], slide.read(*place))
            assert (found[..., 3] == 255).all()


@pytest.mark.parametrize("place", [(1, 0), (0, SIDE), (2 * SIDE, 0), (-SIDE, 0), (0, -SIDE), (3 * SIDE, 0)])
def test_what_is_no_whole_tile_is_left_to_read(path: Path, place: tuple[int, int]) -> None:
    with open_slide(path) as slide:
        assert for_screen(slide, 0, *place, SIDE, SIDE) is None
        assert slide.read(0, *place, SIDE, SIDE).shape == (SIDE, SIDE, 3)


def test_other_codings_are_left_to_read(write_pyramid: Callable[..., Path], noise: Noise) -> None:
    with open_slide(write_pyramid(noise(300, 300))) as slide:
        assert for_screen(slide, 0, 0, 0, SIDE, SIDE) is None


def test_damage_is_left_to_read(path: Path) -> None:
    with tifffile.TiffFile(path) as tiff:
        start, count = tiff.pages[0].dataoffsets[0], tiff.pages[0].databytecounts[0]
    code = bytearray(path.read_bytes())
    code[start : start + count] = bytes(count)
    path.write_bytes(code)
    with open_slide(path) as slide:
        assert for_screen(slide, 0, 0, 0, SIDE, SIDE) is None
        assert for_screen(slide, 0, SIDE, 0, SIDE, SIDE) is not None
        with pytest.raises(TileUnreadable):
            slide.read(0, 0, 0, SIDE, SIDE)


def test_a_replaced_or_closed_slide_gives_nothing(path: Path) -> None:
    slide = open_watched(path, open_slide)
    assert for_screen(slide, 0, 0, 0, SIDE, SIDE) is not None
    path.write_bytes(path.read_bytes() + b"more")
    for _ in range(2):
        assert for_screen(slide, 0, 0, 0, SIDE, SIDE) is None
    with pytest.raises(SlideReplaced):
        slide.read(0, 0, 0, SIDE, SIDE)
    slide.close()
    with open_slide(path) as plain:
        plain.close()
        assert for_screen(plain, 0, 0, 0, SIDE, SIDE) is None


def test_wrappers_hand_on_only_what_they_leave_alone(path: Path) -> None:
    with open_slide(path) as slide:
        levels: Any = None  # nothing is built
        own = for_screen(BuiltSlide(slide, (), levels), 0, 0, 0, SIDE, SIDE)
        assert own is not None
        assert np.array_equal(own[..., 2::-1], slide.read(0, 0, 0, SIDE, SIDE))
        assert for_screen(ColoredSlide(slide, SrgbTransform(b"")), 0, 0, 0, SIDE, SIDE) is None
