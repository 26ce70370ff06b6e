"""Array slide: a picture held in memory, as a slide of its own; for plain images and for tests."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from PIL import Image

from wsiview.geometry import Region, Size
from wsiview.slide.calibration import believable_mpp
from wsiview.slide.fingerprint import slide_fingerprint
from wsiview.slide.slide import Pixels, SlideVanished, TileUnreadable

_STRIP = 1024
_SMALLEST = 512


class ArraySlide:
    """A slide over one array; coarser levels are made by averaging 2 × 2 pixels until they are under 512 px.

    Parameters
    ----------
    pixels
        (height, width, 3) uint8 RGB; not copied.
    mpp
        Micrometres per pixel, (x, y); counts as missing outside 0.05–10.
    name
        What to call it; by default the file's name.
    path
        The file it was read from, if any.
    tile
        Side of the tiles in which others should read it.
    reader, vendor
        Where the pixels come from.
    icc_profile
        What the colours mean, if the file says so.
    """

    def __init__(
        self,
        pixels: Pixels,
        mpp: tuple[float, float] | None = None,
        name: str | None = None,
        path: Path | None = None,
        tile: int = 256,
        reader: str = "array",
        vendor: str = "image",
        icc_profile: bytes | None = None,
    ) -> None:
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or 0 in pixels.shape:
            raise ValueError(f"an array slide needs uint8 pixels (height, width, 3), not {pixels.dtype} {pixels.shape}")
        self._levels: tuple[Pixels, ...] = tuple(_pyramid(pixels))
        self._file = path
        self.path = path if path is not None else Path(name or "array")
        self.name = name if name is not None else self.path.stem
        self.reader, self.vendor = reader, vendor
        self.mpp = believable_mpp(mpp)
        self.bounds: Region | None = None
        self.background = (255, 255, 255)
        self.level_dimensions = tuple(Size(level.shape[1], level.shape[0]) for level in self._levels)
        self.level_downsamples = tuple((float(1 << n), float(1 << n)) for n in range(len(self._levels)))
        self.level_tiles = tuple(Size(tile, tile) for _ in self._levels)
        self.associated: tuple[str, ...] = ()
        self.icc_profile = icc_profile

    @property
    def dimensions(self) -> Size:
        """The size of level 0."""
        return self.level_dimensions[0]

    @cached_property
    def fingerprint(self) -> str:
        """Over the file where there is one, else over the pixels."""
        if self._file is None:
            pixels = self._levels[0]
            return hashlib.sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()
        try:
            return slide_fingerprint((self._file,), self.dimensions, self.level_dimensions)
        except OSError as error:
            reason = "the file can't be reached any more; check the disk or network connection"
            raise SlideVanished(self.path, 0, 0, 0, self.dimensions.width, self.dimensions.height, reason) from error

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """Pixels of one level, see `Slide.read`."""
        if not self._levels:
            raise TileUnreadable(self.path, level, x, y, width, height, "the slide was closed; open it again")
        out = np.empty((height, width, 3), np.uint8)
        source = self._levels[level]
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + width, source.shape[1]), min(y + height, source.shape[0])
        if right <= left or bottom <= top:
            out[:] = self.background
            return out
        if right - left < width or bottom - top < height:
            out[:] = self.background
        out[top - y : bottom - y, left - x : right - x] = source[top:bottom, left:right]
        return out

    def read_associated(self, name: str) -> Pixels:
        """A plain picture has no associated ones."""
        raise KeyError(name)

    def close(self) -> None:
        """Let go of the pixels."""
        self._levels = ()

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def halved_sizes(size: Size) -> tuple[Size, ...]:
    """The sizes of the levels that an array slide of this size has."""
    sizes = [size]
    while max(sizes[-1].width, sizes[-1].height) >= _SMALLEST:
        sizes.append(Size((sizes[-1].width + 1) // 2, (sizes[-1].height + 1) // 2))
    return tuple(sizes)


def _pyramid(pixels: Pixels) -> list[Pixels]:
    levels = [pixels]
    while max(levels[-1].shape[:2]) >= _SMALLEST:
        levels.append(_halve(levels[-1]))
    return levels


def _halve(pixels: Pixels) -> Pixels:
    """Mean of 2 × 2 pixels (fewer at odd edges), strip by strip so that Pillow's copy stays small."""
    height, width = pixels.shape[:2]
    out = np.empty(((height + 1) // 2, (width + 1) // 2, 3), np.uint8)
    for top in range(0, height, _STRIP):
        strip = Image.fromarray(np.ascontiguousarray(pixels[top : top + _STRIP]))
        out[top // 2 : top // 2 + (strip.height + 1) // 2] = np.asarray(strip.reduce(2))
    return out
