"""JPEG 2000 tiles, as Aperio and others store them."""

from __future__ import annotations

import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from wsiview.geometry import Size
from wsiview.slide.jpeg2000_tile import Jpeg2000Tiles
from wsiview.slide.jpeg_tile import UndecodableTile
from wsiview.slide.opening import open_slide
from wsiview.slide.openslide_reader import OpenSlideReader
from wsiview.slide.tiff_reader import TiffReader

SIDE = 128
Samples = NDArray[np.uint8]


def smooth(height: int, width: int, seed: int) -> Samples:
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1), dtype=np.uint8)
    return np.ascontiguousarray(coarse.repeat(8, 0).repeat(8, 1)[:height, :width])


def encode(samples: Samples) -> bytes:
    stream: bytes = imagecodecs.jpeg2k_encode(samples, codecformat="J2K", reversible=True, resolutions=3, mct=False)
    return stream


def with_thin_chroma(luma: Samples, cb: Samples, cr: Samples) -> bytes:
    """One codestream of three samples, whose chroma has half the width: packets of three streams after each other."""
    heads, bodies = zip(*(_split(encode(samples)) for samples in (luma, cb, cr)), strict=True)
    size, coding, steps, start = (heads[0][marker] for marker in (b"\xff\x51", b"\xff\x52", b"\xff\x5c", b"\xff\x90"))
    size = size[:2] + struct.pack(">H", 47) + size[4:38] + struct.pack(">H", 3) + bytes((7, 1, 1, 7, 2, 1, 7, 2, 1))
    coding = coding[:5] + bytes((4,)) + coding[6:]  # one component's packets after the other's
    body = b"".join(bodies)
    start = start[:6] + struct.pack(">I", len(start) + 2 + len(body)) + start[10:]
    return b"\xff\x4f" + size + coding + steps + start + b"\xff\x93" + body + b"\xff\xd9"


def _split(stream: bytes) -> tuple[dict[bytes, bytes], bytes]:
    at, segments = 2, {}
    while stream[at : at + 2] != b"\xff\x93":
        length = 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        segments[stream[at : at + 2]] = stream[at : at + length]
        at += length
    return segments, stream[at + 2 : -2]


def write_svs(path: Path, streams: list[bytes], compression: int) -> None:
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(
            iter(streams), shape=(SIDE, SIDE * len(streams), 3), dtype=np.uint8, tile=(SIDE, SIDE), photometric="rgb",
            compression=compression, metadata=None, description="Aperio made for a test",
        )  # fmt: skip


@pytest.fixture
def streams() -> dict[str, list[bytes]]:
    wide = [np.dstack([smooth(SIDE, SIDE, 3 * n + k) for k in range(3)]) for n in range(3)]
    thin = [
        with_thin_chroma(smooth(SIDE, SIDE, n), smooth(SIDE, SIDE // 2, n + 9), smooth(SIDE, SIDE // 2, n + 18))
        for n in range(3)
    ]
    return {"even": [encode(samples) for samples in wide], "thin": thin}


@pytest.mark.parametrize(("compression", "chroma"), [(33003, "thin"), (33003, "even"), (33005, "even")])
def test_aperio_s_numbers_tell_the_colours(
    tmp_path: Path, streams: dict[str, list[bytes]], compression: int, chroma: str
) -> None:
    path = tmp_path / "made.svs"
    write_svs(path, streams[chroma], compression)
    with open_slide(path) as slide, OpenSlideReader(path) as openslide:
        assert isinstance(slide, TiffReader)
        found = slide.read(0, 0, 0, 3 * SIDE, SIDE)
        assert found.std() > 10
        assert np.array_equal(found, openslide.read(0, 0, 0, 3 * SIDE, SIDE))


def test_a_tiff_of_no_family_is_read_too(tmp_path: Path) -> None:
    pixels = np.dstack([smooth(SIDE, SIDE, k) for k in range(3)])
    path = tmp_path / "made.tiff"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(
            iter([encode(pixels)]), shape=pixels.shape, dtype=np.uint8, tile=(SIDE, SIDE), photometric="rgb",
            compression=34712, metadata=None, resolution=(20000, 20000), resolutionunit="CENTIMETER",
        )  # fmt: skip
    with open_slide(path) as slide:
        assert isinstance(slide, TiffReader)
        assert slide.mpp == (0.5, 0.5)
        assert np.array_equal(slide.read(0, 0, 0, SIDE, SIDE), pixels)


def test_grey_streams_stay_grey() -> None:
    grey = smooth(SIDE, SIDE, 1)
    assert np.array_equal(Jpeg2000Tiles(Size(SIDE, SIDE), "grey").decode(encode(grey)), grey[..., None])


def test_what_does_not_fit_is_refused_before_it_is_decoded(streams: dict[str, list[bytes]]) -> None:
    tiles, sound = Jpeg2000Tiles(Size(SIDE, SIDE), "rgb"), streams["even"][0]
    huge = sound[:8] + struct.pack(">II", 1 << 30, 1 << 30) + sound[16:]
    deep = sound[:42] + bytes((15,)) + sound[43:]
    for stream in (huge, deep, streams["thin"][0], encode(smooth(SIDE, SIDE, 0)), sound[:40], b"", b"\xff\x4f" * 99):
        with pytest.raises(UndecodableTile):
            tiles.decode(stream)


@pytest.mark.parametrize("chroma", ["even", "thin"])
def test_a_stream_that_ends_early_is_refused(streams: dict[str, list[bytes]], chroma: str) -> None:
    stream, tiles = streams[chroma][0], Jpeg2000Tiles(Size(SIDE, SIDE), "ycbcr")
    tiles.decode(stream)
    with pytest.raises(UndecodableTile):
        tiles.decode(stream[: len(stream) // 3])
