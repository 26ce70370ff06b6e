"""JPEG tile: decodes one tile of a TIFF in the colours that the TIFF, not the stream, says it has.

The stream is given whole headers (tables, and an Adobe marker for its colour space) and decoded strictly: what the
library would only warn of, such as a stream that ends too early, is an error, as it is in OpenSlide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Literal, NamedTuple

import numpy as np
import simplejpeg

from wsiview.geometry import Size
from wsiview.slide.slide import Pixels

Colour = Literal["grey", "rgb", "ycbcr", "jfif"]
"""What samples mean; "jfif" is YCbCr in streams with a JFIF marker and RGB in others."""

VERSION = f"simplejpeg {version('simplejpeg')}"

_BEGIN, _END, _SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
_APP0, _APP15 = 0xE0, 0xEF
_FRAMES = (0xC0, 0xC1, 0xC2)
_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
_MOST_HEADER = 1 << 16


class UndecodableTile(Exception):
    """A tile that can't be decoded beyond doubt; its text says why."""


class JpegTiles:
    """Decodes the tiles of one level, whose streams mostly begin alike; safe between threads.

    Parameters
    ----------
    tile
        The size that each stream must have.
    colour
        What its samples mean.
    tables
        The TIFF's own JPEGTables, a stream of tables only.

    Raises
    ------
    UndecodableTile
        If the tables are damaged.
    """

    def __init__(self, tile: Size, colour: Colour, tables: bytes | None = None) -> None:
        self._tile, self._colour = tile, colour
        self._tables = b"" if tables is None else b"".join(_lasting(_segments(tables)))
        self._known = b"nothing begins like this", b""

    def decode(self, stream: bytes) -> Pixels:
        """RGB pixels (tile height, tile width, 3).

        Raises
        ------
        UndecodableTile
            If the stream is damaged in any way, or is of another size or kind.
        """
        pixels = np.empty((self._tile.height, self._tile.width, 3), np.uint8)
        self._decode(stream, "RGB", pixels)
        return pixels

    def decode_bgra(self, stream: bytes, out: Pixels) -> None:
        """Write blue, green, red and 255 to `out` (tile height, tile width, 4).

        Raises
        ------
        UndecodableTile
            As of `decode`.
        """
        self._decode(stream, "BGRA", out)

    def _decode(self, stream: bytes, order: str, out: Pixels) -> None:
        header, new = self._known
        if not stream.startswith(header):
            header, new = self._known = self._headers(stream)
        try:
            simplejpeg.decode_jpeg(new + stream[len(header) :], order, buffer=out)
        except ValueError as error:
            raise UndecodableTile(str(error)) from error

    def _headers(self, stream: bytes) -> tuple[bytes, bytes]:
        """What stands before the scan, and what to decode in its place."""
        segments = list(_segments(stream))
        if not segments or segments[-1].kind != _SCAN:
            raise UndecodableTile("its JPEG header has no scan")
        self._check_frame(next((segment.data for segment in segments if segment.kind in _FRAMES), b""))
        jfif = any(segment.kind == _APP0 and segment.data[4:9] == b"JFIF\x00" for segment in segments)
        ycbcr = self._colour == "ycbcr" or (self._colour == "jfif" and jfif)
        adobe = b"" if self._colour == "grey" else _ADOBE + (b"\x01" if ycbcr else b"\x00")
        # With the marker of the scan, or what begins alike could go on with another frame.
        header = stream[: segments[-1].start + 2]
        return header, b"".join((_BEGIN, self._tables, *_lasting(segments), adobe, header[-2:]))

    def _check_frame(self, frame: bytes) -> None:
        """Refuse other sizes before a decoder believes them."""
        if len(frame) < 10:
            raise UndecodableTile("its JPEG header has no frame")
        depth, height, width = frame[4], int.from_bytes(frame[5:7], "big"), int.from_bytes(frame[7:9], "big")
        if (width, height) != (self._tile.width, self._tile.height):
            raise UndecodableTile(f"its JPEG stream has {width} × {height} px, its tile another size")
        if depth != 8 or frame[9] != (1 if self._colour == "grey" else 3):
            raise UndecodableTile(f"its JPEG stream has {frame[9]} samples of {depth} bits")


class _Segment(NamedTuple):
    """A part of a header: the kind of its marker, where it begins, and its bytes, marker and all."""

    kind: int
    start: int
    data: bytes


def _segments(stream: bytes) -> Iterator[_Segment]:
    """Parts of a header, up to the scan or the end of the tables."""
    if stream[:2] != _BEGIN:
        raise UndecodableTile("it is no JPEG stream")
    at = 2
    while at < _MOST_HEADER and stream[at : at + 1] == b"\xff":
        kind, length = stream[at + 1 : at + 2], int.from_bytes(stream[at + 2 : at + 4], "big")
        if kind == b"\xff":  # any number of these may stand before a marker
            at += 1
            continue
        if kind == _END[1:]:
            return
        if not kind or length < 2:
            break
        yield _Segment(kind[0], at, stream[at : at + 2 + length])
        if kind[0] == _SCAN:
            return
        at += 2 + length
    raise UndecodableTile("its JPEG header is damaged")


def _lasting(segments: Iterable[_Segment]) -> Iterator[bytes]:
    """What a decoder needs of a header; what applications wrote about colours is decided elsewhere."""
    return (segment.data for segment in segments if segment.kind != _SCAN and not _APP0 <= segment.kind <= _APP15)
