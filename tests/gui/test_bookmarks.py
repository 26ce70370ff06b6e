"""Bookmarks keep view and layers, lead back to both, and are led by the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from wsiview.gui.application import make_window
from wsiview.gui.main_window import MainWindow

Wait = Callable[..., None]
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def names(window: MainWindow) -> list[str]:
    bookmarks = window.companions.bookmarks.panel.list
    return [bookmarks.topLevelItem(index).text(0) for index in range(bookmarks.topLevelItemCount())]


def test_a_bookmark_leads_back_to_view_turn_and_layers(mapped: MainWindow, qtbot: QtBot, wait: Wait, case: Any) -> None:
    canvas, session = mapped.canvas, mapped.session
    mapped.activateWindow()
    canvas.setFocus()
    canvas.zoom(3.0)
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_R)
    qtbot.keyClick(canvas, Qt.Key.Key_X)
    qtbot.keyClick(canvas, Qt.Key.Key_B, SHIFT)
    session.toggle_class(2)
    view, layers = canvas.viewport, session.layers
    qtbot.keyClick(canvas, Qt.Key.Key_B, CONTROL)
    assert names(mapped) == ["Bookmark 1"]
    qtbot.keyClick(canvas, Qt.Key.Key_X, SHIFT)
    qtbot.keyClick(canvas, Qt.Key.Key_F)
    qtbot.keyClick(canvas, Qt.Key.Key_S)
    session.toggle_class(2)
    mapped.docks.layers.recolored.emit(1, (1, 2, 3))
    qtbot.keyClick(canvas, Qt.Key.Key_B, CONTROL)
    assert names(mapped) == ["Bookmark 1", "Bookmark 2"]

    qtbot.keyClick(canvas, Qt.Key.Key_B, CONTROL | SHIFT)
    bookmarks = mapped.companions.bookmarks.panel.list
    assert bookmarks.hasFocus()
    qtbot.keyClick(bookmarks, Qt.Key.Key_Up)
    qtbot.keyClick(bookmarks, Qt.Key.Key_Return)
    assert canvas.viewport == view
    recolored = tuple(replace(look, color=(1, 2, 3)) if i == 1 else look for i, look in enumerate(layers.classes))
    assert session.layers == replace(layers, classes=recolored), "as it was shown, in the colours of now"
    qtbot.keyClick(bookmarks, Qt.Key.Key_0)
    assert canvas.viewport != view, "digits magnify here too"
    qtbot.keyClick(bookmarks, Qt.Key.Key_Escape)
    assert canvas.hasFocus()

    mapped.close()
    again = make_window()
    again.show()
    again.session.open_path(case.slide)
    wait(lambda: again.session.slide is not None)
    assert names(again) == ["Bookmark 1", "Bookmark 2"]
    listed = again.companions.bookmarks.panel.list
    again.companions.bookmarks.dock.raise_()
    box = listed.visualItemRect(listed.topLevelItem(0)).center()
    qtbot.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=box)
    qtbot.mouseDClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=box)
    assert (again.canvas.viewport.center, again.canvas.viewport.flipped) == (view.center, True)
    words = [hint.text() for hint in again.canvas.findChildren(type(again.companions.measures._hints[again.canvas]))]
    assert words == ["The layers of this bookmark belong to “three”, which is not shown."]
    again.close()
    again.deleteLater()


@pytest.fixture
def opened(window: MainWindow, case: Any, wait: Wait) -> MainWindow:
    window.session.open_path(case.slide)
    wait(lambda: window.session.slide is not None)
    window.activateWindow()
    window.canvas.setFocus()
    return window


def test_names_are_written_in_place_and_deleting_can_be_undone(opened: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    bookmarks, canvas = opened.companions.bookmarks, opened.canvas
    wait(lambda: canvas.is_sharp)
    qtbot.mouseClick(bookmarks.panel.add, Qt.MouseButton.LeftButton)
    picture = opened.companions.book.items(opened.session.slide.fingerprint, "bookmark")[0].picture
    small, seen = QImage.fromData(picture), canvas.picture()
    assert (small.width(), small.height()) == (192, 144)
    assert len(picture) < 20_000
    there, here = seen.scaled(48, 27).pixelColor(24, 13), small.scaled(16, 12).pixelColor(8, 6)
    assert abs(there.red() - here.red()) + abs(there.blue() - here.blue()) < 60, "the middle of what was seen"
    for _ in range(2):
        qtbot.keyClick(canvas, Qt.Key.Key_B, CONTROL)
    qtbot.keyClick(canvas, Qt.Key.Key_B, CONTROL | SHIFT)
    listed = bookmarks.panel.list
    qtbot.keyClick(listed, Qt.Key.Key_Home)
    canvas.zoom(2.0)
    qtbot.keyClick(listed, Qt.Key.Key_F2)
    field = listed.findChild(QLineEdit)
    before = canvas.viewport
    qtbot.keyClicks(field, "margin L 1")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert canvas.viewport == before, "what is typed goes into the name alone"
    assert canvas.tool is None
    wait(lambda: names(opened) == ["margin L 1", "Bookmark 2", "Bookmark 3"])
    assert bookmarks.panel.state.text() == "✓ saved"
    qtbot.keyClick(listed, Qt.Key.Key_Down)
    qtbot.keyClick(listed, Qt.Key.Key_Delete)
    assert names(opened) == ["margin L 1", "Bookmark 3"]
    qtbot.keyClick(canvas, Qt.Key.Key_B, CONTROL)
    assert names(opened)[-1] == "Bookmark 4", "no two are called the same"
    for _ in range(3):
        qtbot.keyClick(listed, Qt.Key.Key_Z, CONTROL)
    assert names(opened) == ["Bookmark 1", "Bookmark 2", "Bookmark 3"]
