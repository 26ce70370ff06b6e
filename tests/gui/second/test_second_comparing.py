"""Blink, curtain and the walk from field to field belong to the view that has the keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.main_window import MainWindow

Wait = Callable[..., None]
LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier
Views = tuple[MainWindow, SlideCanvas, SlideCanvas]


@pytest.fixture
def views(mapped: MainWindow, qtbot: QtBot) -> Views:
    """Window, first and second canvas; the second has the keys and shows the influence map."""
    mapped.resize(1300, 800)
    mapped.activateWindow()
    mapped.canvas.setFocus()
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_D)
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_F6)
    assert mapped.active_canvas is not mapped.canvas
    return mapped, mapped.canvas, mapped.active_canvas


def words(window: MainWindow, name: str) -> str:
    return " ".join(part.text for part in window.companions.comparing.captions.line(name))


def test_blink_and_curtain_are_of_the_view_that_has_the_keys(views: Views, qtbot: QtBot) -> None:
    window, first, second = views
    qtbot.keyClick(second, Qt.Key.Key_B)
    assert second.comparison.shown
    assert second.comparison.stack.strongest, "the classes, against the influence map that it shows"
    assert not first.comparison.shown
    assert words(window, "views") == "View A: influence map View B: strongest class"
    assert window.menus.actions["blink"].isChecked()
    qtbot.keyClick(second, Qt.Key.Key_F6)
    assert not window.menus.actions["blink"].isChecked(), "the first view shows its A"
    qtbot.keyClick(first, Qt.Key.Key_C)
    assert (first.comparison.curtain, second.comparison.curtain) == (0.5, None)
    qtbot.keyClick(first, Qt.Key.Key_F6)
    qtbot.keyClick(second, Qt.Key.Key_C)
    line, height = round(second.width() / 2), second.height()
    qtbot.mousePress(second, LEFT, pos=QPoint(line, height - 30))
    qtbot.mouseMove(second, QPoint(line + 60, height - 30))
    qtbot.mouseRelease(second, LEFT, pos=QPoint(line + 60, height - 30))
    assert second.comparison.curtain == pytest.approx((line + 60) / second.width())
    assert first.comparison.curtain == 0.5
    qtbot.keyClick(second, Qt.Key.Key_Left, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert second.comparison.curtain == pytest.approx((line + 60) / second.width() - 0.02)

    window.menus.run("set_other_from_beside")
    qtbot.keyPress(second, Qt.Key.Key_B)
    assert second.comparison.stack == window.session.layers
    qtbot.keyClick(first, Qt.Key.Key_S)
    assert second.comparison.stack == window.session.layers, "it follows the view beside it"
    second.setFocus()
    qtbot.keyClick(second, Qt.Key.Key_D)
    assert first.comparison.curtain == 0.5, "closing the one leaves the other as it is"


def test_the_walk_leads_the_view_that_has_the_keys(views: Views, qtbot: QtBot, wait: Wait, tmp_path: Path) -> None:
    window, first, second = views
    window.session.set_mpp((1.0, 1.0))

    def press(canvas: SlideCanvas) -> None:
        qtbot.keyClick(canvas, Qt.Key.Key_N)
        wait(lambda: not window.companions.comparing.fields._job.running)

    other = tmp_path / "zebra.png"
    Image.fromarray(np.full((300, 400, 3), 235, np.uint8)).save(other)
    window.companions.slides.add([other])
    qtbot.keyClick(second, Qt.Key.Key_D, CONTROL)  # each alone
    qtbot.keyClick(second, Qt.Key.Key_5)
    view = first.viewport
    press(second)
    assert words(window, "field").startswith("Class A: field 1 of ")
    assert first.viewport == view
    led = second.viewport
    assert led.center != view.center
    count = int(words(window, "field").rpartition(" ")[2])
    for _ in range(count):
        press(second)
    assert "field" in window.banner.message.text
    assert window.banner.message.offer == "", "the next slide would be shown in the first view"

    qtbot.keyClick(second, Qt.Key.Key_F6)
    assert words(window, "field") == "", "the first view has a walk of its own"
    qtbot.keyClick(first, Qt.Key.Key_5)
    press(first)
    assert words(window, "field") == f"Class A: field 1 of {count}"
    assert second.viewport == led
    first.set_viewport(replace(first.viewport, center=view.center))
    assert words(window, "field") == ""
    qtbot.keyClick(first, Qt.Key.Key_F6)
    assert words(window, "field") == f"Class A: field 1 of {count}", "who moves one view is still in the other's field"
