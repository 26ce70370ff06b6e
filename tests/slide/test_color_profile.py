"""The ICC profile that a file carries, from every reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.color_profile import rgb_profile
from wsiview.slide.opening import open_slide


@pytest.fixture(scope="module")
def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("name", ["picture.png", "picture.jpg", "picture.tif"])
def test_a_plain_image_gives_its_profile(tmp_path: Path, srgb: bytes, name: str) -> None:
    Image.new("RGB", (40, 30), (120, 40, 90)).save(tmp_path / name, icc_profile=srgb)
    with open_slide(tmp_path / name) as slide:
        assert slide.icc_profile == srgb


def test_a_tiled_slide_gives_its_profile(tmp_path: Path, srgb: bytes) -> None:
    pixels = np.full((300, 300, 3), 90, np.uint8)
    tifffile.imwrite(tmp_path / "slide.tiff", pixels, tile=(128, 128), photometric="rgb", iccprofile=srgb)
    with open_slide(tmp_path / "slide.tiff") as slide:
        assert slide.icc_profile == srgb


def test_slides_with_and_without_one(shared: Path) -> None:
    with open_slide(shared / "slides/generic/boxes.tiff") as slide:
        assert slide.icc_profile is not None
        assert len(slide.icc_profile) == 588
    with open_slide(shared / "slides/aperio/CMU-1-Small-Region.svs") as slide:
        assert slide.icc_profile is None


def test_an_ome_tiff_gives_its_profile(tmp_path: Path, srgb: bytes) -> None:
    pixels = np.full((60, 50, 3), 90, np.uint8)
    tifffile.imwrite(tmp_path / "one.ome.tif", pixels, photometric="rgb", iccprofile=srgb)
    with open_slide(tmp_path / "one.ome.tif") as slide:
        assert slide.icc_profile == srgb


def test_an_array_has_only_what_it_is_given(srgb: bytes) -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    assert ArraySlide(pixels).icc_profile is None
    assert ArraySlide(pixels, icc_profile=srgb).icc_profile == srgb


def test_a_profile_of_other_data_is_none_of_rgb(srgb: bytes) -> None:
    assert rgb_profile(srgb) == srgb
    assert rgb_profile(srgb[:16] + b"CMYK" + srgb[20:]) is None
    assert rgb_profile(srgb[:16] + b"GRAY" + srgb[20:]) is None
    assert rgb_profile(b"no profile" * 30) is None
    assert rgb_profile(None) is None
