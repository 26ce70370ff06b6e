"""Pixels by an ICC profile are those of the colour engine, on every thread, to one grey value."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.color import ColoredSlide, SrgbTransform, srgb_transform
from wsiview.slide.opening import open_slide

Noise = Callable[[int, int], NDArray[np.uint8]]
KINDS = pytest.mark.parametrize("kind", ["matrix", "table"])


def exact(profile: bytes, pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """What the colour engine makes of pixels with nothing shortened."""
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOOPTIMIZE
    source, screen = ImageCms.getOpenProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    transform = ImageCms.buildTransform(source, screen, "RGB", "RGB", intent, flags)
    return np.asarray(transform.apply(Image.fromarray(pixels))).astype(np.int64)


@KINDS
def test_it_is_what_the_colour_engine_says_to_one_grey_value(profiles: Any, kind: str, noise: Noise) -> None:
    profile, pixels = getattr(profiles, kind), noise(200, 300)
    transform = SrgbTransform(profile)
    assert transform.fault == ""
    for _ in range(2):  # the second time remembered
        made = transform.apply(pixels)
        assert made.dtype == np.uint8
        assert np.abs(made - exact(profile, pixels)).max() <= 1
    assert np.abs(made.astype(int) - pixels).max() > 20, "and something else than was stored"


@KINDS
def test_white_stays_white_and_black_black(profiles: Any, kind: str) -> None:
    ends = np.array([[[255, 255, 255], [0, 0, 0]]], np.uint8)
    assert np.abs(SrgbTransform(getattr(profiles, kind)).apply(ends).astype(int) - ends).max() <= 1


@KINDS
def test_threads_share_it(profiles: Any, kind: str, noise: Noise) -> None:
    profile = getattr(profiles, kind)
    transform, pictures = SrgbTransform(profile), [noise(60 + n, 90) for n in range(12)]
    start = threading.Barrier(4)

    def work(part: int) -> list[NDArray[np.uint8]]:
        start.wait()
        return [transform.apply(picture) for picture in pictures[part % 2 :]]

    with ThreadPoolExecutor(4) as pool:
        for part, made in enumerate(pool.map(work, range(4))):
            for picture, pixels in zip(pictures[part % 2 :], made, strict=True):
                assert np.abs(pixels - exact(profile, picture)).max() <= 1


def test_a_damaged_profile_says_why_and_leaves_pixels_alone(profiles: Any, noise: Noise) -> None:
    transform = SrgbTransform(profiles.broken)
    assert transform.fault
    assert "\n" not in transform.fault
    pixels = noise(20, 30)
    assert np.array_equal(transform.apply(pixels), pixels)


def test_a_profile_is_read_once(profiles: Any) -> None:
    assert srgb_transform(profiles.matrix) is srgb_transform(bytes(bytearray(profiles.matrix)))


def test_a_slide_shows_the_colours_of_its_profile_and_turns_its_background_once(profiles: Any, noise: Noise) -> None:
    inner = ArraySlide(noise(300, 400), icc_profile=profiles.matrix)
    inner.background = (200, 60, 120)
    transform = srgb_transform(profiles.matrix)
    slide = ColoredSlide(inner, transform)
    around = slide.read(0, -20, 250, 100, 100)
    assert np.abs(around - exact(profiles.matrix, inner.read(0, -20, 250, 100, 100))).max() <= 1
    assert (around[:, :20] == slide.background).all(), "within a tile as beside it"
    assert slide.icc_profile == profiles.matrix
    assert np.array_equal(inner.read(0, 0, 0, 50, 50), noise(300, 400)[:50, :50]), "what computes sees the file's own"


def test_file_tiles_come_out_as_the_colour_engine_has_them(shared: Path) -> None:
    with open_slide(shared / "slides/generic/boxes.tiff") as inner:
        assert inner.icc_profile is not None
        slide = ColoredSlide(inner, srgb_transform(inner.icc_profile))
        for level, size in enumerate(inner.level_dimensions):
            stored = inner.read(level, 0, 0, size.width, size.height)
            seen = slide.read(level, 0, 0, size.width, size.height)
            assert np.abs(seen - exact(inner.icc_profile, stored)).max() <= 1
