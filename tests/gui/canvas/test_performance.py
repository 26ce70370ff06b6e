"""The plate of F12 tells what happens, in the lower right corner, and costs nothing when it is off."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from wsiview.gui.canvas.frame_times import FrameTimes
from wsiview.gui.canvas.performance import Performance
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.main_window import MainWindow
from wsiview.slide.slide import Slide


def test_frames_are_added_up_from_the_hand_to_the_picture() -> None:
    times = FrameTimes()
    assert times.summary() is None
    for number in range(1, 201):
        times.spend(number / 4000, painted=False)
        times.spend(3 * number / 4000, painted=True)
    summary = times.summary()
    assert summary is not None
    assert summary.count == 120
    assert np.allclose((summary.median, summary.high, summary.worst), (140, 194, 200), atol=1)


def test_it_tells_of_frames_tiles_and_caches(
    qtbot: QtBot,
    showing: Callable[[Slide], SlideCanvas],
    odd,  # type: ignore[no-untyped-def]
) -> None:
    odd.broken = {(0, 720, 960)}
    canvas = showing(odd)
    canvas.zoom(3.0)
    performance = Performance(canvas)
    assert canvas.frames.summary() is not None
    before = canvas.grab().toImage()
    performance.toggle()
    rows = dict(performance.rows)
    assert rows["Frames"].endswith(f"worst of {canvas.frames.summary().count}")
    qtbot.waitUntil(lambda: dict(performance.rows)["Tiles"].startswith("0 waiting"))
    assert dict(performance.rows)["Tiles"].endswith("1 unreadable")
    assert set(rows) == {"Frames", "Tiles", "Slide", "Tiles of the file", "Layers", "Second layers"}
    assert " of 96 MB" in rows["Slide"]
    after = canvas.grab().toImage()
    corner = QPoint(canvas.width() - 20, canvas.height() - 20)
    assert after.pixelColor(corner).lightness() < before.pixelColor(corner).lightness() / 2
    assert not canvas.decorations, "screenshots have none of it"
    performance.toggle()
    assert canvas.grab().toImage().pixelColor(corner) == before.pixelColor(corner)


def test_f12_shows_it(qtbot: QtBot, window: MainWindow, case, wait) -> None:  # type: ignore[no-untyped-def]
    performance = window.companions.performance
    window.session.open_path(case.slide)
    wait(lambda: window.session.slide is not None)
    window.activateWindow()
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_F12)
    assert performance.on
    qtbot.keyClick(window.canvas, Qt.Key.Key_F12)
    assert not performance.on
    qtbot.keyClick(window.canvas, Qt.Key.Key_F12)
    assert performance.on, "and the window ends it"
