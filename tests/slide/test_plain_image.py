"""Pictures that are no slides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from wsiview.slide import SlideUnopenable
from wsiview.slide.opening import open_slide


def _picture(side: int = 40) -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).integers(0, 256, (side, side + 9, 3), dtype=np.uint8))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".webp"])
def test_a_plain_image_opens_with_its_pixels(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"plain{suffix}"
    _picture().save(path, **({"lossless": True} if suffix == ".webp" else {}))
    with open_slide(path) as slide:
        assert np.array_equal(slide.read(0, 0, 0, 49, 40), np.asarray(_picture()))
        assert slide.reader.startswith("pillow")
        assert slide.mpp is None


def test_only_a_microscope_s_resolution_counts(tmp_path: Path) -> None:
    _picture().save(tmp_path / "print.png", dpi=(300, 300))
    _picture().save(tmp_path / "fine.png", dpi=(25400 / 0.5, 25400 / 0.5))
    assert open_slide(tmp_path / "print.png").mpp is None
    assert open_slide(tmp_path / "fine.png").mpp == pytest.approx((0.5, 0.5), rel=1e-3)


def test_transparent_parts_are_white(tmp_path: Path) -> None:
    Image.new("RGBA", (5, 5), (10, 20, 30, 0)).save(tmp_path / "clear.png")
    assert (open_slide(tmp_path / "clear.png").read(0, 0, 0, 5, 5) == 255).all()


def test_deep_pixels_are_refused_with_the_way_out(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((5, 5), np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(SlideUnopenable, match="8-bit"):
        open_slide(tmp_path / "deep.png")


def test_an_image_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    Image.new("1", (30000, 20000)).save(tmp_path / "bomb.png")
    with pytest.raises(SlideUnopenable, match="tiled pyramid"):
        open_slide(tmp_path / "bomb.png")


def test_a_large_sound_image_raises_no_warning_of_pillow(tmp_path: Path) -> None:
    Image.new("1", (10000, 9500)).save(tmp_path / "large.png")
    assert open_slide(tmp_path / "large.png").dimensions.width == 10000


def test_an_ome_tiff_opens_with_the_resolution_of_its_xml(shared: Path) -> None:
    path = shared / "broken/third-party/ome-tiff-deflate-single-level.ome.tif"
    with open_slide(path) as slide:
        assert slide.name == "ome-tiff-deflate-single-level"
        assert slide.mpp == pytest.approx((0.2271, 0.2271), abs=1e-4)
        assert np.array_equal(slide.read(0, 0, 0, 1101, 1101), _rgb(tifffile.imread(path)))


def _rgb(array: np.ndarray) -> np.ndarray:
    return np.moveaxis(array, 0, 2) if array.shape[0] == 3 else array
