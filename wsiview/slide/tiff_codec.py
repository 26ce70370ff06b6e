"""TIFF codec: turns the bytes of a TIFF's tile into RGB pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.geometry import Size
from wsiview.slide.jpeg2000_tile import Jpeg2000Tiles
from wsiview.slide.jpeg_tile import Colour, JpegTiles, UndecodableTile
from wsiview.slide.slide import Pixels

Decode = Callable[[bytes], NDArray[np.uint8]]

NONE, LZW, JPEG, DEFLATE, OLD_DEFLATE = 1, 5, 7, 8, 32946
APERIO_YCBCR, JPEG2000_LOSSY, APERIO_RGB, JPEG2000 = 33003, 33004, 33005, 34712
_JPEG2000 = (APERIO_YCBCR, JPEG2000_LOSSY, APERIO_RGB, JPEG2000)
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, YCBCR = 0, 1, 2, 6
_HORIZONTAL = 2


class UnknownCoding(Exception):
    """Tiles coded in a way that is not read here; its text says which."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How the tiles of one level are coded, by the numbers of TIFF's tags.

    Attributes
    ----------
    planes
        1, or 3 where red, green and blue lie in tiles of their own.
    samples
        Per pixel of one tile: 1 or 3.
    colour
        What a compressed stream's samples mean, where the photometric tag does not tell.
    """

    compression: int
    photometric: int
    predictor: int
    planes: int
    samples: int
    tables: bytes | None = None
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class TileDecoder:
    """Functions of a tile's bytes, which raise UndecodableTile where those are damaged.

    Attributes
    ----------
    rgb
        From the bytes of each plane to pixels (tile height, tile width, 3).
    bgra
        Writes blue, green, red and 255 into pixels (tile height, tile width, 4), where that can be done at once.
    """

    rgb: Callable[[Sequence[bytes]], Pixels]
    bgra: Callable[[bytes, Pixels], None] | None = None


def tile_decoder(coding: Coding, tile: Size) -> TileDecoder:
    """What decodes the tiles of one level.

    Raises
    ------
    UnknownCoding
        If such tiles are not read here.
    """
    if coding.photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, YCBCR):
        raise UnknownCoding(f"colours of the kind {coding.photometric} are not read")
    if coding.compression == JPEG:
        jpeg = _jpeg_tiles(coding, tile)
        at_once = coding.planes == 1 and coding.photometric != WHITE_IS_ZERO
        return TileDecoder(_rgb(coding, tile, jpeg.decode), jpeg.decode_bgra if at_once else None)
    if coding.compression in _JPEG2000:
        colour = _colour(coding)
        return TileDecoder(_rgb(coding, tile, Jpeg2000Tiles(tile, "rgb" if colour == "jfif" else colour).decode))
    if coding.photometric == YCBCR:
        raise UnknownCoding("YCbCr without JPEG is not read")
    return TileDecoder(_rgb(coding, tile, _raster_decoder(coding, tile)))


def _colour(coding: Coding) -> Colour:
    usual: Colour = "grey" if coding.samples == 1 else "ycbcr" if coding.photometric == YCBCR else "rgb"
    return coding.colour or usual


def _jpeg_tiles(coding: Coding, tile: Size) -> JpegTiles:
    try:
        return JpegTiles(tile, _colour(coding), coding.tables)
    except UndecodableTile as error:
        raise UnknownCoding(f"its JPEG tables are damaged: {error}") from error


def _rgb(coding: Coding, tile: Size, decode: Decode) -> Callable[[Sequence[bytes]], Pixels]:
    """From the bytes of planes to pixels, with what decodes one of them to (tile height, tile width, 1 or 3)."""
    shape = tile.height, tile.width, 3
    if coding.planes == 3:
        return lambda streams: np.concatenate([decode(stream)[..., :1] for stream in streams], axis=2)
    if coding.photometric == WHITE_IS_ZERO:
        return lambda streams: np.ascontiguousarray(np.broadcast_to(~decode(streams[0]), shape))
    if coding.samples == 1:
        return lambda streams: np.ascontiguousarray(np.broadcast_to(decode(streams[0]), shape))
    return lambda streams: decode(streams[0])


def _raster_decoder(coding: Coding, tile: Size) -> Decode:
    """Tiles that are rows of pixels once they are expanded."""
    import imagecodecs

    known: dict[int, Callable[..., Any]] = {
        NONE: _copy,
        LZW: imagecodecs.lzw_decode,
        DEFLATE: imagecodecs.deflate_decode,
        OLD_DEFLATE: imagecodecs.deflate_decode,
    }
    if coding.compression not in known:
        raise UnknownCoding(f"compression {coding.compression} is not read")
    expand = known[coding.compression]
    if coding.predictor not in (1, _HORIZONTAL):
        raise UnknownCoding(f"predictor {coding.predictor} is not read")
    shape = tile.height, tile.width, coding.samples

    def decode(stream: bytes) -> Pixels:
        pixels = np.empty(shape, np.uint8)
        flat = pixels.reshape(-1)
        try:
            expanded = expand(stream, out=flat)
        except (RuntimeError, ValueError) as error:
            raise UndecodableTile(str(error)) from error
        if len(expanded) != flat.size:
            raise UndecodableTile(f"it holds {len(expanded)} bytes of {flat.size}")
        if coding.predictor == _HORIZONTAL:
            imagecodecs.delta_decode(pixels, axis=1, out=pixels)
        return pixels

    return decode


def _copy(stream: bytes, out: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bytes that need no expanding, as far as they fit."""
    count = min(len(stream), out.size)
    out[:count] = np.frombuffer(stream, np.uint8, count)
    return out[:count]
