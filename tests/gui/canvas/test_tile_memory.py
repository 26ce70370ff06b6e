"""Memory of tiles is lent again when nobody holds it any more, and never before."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

from wsiview.gui.canvas.tile_memory import TileMemory


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_what_nobody_holds_is_lent_again() -> None:
    memory = TileMemory()
    for shape, smaller in (((256, 256, 4), (200, 200, 3)), ((1000, 1000, 3), (900, 900, 3))):
        first = memory.array(shape)
        place = address(first)
        del first
        assert address(memory.array(smaller)) == place


def test_views_and_pictures_keep_what_they_show() -> None:
    memory = TileMemory()
    pixels = memory.array((256, 256), np.uint32)
    place = address(pixels)
    corner = pixels[:8, :8]
    del pixels
    assert address(memory.array((256, 256), np.uint32)) != place
    corner[:] = 7
    shown = memory.array((256, 256), np.uint32)
    shown[:] = 0xFF112233
    place = address(shown)
    picture = QImage(shown.data, 256, 256, 4 * 256, QImage.Format.Format_RGB32)
    del shown
    others = [memory.array((256, 256), np.uint32) for _ in range(40)]
    for other in others:
        other[:] = 0
    assert place not in [address(other) for other in others]
    assert picture.pixel(255, 255) == 0xFF112233
    assert (corner == 7).all()


def test_what_is_very_large_has_memory_of_its_own() -> None:
    memory = TileMemory()
    assert memory.array((2000, 2000), np.uint32).flags.owndata
