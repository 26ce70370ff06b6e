"""JPEG 2000 tile: decodes one tile of a TIFF whose samples are RGB, grey, or YCbCr with or without thinner chroma."""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wsiview.geometry import Size
from wsiview.slide.jpeg_tile import UndecodableTile
from wsiview.slide.slide import Pixels

Colour = Literal["grey", "rgb", "ycbcr"]
"""What samples mean."""

_CODESTREAM = b"\xff\x4f\xff\x51"
_SRGB = 16

_chroma = np.arange(256) - 128
_RED = np.rint(1.402 * _chroma).astype(np.int16)
_BLUE = np.rint(1.772 * _chroma).astype(np.int16)
_GREEN_CB = np.rint(65536 * (0.5 - 0.34414 * _chroma)).astype(np.int32)
_GREEN_CR = np.rint(-65536 * 0.71414 * _chroma).astype(np.int32)


class Jpeg2000Tiles:
    """Decodes the tiles of one level; safe between threads."""

    def __init__(self, tile: Size, colour: Colour) -> None:
        """Take tiles of one size, whose samples mean `colour`."""
        self._tile, self._colour = tile, colour

    def decode(self, stream: bytes) -> Pixels:
        """RGB pixels (tile height, tile width, 3), or (tile height, tile width, 1) of grey ones.

        Raises
        ------
        UndecodableTile
            If the stream is damaged, or is of another size or kind.
        """
        frame = _frame(stream)
        if (frame.width, frame.height) != (self._tile.width, self._tile.height):
            raise UndecodableTile(f"its stream has {frame.width} × {frame.height} px, its tile another size")
        if frame.samples != (1 if self._colour == "grey" else 3):
            raise UndecodableTile(f"its stream has {frame.samples} samples")
        if frame.thinned and self._colour != "ycbcr":
            raise UndecodableTile("its samples have different sizes")
        pixels = _thinned(frame, stream) if frame.thinned else _even(stream)
        shape = self._tile.height, self._tile.width, frame.samples
        if pixels.dtype != np.uint8 or pixels.size != math.prod(shape):
            raise UndecodableTile(f"its stream gives {pixels.dtype} {pixels.shape}")
        found: Pixels = pixels.reshape(shape).view(np.uint8)
        return _rgb_from_ycbcr(found) if self._colour == "ycbcr" else found


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the head of a codestream says."""

    start: int
    width: int
    height: int
    samples: int
    thinned: bool


def _frame(stream: bytes) -> _Frame:
    start = stream.find(_CODESTREAM, 0, 4096)
    fields = stream[start + 6 : start + 42]
    if start < 0 or len(fields) < 36:
        raise UndecodableTile("it is no JPEG 2000 stream")
    # Rsiz, then the picture's far corner and near corner, the size and corner of its tiles, and the samples.
    _, right, bottom, left, top, _, _, _, _, samples = struct.unpack(">H8IH", fields)
    depths = stream[start + 42 : start + 42 + 3 * samples]
    if not 1 <= samples <= 4 or len(depths) < 3 * samples:
        raise UndecodableTile("its JPEG 2000 header is damaged")
    if any(depth != 7 for depth in depths[0::3]):
        raise UndecodableTile("its samples have not 8 bits")
    thinned = any(step != 1 for step in depths[1::3] + depths[2::3])
    return _Frame(start, right - left, bottom - top, samples, thinned)


def _even(stream: bytes) -> NDArray[np.generic]:
    import imagecodecs

    try:
        pixels: NDArray[np.generic] = imagecodecs.jpeg2k_decode(stream, numthreads=1)
    except (RuntimeError, ValueError, NotImplementedError) as error:
        raise UndecodableTile(str(error)) from error
    return pixels


def _thinned(frame: _Frame, stream: bytes) -> Pixels:
    """YCbCr samples, thinner ones repeated.

    imagecodecs turns these into RGB by rounding of its own. Pillow repeats samples and leaves them as they are, if a
    file around the stream says that they are RGB.
    """
    header = struct.pack(">IIHBBBB", frame.height, frame.width, frame.samples, 7, 7, 0, 0)
    colour = bytes((1, 0, 0)) + struct.pack(">I", _SRGB)
    boxes = (
        _box(b"jP  ", b"\r\n\x87\n"),
        _box(b"ftyp", b"jp2 \x00\x00\x00\x00jp2 "),
        _box(b"jp2h", _box(b"ihdr", header) + _box(b"colr", colour)),
        _box(b"jp2c", stream[frame.start :]),
    )
    try:
        with Image.open(io.BytesIO(b"".join(boxes)), formats=("JPEG2000",)) as image:
            return np.asarray(image)
    except (OSError, ValueError, SyntaxError) as error:
        raise UndecodableTile(str(error)) from error


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _rgb_from_ycbcr(pixels: Pixels) -> Pixels:
    """The usual conversion, rounded to the nearest as libjpeg does."""
    luma, cb, cr = pixels[..., 0].astype(np.int16), pixels[..., 1], pixels[..., 2]
    out = np.empty(pixels.shape, np.uint8)
    np.clip(luma + _RED[cr], 0, 255, out=out[..., 0], casting="unsafe")
    np.clip(luma + ((_GREEN_CB[cb] + _GREEN_CR[cr]) >> 16), 0, 255, out=out[..., 1], casting="unsafe")
    np.clip(luma + _BLUE[cb], 0, 255, out=out[..., 2], casting="unsafe")
    return out
