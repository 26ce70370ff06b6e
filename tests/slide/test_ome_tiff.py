"""OME-TIFF and other tiled TIFF files that OpenSlide doesn't open, or not as what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from wsiview.geometry import Size
from wsiview.slide import SlideUnopenable
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.ome_xml import ome_images
from wsiview.slide.opening import open_slide
from wsiview.slide.openslide_reader import OpenSlideReader
from wsiview.slide.tiff_reader import TiffReader

BROKEN = "broken/third-party/ome-tiff-deflate-single-level.ome.tif"
MICRONS = {"PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 500.0, "PhysicalSizeYUnit": "nm"}
Pixels = NDArray[np.uint8]


@pytest.fixture
def pixels() -> Pixels:
    """(900, 1100, 3)"""
    return np.random.default_rng(7).integers(0, 256, (90, 110, 3), dtype=np.uint8).repeat(10, 0).repeat(10, 1)


def write_pyramid(path: Path, pixels: Pixels, **how: Any) -> None:
    """Levels of 1, 1/2 and 1/4 of the size, the smaller ones in SubIFDs."""
    options: dict[str, Any] = {"tile": (256, 256), "photometric": "rgb", "compression": "zlib"}
    byteorder, bigtiff = how.get("byteorder", "<"), how.get("bigtiff", False)
    with tifffile.TiffWriter(path, ome=True, byteorder=byteorder, bigtiff=bigtiff) as tiff:
        tiff.write(pixels, subifds=2, metadata=MICRONS, **options)
        tiff.write(pixels[::2, ::2], subfiletype=1, metadata=None, **options)
        tiff.write(pixels[::4, ::4], subfiletype=1, metadata=None, **options)


@pytest.mark.parametrize(("byteorder", "vendor"), [("<", "generic-tiff"), (">", "ome-tiff")])
def test_a_pyramid_in_subifds_opens_whole(tmp_path: Path, pixels: Pixels, byteorder: str, vendor: str) -> None:
    path = tmp_path / "made.ome.tif"
    write_pyramid(path, pixels, byteorder=byteorder)
    with open_slide(path) as slide:
        assert isinstance(slide, TiffReader)
        assert slide.vendor == vendor, "OpenSlide opens only one order of bytes, and only the finest level"
        assert slide.mpp == (0.5, 0.5)
        assert slide.level_dimensions == (Size(1100, 900), Size(550, 450), Size(275, 225))
        for level, step in enumerate((1, 2, 4)):
            size = slide.level_dimensions[level]
            assert np.array_equal(slide.read(level, 0, 0, size.width, size.height), pixels[::step, ::step])


def test_its_fingerprint_is_what_it_was(tmp_path: Path, pixels: Pixels, shared: Path) -> None:
    known, unknown = tmp_path / "known.ome.tif", tmp_path / "unknown.ome.tif"
    write_pyramid(known, pixels)
    write_pyramid(unknown, pixels, byteorder=">")
    with open_slide(known) as slide, OpenSlideReader(known) as openslide:
        assert slide.fingerprint == openslide.fingerprint
    for path in (unknown, shared / BROKEN):
        with open_slide(path) as slide:
            size = slide.dimensions
            assert slide.fingerprint == ArraySlide(slide.read(0, 0, 0, size.width, size.height), path=path).fingerprint


def test_the_published_single_level_file_is_read_tile_by_tile(shared: Path) -> None:
    with open_slide(shared / BROKEN) as slide:
        assert isinstance(slide, TiffReader)
        assert "openslide" not in slide.reader
        assert slide.level_dimensions == (Size(1101, 1101),)
        assert slide.level_tiles == (Size(512, 512),)
        assert slide.mpp == pytest.approx((0.2271, 0.2271), abs=1e-4)
        assert slide.associated == ()
        with pytest.raises(KeyError):
            slide.read_associated("label")
        with tifffile.TiffFile(shared / BROKEN) as tiff:
            stored = tiff.pages[0].asarray()
        assert np.array_equal(slide.read(0, 500, 1000, 601, 101), stored[1000:1101, 500:1101])
        assert (slide.read(0, 1101, 0, 5, 5) == 255).all()


def test_streams_of_ycbcr_that_are_tagged_rgb_have_their_true_colours(
    shared: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = (shared / BROKEN).read_bytes()
    with tifffile.TiffFile(shared / BROKEN) as tiff:
        page = tiff.pages[0].aspage()
        spans = zip(page.dataoffsets, page.databytecounts, strict=True)
        streams, stored = [data[offset : offset + count] for offset, count in spans], page.asarray()
    path = tmp_path / "known.ome.tif"
    tifffile.imwrite(
        path, iter(streams), shape=stored.shape, dtype=np.uint8, ome=True, tile=(512, 512), photometric="rgb",
        compression="jpeg", metadata=MICRONS,
    )  # fmt: skip
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tiff.pages[0].aspage().tags["PhotometricInterpretation"].overwrite(2)
    with caplog.at_level("INFO", "wsiview"), open_slide(path) as slide, OpenSlideReader(path) as openslide:
        assert isinstance(slide, TiffReader)
        found = slide.read(0, 0, 0, 1101, 1101)
        assert np.array_equal(found, stored)
        assert not np.array_equal(found, openslide.read(0, 0, 0, 1101, 1101))
        assert slide.fingerprint == openslide.fingerprint
    assert "OpenSlide shows known.ome.tif in wrong colours" in caplog.text


def test_a_damaged_tile_of_such_a_file_is_unreadable(shared: Path, tmp_path: Path) -> None:
    data = bytearray((shared / BROKEN).read_bytes())
    with tifffile.TiffFile(shared / BROKEN) as tiff:
        page = tiff.pages[0].aspage()
        offset, count = page.dataoffsets[4], page.databytecounts[4]
    data[offset + count // 2 : offset + count] = bytes(count - count // 2)
    (tmp_path / "damaged.ome.tif").write_bytes(data)
    with open_slide(tmp_path / "damaged.ome.tif") as slide:
        slide.read(0, 0, 0, 512, 512)
        with pytest.raises(Exception, match=r"level 0, x 600, y 600 \(9 × 9 px\): the data there is damaged"):
            slide.read(0, 600, 600, 9, 9)


def test_three_planes_of_no_stain_are_red_green_and_blue(tmp_path: Path, pixels: Pixels) -> None:
    path = tmp_path / "planes.ome.tif"
    planes = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
    tifffile.imwrite(path, planes, tile=(256, 256), photometric="minisblack", metadata={"axes": "CYX", **MICRONS})
    with open_slide(path) as slide:
        assert isinstance(slide, TiffReader)
        assert np.array_equal(slide.read(0, 0, 0, 1100, 900), pixels)


@pytest.mark.parametrize(
    ("shape", "dtype", "axes", "more", "sentence"),
    [
        ((300, 400, 3), "uint16", "YXS", {}, "its pixels are uint16, not 8-bit; export it as 8-bit RGB"),
        ((300, 400), "float32", "YX", {}, "its pixels are float32, not 8-bit"),
        ((4, 300, 400), "uint8", "CYX", {}, "it holds 4 channels that are no RGB, as in fluorescence"),
        ((2, 300, 400), "uint8", "CYX", {"Channel": {"Name": ["DAPI", "FITC"]}}, r"2 channels \(DAPI, FITC\)"),
        ((3, 300, 400), "uint8", "CYX", {"Channel": {"Name": ["DAPI", "FITC", "Cy3"]}}, r"\(DAPI, FITC, Cy3\)"),
        ((5, 300, 400), "uint8", "ZYX", {}, "it holds several focal planes or times"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("tile", [(128, 128), None], ids=["tiles", "strips"])
def test_what_is_no_rgb_is_refused_in_a_sentence(
    tmp_path: Path, shape: tuple[int, ...], dtype: str, axes: str, more: dict[str, Any], sentence: str,
    tile: tuple[int, int] | None,
) -> None:  # fmt: skip
    path = tmp_path / "made.ome.tif"
    photometric = "rgb" if axes == "YXS" else "minisblack"
    tifffile.imwrite(
        path, np.zeros(shape, dtype), ome=True, tile=tile, photometric=photometric, metadata={"axes": axes, **more}
    )
    with pytest.raises(SlideUnopenable, match=sentence) as refusal:
        open_slide(path)
    assert "\n" not in str(refusal.value)


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, pixels: Pixels) -> None:
    whole, cut = tmp_path / "whole.ome.tif", tmp_path / "cut.ome.tif"
    options: dict[str, Any] = {"tile": (256, 256), "photometric": "rgb", "metadata": MICRONS}
    tifffile.imwrite(whole, pixels, ome=True, byteorder=">", **options)
    open_slide(whole).close()
    cut.write_bytes(whole.read_bytes()[:-100_000])
    with pytest.raises(SlideUnopenable, match="it ends before its last pixels; copy it again"):
        open_slide(cut)


@pytest.mark.parametrize(
    ("size", "unit", "mpp"),
    [("0.25", None, 0.25), ("250", "nm", 0.25), ("0.00025", "mm", 0.25), ("2500", "Å", 0.25), ("3", "pixel", None),
     ("abc", "µm", None), ("0", "µm", None), ("nan", "µm", None), ("1000", "µm", None)],
)  # fmt: skip
def test_the_size_of_a_pixel_is_read_in_its_unit(size: str, unit: str | None, mpp: float | None) -> None:
    units = "" if unit is None else f'PhysicalSizeXUnit="{unit}" PhysicalSizeYUnit="{unit}"'
    text = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image>'
        f'<Pixels SizeX="8" SizeY="9" PhysicalSizeX="{size}" PhysicalSizeY="{size}" {units}/></Image></OME>'
    )
    (image,) = ome_images(text)
    assert image.size == Size(8, 9)
    assert image.mpp == (None if mpp is None else pytest.approx((mpp, mpp)))


def test_xml_that_could_grow_without_bound_is_not_read() -> None:
    assert ome_images('<!DOCTYPE x [<!ENTITY a "b">]><OME><Pixels SizeX="1" SizeY="1"/></OME>') == ()
    assert ome_images("<OME><Pixels") == ()
    assert ome_images("<OME><Pixels SizeX='?' SizeY='1'/></OME>") == ()
