"""TIFF slides read directly: the pixels, and what happens where they are damaged, missing or replaced."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from wsiview.slide import SlideVanished, TileUnreadable
from wsiview.slide.opening import open_slide
from wsiview.slide.openslide_reader import OpenSlideReader
from wsiview.slide.slide import Slide
from wsiview.slide.tiff_reader import TiffReader

DIRECT = (
    "aperio/CMU-1-Small-Region.svs", "generic/boxes.tiff", "generic/cmu-1-small-region-pyramid.tiff",
    "generic/os-1-detail-he.tiff", "generic/os-2-detail-ki67.tiff", "generic/tcga-xk-aaju-prostate-lowres.tiff",
    "large/gigapixel-cmu-periodic.tiff", "mosaics/ebhi-mosaic-valid.tiff", "mosaics/pcam-mosaic-valid.tiff",
    "re-encoded/cmu-1-small-region-j2k.svs", "re-encoded/cmu-1-small-region-philips.tiff",
    "re-encoded/cmu-1-small-region-trestle.tif", "re-encoded/cmu-1-small-region-ventana.tif",
    "unicode-name/😐 ünï côde.svs",
)  # fmt: skip
SVS = "slides/aperio/CMU-1-Small-Region.svs"


def outcome(slide: Slide, *place: int) -> NDArray[np.uint8] | None:
    """What a read gives, None for an unreadable rectangle."""
    try:
        return slide.read(*place)
    except TileUnreadable as error:
        bad = error
    assert (bad.level, bad.x, bad.y, bad.width, bad.height) == place
    return None


def same(one: NDArray[np.uint8] | None, other: NDArray[np.uint8] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


@pytest.mark.parametrize("name", DIRECT)
def test_a_real_slide_shows_what_openslide_shows(shared: Path, name: str) -> None:
    path = shared / "slides" / name
    random = np.random.default_rng(len(name))
    with open_slide(path) as slide, OpenSlideReader(path) as openslide:
        assert isinstance(slide, TiffReader)
        size = slide.dimensions
        corners = [(-9, -7, 90, 80), (size.width - 60, size.height - 50, 100, 120), (size.width, 0, 30, 30)]
        whole = [(0, 0, slide.level_tiles[0].width, slide.level_tiles[0].height)]
        inside = [(int(random.integers(size.width)), int(random.integers(size.height)), 271, 333) for _ in range(5)]
        for x, y, width, height in corners + whole + inside:
            found = slide.read(0, x, y, width, height)
            assert found.shape == (height, width, 3)
            assert found.flags.c_contiguous
            assert found.flags.writeable
            assert np.array_equal(found, openslide.read(0, x, y, width, height)), (x, y)
        for fact in (
            "path", "name", "vendor", "mpp", "bounds", "background", "associated", "icc_profile", "fingerprint",
            "level_dimensions", "level_downsamples", "level_tiles",
        ):  # fmt: skip
            assert getattr(slide, fact) == getattr(openslide, fact), fact
        for library in ("tifffile", "imagecodecs", "simplejpeg", "openslide"):
            assert f"{library} " in slide.reader


@pytest.mark.parametrize(
    "name", ["generic/boxes.tiff", "generic/os-1-detail-he.tiff", "re-encoded/cmu-1-small-region-j2k.svs"]
)
def test_other_levels_have_the_stored_pixels(shared: Path, name: str) -> None:
    path = shared / "slides" / name
    with open_slide(path) as slide, tifffile.TiffFile(path) as tiff:
        stored = {(page.imagewidth, page.imagelength): page for page in tiff.pages if page.is_tiled}
        for level, size in enumerate(slide.level_dimensions[1:], 1):
            expected = stored[size.width, size.height].asarray()
            assert np.array_equal(slide.read(level, 0, 0, size.width, size.height), expected)


def test_padded_levels_of_philips_end_where_their_tissue_ends(shared: Path) -> None:
    path = shared / "slides/re-encoded/cmu-1-small-region-philips.tiff"
    with open_slide(path) as slide, tifffile.TiffFile(path) as tiff:
        size = slide.level_dimensions[1]
        stored = tiff.pages[1].asarray()
        assert (size.width, stored.shape[1]) == (1152, 1280)
        assert np.array_equal(slide.read(1, 0, 0, size.width, size.height), stored[: size.height, : size.width])
        assert (slide.read(1, size.width, 0, 20, 20) == 255).all()


CODINGS: tuple[dict[str, object], ...] = (
    {"compression": None}, {"compression": "zlib"}, {"compression": "zlib", "predictor": True},
    {"compression": "lzw"}, {"compression": "lzw", "predictor": True},
    {"compression": "jpeg", "compressionargs": {"level": 90}}, {"compression": "jpeg", "subsampling": (1, 1)},
    {"compression": "jpeg", "subsampling": (2, 1)}, {"compression": "jpeg", "subsampling": (2, 2)},
)  # fmt: skip


@pytest.mark.parametrize("coding", CODINGS, ids=str)
def test_every_coding_gives_openslide_s_pixels(tmp_path: Path, shared: Path, coding: dict[str, object]) -> None:
    pixels = _tissue(shared)[:300, :400]
    path = tmp_path / "made.tiff"
    _write_two_levels(path, pixels, **coding)
    with open_slide(path) as slide, OpenSlideReader(path) as openslide:
        assert isinstance(slide, TiffReader)
        found = slide.read(0, 0, 0, 400, 300)
        assert np.array_equal(found, openslide.read(0, 0, 0, 400, 300))
        if coding["compression"] != "jpeg":
            assert np.array_equal(found, pixels)
            assert np.array_equal(slide.read(1, 3, 5, 100, 100), pixels[10:210:2, 6:206:2])


@pytest.mark.parametrize("coding", [CODINGS[2], CODINGS[-1]], ids=str)
@pytest.mark.parametrize("kind", [("<", True), (">", True), (">", False)], ids=str)
def test_every_order_of_bytes_is_read(
    tmp_path: Path, shared: Path, coding: dict[str, object], kind: tuple[Literal["<", ">"], bool]
) -> None:
    pixels, (byteorder, bigtiff) = _tissue(shared)[:300, :400], kind
    usual, other = tmp_path / "usual.tiff", tmp_path / "other.tiff"
    _write_two_levels(usual, pixels, **coding)
    _write_two_levels(other, pixels, byteorder, bigtiff, **coding)
    with open_slide(usual) as one, open_slide(other) as two:
        assert isinstance(two, TiffReader)
        assert two.level_dimensions == one.level_dimensions
        for level, size in enumerate(one.level_dimensions):
            whole = level, 0, 0, size.width, size.height
            assert np.array_equal(one.read(*whole), two.read(*whole))


@pytest.mark.parametrize("kind", ["grey", "white is zero", "grey jpeg", "planes"])
def test_grey_and_separate_planes_become_rgb(tmp_path: Path, shared: Path, kind: str) -> None:
    pixels = _tissue(shared)[:200, :300]
    grey = np.ascontiguousarray(pixels[..., 1])
    path = tmp_path / "made.tiff"
    if kind == "planes":
        planes = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
        tifffile.imwrite(path, planes, tile=(64, 64), photometric="rgb", planarconfig="separate", metadata=None)
    else:
        photometric = "miniswhite" if kind == "white is zero" else "minisblack"
        compression = "jpeg" if kind == "grey jpeg" else "zlib"
        tifffile.imwrite(path, grey, tile=(64, 64), photometric=photometric, compression=compression, metadata=None)
    with open_slide(path) as slide, OpenSlideReader(path) as openslide:
        assert isinstance(slide, TiffReader)
        found = slide.read(0, 0, 0, 300, 200)
        assert np.array_equal(found, openslide.read(0, 0, 0, 300, 200))
        if kind != "grey jpeg":
            expected = {"grey": grey[..., None], "white is zero": 255 - grey[..., None], "planes": pixels}[kind]
            assert (found == expected).all()


def test_a_turned_picture_is_left_to_openslide_and_the_log_says_so(
    tmp_path: Path, shared: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "turned.tiff"
    pixels, extra = _tissue(shared)[:256, :256], [(274, "H", 1, 3, False)]
    tifffile.imwrite(path, pixels, tile=(128, 128), photometric="rgb", metadata=None, extratags=extra)
    with caplog.at_level("INFO", "wsiview"), open_slide(path) as slide:
        assert isinstance(slide, OpenSlideReader)
    assert "turned.tiff is read through OpenSlide, not directly: tile (0, 0) of level 0 looks otherwise" in caplog.text


def test_other_families_are_left_to_openslide(shared: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "wsiview"):
        open_slide(shared / "slides/hamamatsu/test3-DAPI-387.ndpi").close()
        assert caplog.text == "", "nothing to say about what is no tiled TIFF"
        with open_slide(shared / "slides/re-encoded/cmu-1-small-region-leica.scn") as slide:
            assert isinstance(slide, OpenSlideReader)
    assert "no tiled picture of 52000 × 152000 px" in caplog.text


def test_many_threads_read_the_same_as_one(shared: Path) -> None:
    with open_slide(shared / SVS) as slide:
        places = [(x, y, 240, 240) for y in range(0, 2967, 240) for x in range(0, 2220, 240)]
        places += [(x + 100, y + 50, 200, 150) for x, y, _, _ in places[::4]]
        one = [slide.read(0, *place) for place in places]
        with ThreadPoolExecutor(8) as pool:
            many = list(pool.map(lambda place: slide.read(0, *place), places))
        assert all(map(np.array_equal, one, many))


def test_what_is_handed_out_is_the_caller_s_own(shared: Path) -> None:
    with open_slide(shared / SVS) as slide:
        for place in ((0, 240, 240, 240, 240), (0, 300, 300, 100, 100)):
            first = slide.read(*place)
            kept = first.copy()
            first[:] = 0
            assert np.array_equal(slide.read(*place), kept)


@pytest.mark.parametrize("name", [SVS, "slides/generic/os-1-detail-he.tiff", "slides/generic/boxes.tiff"])
def test_a_damaged_tile_is_bad_just_where_openslide_says_so(shared: Path, tmp_path: Path, name: str) -> None:
    source, random = shared / name, np.random.default_rng(5)
    with tifffile.TiffFile(source) as tiff:
        page = tiff.pages[0].aspage()
        spans = [*zip(page.dataoffsets, page.databytecounts, strict=True)]
    data = bytearray(source.read_bytes())
    with open_slide(source) as slide:
        tile, size = slide.level_tiles[0], slide.dimensions
    # The tiles that are compared at opening stay sound enough for the file to be read directly.
    for offset, count in spans[1::4]:
        for _ in range(int(random.integers(1, 4))):
            data[offset + int(random.integers(count // 3, count))] ^= 1 << int(random.integers(8))
    path = tmp_path / source.name
    path.write_bytes(data)
    bad = 0
    with open_slide(path) as slide, OpenSlideReader(path) as openslide:
        assert isinstance(slide, TiffReader)
        for y in range(0, size.height, tile.height):
            for x in range(0, size.width, tile.width):
                place = 0, x, y, min(tile.width, size.width - x), min(tile.height, size.height - y)
                found, expected = outcome(slide, *place), outcome(openslide, *place)
                assert same(found, expected), place
                bad += found is None
    assert bad > 0


def test_a_bad_tile_s_sentence_is_openslide_s(shared: Path) -> None:
    path = shared / "broken/made/level0-jpeg-bitflips.svs"
    with open_slide(path) as slide:
        assert isinstance(slide, TiffReader)
        with pytest.raises(TileUnreadable, match=r"level 0, x 0, y 0 \(300 × 10 px\).*premature end of data segment"):
            slide.read(0, -20, -90, 320, 100)


def test_a_tile_that_claims_to_be_huge_is_refused_before_it_takes_memory(shared: Path, tmp_path: Path) -> None:
    data = bytearray((shared / SVS).read_bytes())
    with tifffile.TiffFile(shared / SVS) as tiff:
        offset = tiff.pages[0].aspage().dataoffsets[17]
    frame = data.index(b"\xff\xc0", offset)
    data[frame + 5 : frame + 9] = b"\xff\xdc\xff\xdc"
    path = tmp_path / "huge.svs"
    path.write_bytes(data)
    with open_slide(path) as slide, pytest.raises(TileUnreadable, match="65500"):
        slide.read(0, 7 * 240, 240, 240, 240)


def test_missing_tiles_are_background(shared: Path, tmp_path: Path) -> None:
    pixels = _tissue(shared)[:512, :512]
    path = tmp_path / "sparse.tiff"
    _write_sparse(path, [pixels, pixels[::2, ::2]], [{(0, 1), (3, 3)}, {(1, 1)}])
    with open_slide(path) as slide, OpenSlideReader(path) as openslide:
        assert isinstance(slide, TiffReader)
        for level in range(2):
            size = slide.level_dimensions[level]
            found = slide.read(level, 0, 0, size.width, size.height)
            assert np.array_equal(found, openslide.read(level, 0, 0, size.width, size.height))
        assert (slide.read(0, 128, 0, 128, 128) == 255).all()


def test_aperio_s_missing_tiles_are_painted_from_the_finer_level(shared: Path, tmp_path: Path) -> None:
    pixels = _tissue(shared)[:1024, :1024]
    path = tmp_path / "sparse.svs"
    # Level 1 lacks a tile; level 2 has its own tile there, which OpenSlide doesn't trust.
    _write_sparse(path, [pixels, pixels[::2, ::2], pixels[::4, ::4] // 2], [{(7, 7)}, {(1, 2)}, set()], "Aperio made")
    with open_slide(path) as slide, OpenSlideReader(path) as openslide:
        assert isinstance(slide, TiffReader)
        for level, size in enumerate(slide.level_dimensions):
            found = slide.read(level, 0, 0, size.width, size.height)
            expected = openslide.read(level, 0, 0, size.width, size.height)
            if level == 2:  # at the painted tile's edge OpenSlide reads a little beyond what it is asked for
                found, expected = found[8:120, 136:248], expected[8:120, 136:248]
            assert np.array_equal(found, expected), level
        assert (slide.read(0, 896, 896, 128, 128) == 255).all()


def test_a_slide_that_goes_away_comes_back(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "slide.svs"
    path.parent.mkdir()
    shutil.copyfile(shared / SVS, path)
    with open_slide(path) as slide:
        before = slide.read(0, 240, 240, 240, 240)
        path.parent.rename(tmp_path / "away")
        with pytest.raises(SlideVanished, match="check the disk or network connection"):
            slide.read(0, 240, 240, 240, 240)
        (tmp_path / "away").rename(path.parent)
        assert np.array_equal(slide.read(0, 240, 240, 240, 240), before)
        # Brought back from elsewhere it is another file to the system, with the same bytes.
        shutil.copy2(path, tmp_path / "copy.svs")
        os.replace(tmp_path / "copy.svs", path)
        assert np.array_equal(slide.read(0, 480, 240, 240, 240), _tissue(shared)[240:480, 480:720])


@pytest.mark.parametrize("how", ["another file", "other bytes", "other bytes, same time", "longer"])
def test_a_replaced_slide_never_shows_the_other_s_pixels(shared: Path, tmp_path: Path, how: str) -> None:
    path, other = tmp_path / "slide.svs", tmp_path / "other.svs"
    shutil.copyfile(shared / SVS, path)
    with open_slide(path) as slide:
        slide.read(0, 0, 0, 300, 300)
        stat = path.stat()
        if how == "another file":
            shutil.copyfile(shared / "slides/re-encoded/cmu-1-small-region-j2k.svs", other)
            os.replace(other, path)
        elif how == "other bytes":
            path.write_bytes((shared / "broken/made/level0-20-tiles-zeroed.svs").read_bytes())
        elif how == "longer":
            with path.open("ab") as file:
                file.write(b"more")
        else:
            other.write_bytes(path.read_bytes()[::-1])
            os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            os.replace(other, path)
        for place in ((0, 0, 0, 300, 300), (0, 240, 0, 240, 240)):
            with pytest.raises(SlideVanished, match="replaced by another one; open the slide again"):
                slide.read(*place)


def test_a_closed_slide_says_so(shared: Path) -> None:
    slide = open_slide(shared / SVS)
    slide.close()
    with pytest.raises(TileUnreadable, match="closed"):
        slide.read(0, 0, 0, 10, 10)


def _tissue(shared: Path) -> NDArray[np.uint8]:
    with OpenSlideReader(shared / SVS) as slide:
        return slide.read(0, 0, 0, 1100, 1100)


def _write_two_levels(
    path: Path, pixels: NDArray[np.uint8], byteorder: Literal["<", ">"] = "<", bigtiff: bool = False, **coding: Any
) -> None:
    with tifffile.TiffWriter(path, bigtiff=bigtiff, byteorder=byteorder) as tiff:
        tiff.write(pixels, tile=(128, 256), photometric="rgb", metadata=None, **coding)
        tiff.write(pixels[::2, ::2], tile=(128, 256), photometric="rgb", metadata=None, subfiletype=1, **coding)


def _write_sparse(
    path: Path, levels: list[NDArray[np.uint8]], missing: list[set[tuple[int, int]]], description: str = ""
) -> None:
    """Tiles of 128 px, without those at (row, column) in `missing`."""
    with tifffile.TiffWriter(path) as tiff:
        for level, (pixels, lacking) in enumerate(zip(levels, missing, strict=True)):
            places = [(row, col) for row in range(pixels.shape[0] // 128) for col in range(pixels.shape[1] // 128)]
            tiles = (
                b"" if (row, col) in lacking else pixels[row * 128 :, col * 128 :][:128, :128].tobytes()
                for row, col in places
            )
            tiff.write(
                tiles, shape=pixels.shape, dtype=np.uint8, tile=(128, 128), photometric="rgb", metadata=None,
                subfiletype=int(level > 0), description=description or None,
            )  # fmt: skip
