"""Recent tiles: decoded tiles of a slide that a read beside them may need again, bounded in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict

from wsiview.slide.slide import Pixels

TileKey = tuple[int, int, int]
"""Level, column and row."""


class RecentTiles:
    """Forgets the tiles used longest ago; nobody may write into what it hands out. Safe between threads."""

    def __init__(self, most_bytes: int) -> None:
        """Start empty."""
        self._most_bytes = most_bytes
        self._tiles: OrderedDict[TileKey, Pixels] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        return self._bytes

    def get(self, key: TileKey) -> Pixels | None:
        """A tile that is still there."""
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
            return tile

    def put(self, key: TileKey, tile: Pixels) -> None:
        """Keep a tile, which nobody changes any more."""
        with self._lock:
            before = self._tiles.pop(key, None)
            self._bytes += tile.nbytes - (0 if before is None else before.nbytes)
            self._tiles[key] = tile
            while self._bytes > self._most_bytes:
                _, oldest = self._tiles.popitem(last=False)
                self._bytes -= oldest.nbytes

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._tiles.clear()
            self._bytes = 0
