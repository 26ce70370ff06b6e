"""Tiles of overlays are coloured when and where they are seen, and look the same however that came about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from wsiview.gui.canvas.overlay_tile import OverlayTile, Tables
from wsiview.scene.layers import ClassLook, LayerStack
from wsiview.scene.plane import Appearance, Plane

SIDE = 64
LOOK = Appearance(1.0, 1.0)
STACK = LayerStack((ClassLook("A", "", (200, 30, 30)), ClassLook("B", "", (30, 30, 200))))
BLUE = STACK.with_class(0, replace(STACK.classes[0], color=(0, 160, 255)))
WHOLE = QRect(0, 0, SIDE, SIDE)


def planes() -> list[Plane]:
    """A strength of the first class that rises to the right, and marks in stripes over it."""
    codes = np.broadcast_to(np.linspace(0, 255, SIDE).astype(np.uint8), (SIDE, SIDE)).copy()
    marks = np.zeros((SIDE, SIDE), np.uint8)
    marks[::8] = 1
    return [Plane("strength", codes=codes, class_index=0), Plane("marks", codes=marks)]


def painted(tile: OverlayTile, *clips: QRect, opacity: float = 1.0) -> NDArray[np.uint8]:
    """What it looks like when these parts are shown one after the other."""
    image = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    painter.setOpacity(opacity)
    for clip in clips:
        painter.setClipRect(clip)
        tile.paint(painter, 0, 0, clip)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(SIDE, SIDE, 4).copy()


def test_a_part_in_new_colours_is_as_in_a_new_tile() -> None:
    tile, new = OverlayTile(planes(), Tables(STACK, LOOK)), OverlayTile(planes(), Tables(BLUE, LOOK))
    before, after = painted(tile, WHOLE), painted(new, WHOLE)
    assert not np.array_equal(before, after)
    assert tile.tint(Tables(BLUE, LOOK))
    corner = QRect(40, 10, 24, 30)
    found = painted(tile, corner)
    assert np.array_equal(found[10:40, 40:], after[10:40, 40:])
    assert (found[:10] == 255).all()
    strip = QRect(30, 10, 10, 30)
    assert np.array_equal(painted(tile, strip)[10:40, 30:40], after[10:40, 30:40])
    assert np.array_equal(painted(tile, WHOLE), after)
    tile.tint(Tables(STACK, LOOK))
    assert np.array_equal(painted(tile, QRect(0, 0, 64, 20), QRect(0, 20, 64, 44)), before)


def test_marks_alone_stay_as_they_are_when_something_is_laid_over_them() -> None:
    low, high = planes()
    tile = OverlayTile([high, low], Tables(STACK, LOOK))
    before = painted(tile, WHOLE)
    for stack in (BLUE, STACK):
        tile.tint(Tables(stack, LOOK))
        found = painted(tile, WHOLE)
    assert np.array_equal(found, before)


def test_made_fainter_its_planes_are_faint_together_not_each_by_itself() -> None:
    low, high = planes()
    tile = OverlayTile([low, high], Tables(STACK, LOOK))
    full, faint = painted(tile, WHOLE).astype(int), painted(tile, WHOLE, opacity=0.5).astype(int)
    assert (full != 255).any()
    assert np.abs(faint - (full + 255) / 2).max() <= 1.5
    assert np.array_equal(painted(tile, WHOLE), full)
    begun = replace(STACK, opacity=0.5)
    assert np.array_equal(painted(OverlayTile([low, high], Tables(begun, LOOK)), WHOLE, opacity=0.5), faint)


def test_memory_of_a_picture_that_two_share_counts_once() -> None:
    assert OverlayTile(planes()[1:], Tables(STACK, LOOK)).nbytes == 4 * SIDE * SIDE
