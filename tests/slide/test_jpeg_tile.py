"""JPEG tiles: whose word counts for the colours, and how strict the decoder is."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from wsiview.geometry import Size
from wsiview.slide.jpeg_tile import Colour, JpegTiles, UndecodableTile

SIZE = Size(64, 48)


@pytest.fixture
def stream() -> bytes:
    """An ordinary JPEG file (YCbCr, JFIF) with much in it."""
    pixels = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90, subsampling=0)
    return file.getvalue()


def test_the_tiff_s_word_counts_not_the_stream_s(stream: bytes) -> None:
    with Image.open(io.BytesIO(stream)) as image:
        image.draft("YCbCr", image.size)
        samples = np.asarray(image)
    rgb = np.asarray(Image.open(io.BytesIO(stream)))
    plain = stream[:2] + stream[2 + 18 :]
    assert stream[6:10] == b"JFIF"
    assert b"JFIF" not in plain
    adobe_says_rgb = plain[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00" + plain[2:]
    for one in (stream, plain, adobe_says_rgb):
        assert np.array_equal(JpegTiles(SIZE, "ycbcr").decode(one), rgb)
        assert np.array_equal(JpegTiles(SIZE, "rgb").decode(one), samples)
    assert np.array_equal(JpegTiles(SIZE, "jfif").decode(stream), rgb)
    assert np.array_equal(JpegTiles(SIZE, "jfif").decode(plain), samples)


def test_tiles_whose_headers_differ_are_each_read_by_their_own(stream: bytes) -> None:
    tiles, dark = JpegTiles(SIZE, "ycbcr"), io.BytesIO()
    Image.new("RGB", (64, 48), (10, 20, 30)).save(dark, "JPEG", quality=50, optimize=True)
    bright = tiles.decode(stream)
    assert tiles.decode(dark.getvalue()).max() < 40
    assert np.array_equal(tiles.decode(stream), bright)


def test_fill_bytes_before_a_marker_are_no_damage(stream: bytes) -> None:
    tiles = JpegTiles(SIZE, "ycbcr")
    assert np.array_equal(tiles.decode(stream[:2] + b"\xff\xff" + stream[2:]), tiles.decode(stream))


@pytest.mark.parametrize("colour", ["rgb", "ycbcr", "grey"])
def test_other_sizes_and_kinds_are_refused(stream: bytes, colour: Colour) -> None:
    frame = stream.index(b"\xff\xc0")
    larger = stream[: frame + 5] + b"\xff\xdc\xff\xdc" + stream[frame + 9 :]
    grey = io.BytesIO()
    Image.new("L", (64, 48)).save(grey, "JPEG")
    sound = grey.getvalue() if colour == "grey" else stream
    other = stream if colour == "grey" else grey.getvalue()
    tiles = JpegTiles(SIZE, colour)
    tiles.decode(sound)
    for one in (larger, other, b"", b"\xff\xd8", b"\xff\xd8\xff", bytes(500), stream[:100], stream[:frame]):
        with pytest.raises(UndecodableTile):
            tiles.decode(one)


def test_a_stream_that_ends_early_is_refused_however_little_is_lacking(stream: bytes) -> None:
    tiles, end = JpegTiles(SIZE, "ycbcr"), len(stream) - 2
    tiles.decode(stream)
    for lacking in (3, 30, 300):
        with pytest.raises(UndecodableTile, match=r"(?i)premature end"):
            tiles.decode(stream[: end - lacking] + stream[end:])
    with pytest.raises(UndecodableTile):
        tiles.decode(stream[:end])


def test_damaged_tables_are_noticed(shared: Path) -> None:
    with tifffile.TiffFile(shared / "slides/aperio/CMU-1-Small-Region.svs") as tiff:
        tables = tiff.pages[0].aspage().jpegtables
    assert tables is not None
    JpegTiles(SIZE, "rgb", tables)
    for damaged in (tables[2:], tables[:100], tables[:-2], b""):
        with pytest.raises(UndecodableTile):
            JpegTiles(SIZE, "rgb", damaged)
