"""Measuring in the window: keys, menus, clipboard, undo, both views, and found again the next day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from wsiview.gui.application import make_window
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.main_window import MainWindow
from wsiview.review.items import Item

Wait = Callable[..., None]
LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


def drag(qtbot: QtBot, canvas: SlideCanvas, start: tuple[int, int], end: tuple[int, int]) -> None:
    qtbot.mousePress(canvas, LEFT, pos=QPoint(*start))
    qtbot.mouseMove(canvas, QPoint((start[0] + end[0]) // 2, (start[1] + end[1]) // 2))
    qtbot.mouseMove(canvas, QPoint(*end))
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(*end))


def words(window: MainWindow, canvas: SlideCanvas | None = None) -> list[tuple[str, ...]]:
    board = window.companions.measures._boards[canvas or window.canvas]
    return [shape.words(window.session.mpp) for shape in board.shapes]


def test_a_measure_is_drawn_copied_deleted_and_found_again_the_next_day(
    window: MainWindow, qtbot: QtBot, case: Any, wait: Wait
) -> None:
    window.session.open_path(case.slide)
    wait(lambda: window.session.slide is not None)
    canvas = window.canvas
    window.activateWindow()
    canvas.setFocus()
    canvas.zoom(canvas.viewport.downsample / 2.0)
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    assert window.menus.actions["ruler"].isChecked()
    drag(qtbot, canvas, (200, 200), (300, 200))
    assert words(window) == [("200 px, uncalibrated",)]
    window.session.set_mpp((0.5, 0.5))
    drag(qtbot, canvas, (200, 300), (260, 300))
    assert words(window) == [("100.0 µm",), ("60.0 µm",)]
    qtbot.keyClick(canvas, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == "60.0 µm"
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert words(window) == [("100.0 µm",)]
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL)
    assert len(words(window)) == 2
    qtbot.keyClick(canvas, Qt.Key.Key_A)
    assert not window.menus.actions["ruler"].isChecked()
    assert window.menus.actions["area"].isChecked()
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.tool is None
    qtbot.keyClick(canvas, Qt.Key.Key_M)
    assert window.companions.measures.has_selection
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not window.companions.measures.has_selection

    qtbot.keyClick(canvas, Qt.Key.Key_D)
    qtbot.keyClick(canvas, Qt.Key.Key_F6)
    other = window.active_canvas
    assert other is not canvas
    qtbot.keyClick(other, Qt.Key.Key_L)
    drag(qtbot, other, (100, 200), (200, 200))
    assert words(window) == words(window, other) == [("100.0 µm",), ("60.0 µm",), ("100.0 µm",)]
    assert window.companions.measures.has_selection
    assert window.companions.measures._boards[canvas].selection is None, "it is selected where it was drawn"

    qtbot.keyClick(other, Qt.Key.Key_Escape)
    window.companions.book.store_item(Item("e" * 64, "region", {}))  # as undoing does after another slide was opened
    assert window.companions.measures._hints[other].text() == "That was on another slide."

    window.close()
    again = make_window()
    again.session.open_path(case.slide)
    wait(lambda: again.session.slide is not None)
    assert words(again) == [("100.0 µm",), ("60.0 µm",), ("100.0 µm",)]
    again.close()
    again.deleteLater()
