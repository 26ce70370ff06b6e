"""Tile memory: room for the pixels of tiles, taken from the system in large pieces and used again and again.

Fresh memory is slow: the system clears it page by page when it is first written, which for a tile takes as long as to
decode it. Large pieces come in large pages, and what a forgotten tile leaves is there at once.
"""

from __future__ import annotations

import math
import weakref
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from wsiview.scene.visible_tiles import TILE

_SIZES = {4 * TILE**2: 32, 16 * TILE**2: 4, 18 * (2 * TILE) ** 2: 1}
"""Bytes lent at once, and how many such are taken from the system together: tiles, and what they are resampled from."""


class TileMemory:
    """Lends arrays; what nobody holds any more is lent again. Safe between threads; lives as long as what it lent."""

    def __init__(self) -> None:
        """Start with none."""
        self._free: dict[int, list[memoryview]] = {size: [] for size in _SIZES}
        self._lent: dict[int, weakref.ref[Any]] = {}

    def array(self, shape: tuple[int, ...], dtype: DTypeLike = np.uint8) -> NDArray[Any]:
        """An array of any content; one that is larger than all that is lent has memory of its own."""
        count = math.prod(shape)
        needed = count * np.dtype(dtype).itemsize
        size = next((size for size in _SIZES if needed <= size), None)
        if size is None:
            return np.empty(shape, dtype)
        slot = self._slot(size)
        # An array over a buffer is what all its views hold, so when it goes nobody reads or writes there any more.
        lent = np.frombuffer(slot, dtype, count)
        self._lent[id(slot)] = weakref.ref(lent, partial(self._take_back, slot))
        return lent.reshape(shape)

    def tile(self, width: int, height: int) -> tuple[NDArray[np.uint32], int]:
        """An array (height, width) for a tile that is kept, and the bytes that it takes; small ones waste no room."""
        needed = 4 * width * height
        size = next((size for size in _SIZES if needed <= size), needed)
        if size > 2 * needed:
            return np.empty((height, width), np.uint32), needed
        return self.array((height, width), np.uint32), size

    def _slot(self, size: int) -> memoryview:
        free = self._free[size]
        try:
            return free.pop()
        except IndexError:
            piece = np.empty((_SIZES[size], size), np.uint8)
            free.extend(memoryview(row) for row in piece[1:])
            return memoryview(piece[0])

    def _take_back(self, slot: memoryview, _gone: weakref.ref[Any]) -> None:
        del self._lent[id(slot)]
        self._free[len(slot)].append(slot)
