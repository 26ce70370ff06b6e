"""A message lies over the slide's upper edge and moves nothing but what it would hide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from wsiview.geometry import Point
from wsiview.gui.main_window import MainWindow
from wsiview.gui.messages import Weight


def test_a_message_shifts_no_slide_and_hides_neither_legend_nor_overview(mapped: MainWindow) -> None:
    canvas, overview, banner = mapped.canvas, mapped.overview, mapped.banner
    place, view, row = canvas.mapTo(mapped, QPoint(0, 0)), canvas.viewport, canvas._hud.row_of(0)
    mapped.session.tell("A sentence that may be quite long. " * 12, Weight.WARNING)
    assert banner.isVisible()
    assert (canvas.mapTo(mapped, QPoint(0, 0)), canvas.viewport) == (place, view)
    foot = banner.mapTo(mapped, banner.rect().bottomLeft()).y()
    assert banner.mapTo(mapped, QPoint(0, 0)) == place
    assert banner.width() == canvas.width()
    assert overview.mapTo(mapped, QPoint(0, 0)).y() > foot
    moved = canvas._hud.row_of(0)
    assert moved.y() - row.y() == banner.height()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=moved.toPoint())
    assert not mapped.session.layers.classes[0].visible
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not banner.isVisible()
    assert canvas._hud.row_of(0) == row
    assert overview.mapTo(mapped, QPoint(0, 0)).y() < foot


def test_many_unreadable_tiles_that_arrive_together_are_told_once(
    window: MainWindow, shared: Path, wait: Callable[..., None]
) -> None:
    window.session.open_path(shared / "broken/made/level0-20-tiles-zeroed.svs")
    wait(lambda: window.session.slide is not None)
    window.canvas.set_viewport(replace(window.canvas.viewport, center=Point(360, 200), downsample=1.0))
    wait(lambda: window.banner.message is not None)
    assert "can't be read; they are hatched" in window.banner.message.text
    window.banner.dismiss()
    window.canvas.pan(5, 5)
    wait(lambda: window.canvas.is_sharp)
    assert window.banner.message is None
