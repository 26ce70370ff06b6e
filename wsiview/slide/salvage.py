"""Salvage: reads what is sound of a rectangle that holds damaged data, one tile of the file after another."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from wsiview.slide.slide import Pixels, Slide, SlideVanished, TileUnreadable


class Salvage:
    """Reads around a slide's damaged tiles and remembers them, since each failed attempt is dear; thread-safe."""

    def __init__(self, slide: Slide) -> None:
        """Salvage from `slide`, which stays open."""
        self._slide = slide
        self._bad: dict[tuple[int, int, int], TileUnreadable] = {}
        self._lock = threading.Lock()

    @property
    def bad(self) -> tuple[tuple[int, int, int], ...]:
        """The damaged tiles met so far: level, row and column, in that order."""
        with self._lock:
            return tuple(sorted(self._bad))

    def read(
        self, level: int, x: int, y: int, width: int, height: int
    ) -> tuple[Pixels, NDArray[np.bool_], TileUnreadable | None]:
        """A rectangle of a level: its pixels, which of them are damaged (height, width), and one of the errors.

        Damaged pixels have the background colour.

        Raises
        ------
        SlideVanished
            If the file is gone.
        """
        damaged = np.zeros((height, width), bool)
        if not self._touches_bad(level, x, y, width, height):
            try:
                return self._slide.read(level, x, y, width, height), damaged, None
            except SlideVanished:
                raise
            except TileUnreadable:
                pass
        pixels = np.empty((height, width, 3), np.uint8)
        pixels[:] = self._slide.background
        tile = self._slide.level_tiles[level]
        first: TileUnreadable | None = None
        for row in range(y // tile.height, -(-(y + height) // tile.height)):
            for col in range(x // tile.width, -(-(x + width) // tile.width)):
                left, top = max(x, col * tile.width), max(y, row * tile.height)
                right, bottom = min(x + width, (col + 1) * tile.width), min(y + height, (row + 1) * tile.height)
                window = slice(top - y, bottom - y), slice(left - x, right - x)
                part = self._read_tile((level, row, col), left, top, right - left, bottom - top)
                if isinstance(part, TileUnreadable):
                    damaged[window], first = True, first or part
                else:
                    pixels[window] = part
        return pixels, damaged, first

    def _touches_bad(self, level: int, x: int, y: int, width: int, height: int) -> bool:
        tile = self._slide.level_tiles[level]
        rows = range(y // tile.height, -(-(y + height) // tile.height))
        cols = range(x // tile.width, -(-(x + width) // tile.width))
        with self._lock:
            return any(at == level and row in rows and col in cols for at, row, col in self._bad)

    def _read_tile(
        self, key: tuple[int, int, int], x: int, y: int, width: int, height: int
    ) -> Pixels | TileUnreadable:
        with self._lock:
            known = self._bad.get(key)
        if known is not None:
            return known
        try:
            return self._slide.read(key[0], x, y, width, height)
        except SlideVanished:
            raise
        except TileUnreadable as error:
            error.__traceback__ = error.__context__ = error.__cause__ = None  # they would keep the pixels alive
            with self._lock:
                self._bad[key] = error
            return error
