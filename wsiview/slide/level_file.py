"""Level file: levels of a slide in a TIFF of their own, tiled and JPEG, with a checksum of every tile."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import secrets
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import imagecodecs
import numpy as np

from wsiview.errors import SlideError
from wsiview.geometry import Size
from wsiview.slide.slide import Pixels

TILE = 512
QUALITY = 92
_PLACE = tuple[int, int, int]


class LevelFileDamaged(SlideError):
    """A level file that isn't what was written; it has to be made again."""


class LevelFileWriter:
    """Takes tiles in any order; the file appears under its name once it is whole.

    What comes is spooled to the disk, so nothing but the tiles' places is kept in memory. Other threads may read from
    the spool what has come.

    Parameters
    ----------
    path
        Where the file is to be.
    sizes
        Of its levels.

    Raises
    ------
    OSError
        From any method, if the disk is full or may not be written to; `close` then leaves nothing behind.
    """

    def __init__(self, path: Path, sizes: Sequence[Size]) -> None:
        """Begin the spool."""
        self._path, self._sizes = path, tuple(sizes)
        token = secrets.token_hex(8)
        self._parts = path.with_name(f".{token}.spool"), path.with_name(f".{token}.part")
        self._places: dict[_PLACE, tuple[int, int]] = {}
        self._sums: dict[_PLACE, int] = {}
        self._begun: dict[int, tuple[_PLACE, Pixels]] = {}
        self._spool: BinaryIO = self._parts[0].open("xb+", buffering=0)

    def begin(self, level: int, row: int, col: int, pixels: Pixels) -> None:
        """A tile is being filled in; what it holds meanwhile can be looked at."""
        self._begun[level] = (level, row, col), pixels

    def is_finished(self, level: int, row: int, col: int) -> bool:
        """Whether a tile has come."""
        return (level, row, col) in self._places

    def tile(self, level: int, row: int, col: int) -> Pixels | None:
        """A tile as it is by now, cut at the level's far edges, or None if it isn't even begun; from any thread."""
        place = self._places.get((level, row, col))
        if place is None:
            at, pixels = self._begun.get(level, (None, None))
            return pixels.copy() if at == (level, row, col) and pixels is not None else None
        try:
            with self._parts[0].open("rb", buffering=0) as file:
                file.seek(place[0])
                return _cut(imagecodecs.jpeg8_decode(file.read(place[1])), self._sizes[level], row, col)
        except OSError:  # the spool is gone, since nobody wants the levels any more
            return None

    def put(self, level: int, row: int, col: int, pixels: Pixels) -> None:
        """Keep a tile (height, width, 3), which may be smaller than `TILE` at the level's far edges."""
        down, right = TILE - pixels.shape[0], TILE - pixels.shape[1]
        whole = np.pad(pixels, ((0, down), (0, right), (0, 0)), mode="edge") if down or right else pixels
        content = bytes(
            imagecodecs.jpeg8_encode(
                np.ascontiguousarray(whole), level=QUALITY, colorspace="RGB", outcolorspace="YCBCR", subsampling=(1, 1)
            )
        )
        place = self._spool.seek(0, os.SEEK_END), len(content)
        if self._spool.write(content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._sums[level, row, col] = zlib.crc32(content)
        self._places[level, row, col] = place
        self._begun.pop(level, None)

    def finish(self, about: dict[str, Any]) -> None:
        """Write the file, with these facts in it, and give it its name."""
        import tifffile

        sums = [[self._sums[place] for place in _places(index, size)] for index, size in enumerate(self._sizes)]
        words = json.dumps({**about, "crc32": sums}, sort_keys=True)
        with self._parts[1].open("xb") as stream:
            with tifffile.TiffWriter(stream, bigtiff=True) as out:
                for index, size in enumerate(self._sizes):
                    out.write(
                        self._contents(index, size), shape=(size.height, size.width, 3), dtype=np.uint8,
                        tile=(TILE, TILE), compression="jpeg", photometric="ycbcr", subsampling=(1, 1), metadata=None,
                        subfiletype=1 if index else 0, description=words if index == 0 else None, software="wsiview",
                    )  # fmt: skip
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(self._parts[1], self._path)

    def close(self) -> None:
        """Clear the spool, and what was not finished."""
        with contextlib.suppress(OSError):  # what was not written yet fails again on a full disk
            self._spool.close()
        for part in self._parts:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def _contents(self, level: int, size: Size) -> Iterator[bytes]:
        for place in _places(level, size):
            offset, count = self._places[place]
            self._spool.seek(offset)
            yield self._spool.read(count)


class LevelFile:
    """Reads one, from many threads at once.

    Parameters
    ----------
    path
        The file.
    sizes
        Of the levels that it must hold.

    Raises
    ------
    LevelFileDamaged
        If it is not whole, or of other levels.
    OSError
        If it can't be opened.
    """

    def __init__(self, path: Path, sizes: Sequence[Size]) -> None:
        """Read its directories."""
        import tifffile

        self.path, self._sizes = path, tuple(sizes)
        with path.open("rb") as stream:
            length = os.fstat(stream.fileno()).st_size
            try:
                with tifffile.TiffFile(stream) as tiff:
                    pages: list[Any] = [tiff.pages[index] for index in range(len(tiff.pages))]
                    self.about: dict[str, Any] = json.loads(pages[0].description)
                    found = [Size(page.imagewidth, page.imagelength) for page in pages]
                    self._tiles = _directory(pages, self.about["crc32"], length)
            except Exception as error:  # tifffile raises whatever a damaged file makes it stumble over
                raise LevelFileDamaged(f"{path.name} is damaged ({error}); it is made again") from error
        if found != list(self._sizes):
            raise LevelFileDamaged(f"{path.name} holds levels of other sizes; it is made again")

    def tile(self, level: int, row: int, col: int) -> Pixels:
        """One tile, cut at the level's far edges, (height, width, 3).

        Raises
        ------
        LevelFileDamaged
            If it isn't what was written.
        """
        offset, count, known = self._tiles[level, row, col]
        content = self._bytes(offset, count)
        if zlib.crc32(content) != known:
            raise LevelFileDamaged(f"{self.path.name} is damaged; it is made again")
        return _cut(imagecodecs.jpeg8_decode(content), self._sizes[level], row, col)

    def is_finished(self, level: int, row: int, col: int) -> bool:
        """All tiles are."""
        return True

    def _bytes(self, offset: int, count: int) -> bytes:
        # A descriptor of its own for each tile costs little, and threads share nothing.
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(offset)
                return file.read(count)
        except OSError as error:
            raise LevelFileDamaged(f"{self.path.name} can't be read any more ({error}); it is made again") from error


def _directory(pages: Any, sums: list[list[int]], length: int) -> dict[_PLACE, tuple[int, int, int]]:
    """Offset, bytes and checksum of every tile; raises if the file is too short for them."""
    tiles: dict[_PLACE, tuple[int, int, int]] = {}
    for level, (page, known) in enumerate(zip(pages, sums, strict=True)):
        places = _places(level, Size(page.imagewidth, page.imagelength))
        for place, offset, count, crc in zip(places, page.dataoffsets, page.databytecounts, known, strict=True):
            tiles[place] = offset, count, crc
            if offset + count > length:
                raise ValueError("its end is missing")
    return tiles


def _cut(pixels: Pixels, size: Size, row: int, col: int) -> Pixels:
    """Without what a tile has beyond its level."""
    return pixels[: size.height - row * TILE, : size.width - col * TILE]


def _places(level: int, size: Size) -> Iterator[_PLACE]:
    for row in range(math.ceil(size.height / TILE)):
        for col in range(math.ceil(size.width / TILE)):
            yield level, row, col
