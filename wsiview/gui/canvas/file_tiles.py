"""File tiles: the tiles that a slide's file is made of, each decoded once, however many threads want it.

Their pixels have the form in which screens have them, Qt's RGB32: what is decoded to it needs to be converted nowhere.
"""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from wsiview.cache import Cache
from wsiview.gui.canvas.tile_memory import TileMemory
from wsiview.slide.pyramid import Pyramid
from wsiview.slide.screen_reader import ScreenReader
from wsiview.slide.slide import Pixels, Slide, SlideVanished, TileUnreadable
from wsiview.slide.wrapped_slide import WrappedSlide

ScreenPixels = NDArray[np.uint32]
"""(height, width), each 0xFFRRGGBB."""
Natural = tuple[int, int, int]
"""Level, column and row of a tile as the file has it."""

_BYTES = 64 << 20
_USUAL_TILE, _LARGEST_TILE, _SMALLEST_TILE = 512, 1024, 128


class FileTiles:
    """Tiles of one slide, read on worker threads.

    The window's thread may look at `bad` and `vanished` and call `try_again`, none of which waits for anybody.

    Attributes
    ----------
    bad
        Tiles that could not be read.
    vanished
        The sentence about a file that went away, empty while it is there.
    """

    def __init__(self, slide: Slide, pyramid: Pyramid, memory: TileMemory) -> None:
        """Keep the slide, which the caller closes, and tiles in this memory."""
        self.bad: frozenset[Natural] = frozenset()
        self.vanished = ""
        self.decoded: Cache[Natural, ScreenPixels] = Cache(_BYTES)
        self._slide, self._pyramid, self._memory = slide, pyramid, memory
        self._reader = slide if isinstance(slide, ScreenReader) else None
        self._sizes = tuple(_usable(tile.width, tile.height) for tile in pyramid.level_tiles)
        self._tries = 0
        self._failed: dict[Natural, int] = {}  # tiles that could not be read, and in which try
        self._reading: dict[Natural, threading.Lock] = {}
        self._lock = threading.Lock()

    def try_again(self) -> None:
        """Give every unreadable tile one more chance when it is next wanted."""
        self._tries += 1

    def size(self, level: int) -> tuple[int, int]:
        """The file's own tile, or a usual one where the file has strips or a single giant."""
        return self._sizes[level]

    def is_being_read(self, key: Natural) -> bool:
        """Whether another thread is at it."""
        return key in self._reading

    def mark(self, keys: set[Natural]) -> None:
        """Count tiles as bad that nobody needs to try."""
        with self._lock:
            self.bad |= keys

    def get(self, key: Natural) -> tuple[ScreenPixels | None, bool]:
        """One tile (cut at the level's edge), None where it is unreadable, and whether all of it is there by now.

        What another thread is reading is waited for.
        """
        while True:
            with self._lock:
                found = self.decoded.get(key)
                if found is not None:
                    return found, True
                if self._failed.get(key) == self._tries:
                    return None, True
                at_it = self._reading.get(key)
                if at_it is None:
                    mine = self._reading[key] = threading.Lock()
                    mine.acquire()
                    break
            with at_it:
                pass
        try:
            return self._read(key, self._tries)
        finally:
            with self._lock:
                del self._reading[key]
            mine.release()

    def _read(self, key: Natural, tries: int) -> tuple[ScreenPixels | None, bool]:
        level, col, row = key
        (tile_w, tile_h), size = self.size(level), self._pyramid.level_dimensions[level]
        x, y = col * tile_w, row * tile_h
        place = level, x, y, min(tile_w, size.width - x), min(tile_h, size.height - y)
        # Asked before it is read, since it may come in between.
        whole = not isinstance(self._slide, WrappedSlide) or self._slide.is_whole(*place)
        try:
            pixels, nbytes = self._pixels(*place)
        except TileUnreadable as error:
            with self._lock:
                self._failed[key] = tries
                self.bad |= {key}
                self.vanished = str(error) if isinstance(error, SlideVanished) else self.vanished
            return None, True
        with self._lock:
            if key in self._failed:
                del self._failed[key]
                self.bad -= {key}
            self.vanished = ""
            if whole:
                self.decoded.put(key, pixels, nbytes)
        return pixels, whole


    def _pixels(self, level: int, x: int, y: int, width: int, height: int) -> tuple[ScreenPixels, int]:
        pixels, nbytes = self._memory.tile(width, height)
        if self._reader is None or not self._reader.read_bgra(level, x, y, width, height, as_bytes(pixels)):
            _convert(self._slide.read(level, x, y, width, height), pixels)
        return pixels, nbytes


def as_bytes(pixels: ScreenPixels) -> NDArray[np.uint8]:
    """The same memory as (height, width, 4): blue, green, red, 255."""
    return pixels.view(np.uint8).reshape(*pixels.shape, 4)


def _convert(pixels: Pixels, out: ScreenPixels) -> None:
    height, width = out.shape
    image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    converted = image.convertToFormat(QImage.Format.Format_RGB32)  # lives as long as its bits are looked at
    out[:] = np.frombuffer(converted.constBits(), np.uint32).reshape(height, width)


def _usable(width: int, height: int) -> tuple[int, int]:
    fits = all(_SMALLEST_TILE <= side <= _LARGEST_TILE for side in (width, height))
    return (width, height) if fits else (_USUAL_TILE, _USUAL_TILE)
