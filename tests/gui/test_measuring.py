"""Rulers and areas are drawn, dragged, copied, deleted and kept, through the mouse and keys of a reader."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from wsiview.gui.application import make_window
from wsiview.gui.main_window import MainWindow
from wsiview.gui.snapshot import Snapshot

Wait = Callable[..., None]
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def scaled(window: MainWindow, case: Any, wait: Wait) -> MainWindow:
    """The window with a slide of 0.5 × 0.25 µm per pixel at two level-0 pixels per screen pixel."""
    window.session.open_path(case.slide)
    wait(lambda: window.session.slide is not None)
    window.session.set_mpp((0.5, 0.25))
    window.activateWindow()
    window.canvas.setFocus()
    view = window.canvas.viewport
    window.canvas.zoom(view.downsample / 2.0)
    return window


def drag(qtbot: QtBot, window: MainWindow, *way: tuple[int, int], keys: Qt.KeyboardModifier = NONE) -> None:
    canvas = window.canvas
    qtbot.mousePress(canvas, LEFT, keys, QPoint(*way[0]))
    for x, y in way[1:]:
        qtbot.mouseMove(canvas, QPoint(x, y))
    qtbot.mouseRelease(canvas, LEFT, keys, QPoint(*way[-1]))


def click(qtbot: QtBot, window: MainWindow, x: int, y: int) -> None:
    qtbot.mouseMove(window.canvas, QPoint(x, y))
    qtbot.mouseClick(window.canvas, LEFT, pos=QPoint(x, y))


def words(window: MainWindow) -> list[tuple[str, ...]]:
    return [shape.words(window.session.mpp) for shape in window.companions.measures.board.shapes]


def test_a_ruler_is_dragged_or_clicked_dragged_longer_copied_and_deleted(scaled: MainWindow, qtbot: QtBot) -> None:
    canvas, board = scaled.canvas, scaled.companions.measures.board
    before = canvas.viewport
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    assert scaled.menus.actions["ruler"].isChecked()
    drag(qtbot, scaled, (200, 200), (260, 210), (300, 200))
    assert words(scaled) == [("100.0 µm",)], "200 px of 0.5 µm"
    click(qtbot, scaled, 200, 300)
    qtbot.mouseMove(canvas, QPoint(200, 360))
    assert board.draft is not None
    assert board.draft.words(scaled.session.mpp) == ("30.0 µm",), "120 px of 0.25 µm: pixels are not square"
    click(qtbot, scaled, 200, 400)
    assert words(scaled)[1] == ("50.0 µm",)
    drag(qtbot, scaled, (200, 400), (200, 420), (200, 440))
    assert words(scaled)[1] == ("70.0 µm",), "its end was dragged"
    assert canvas.viewport == before
    qtbot.keyClick(canvas, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == "70.0 µm"
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert words(scaled) == [("100.0 µm",)]
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL)
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL)
    assert words(scaled)[1] == ("50.0 µm",), "deleting and dragging are taken back one by one"
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.tool is None
    assert not scaled.menus.actions["ruler"].isChecked()
    drag(qtbot, scaled, (500, 500), (520, 500))
    assert canvas.viewport != before, "without the tool a drag moves the slide"


def test_shift_keeps_a_ruler_straight_and_escape_gives_it_up(scaled: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(scaled.canvas, Qt.Key.Key_L)
    drag(qtbot, scaled, (200, 200), (250, 203), (300, 206), keys=SHIFT)
    (start, end) = scaled.companions.measures.board.shapes[0].points
    assert end.y == pytest.approx(start.y)
    click(qtbot, scaled, 200, 300)
    qtbot.keyClick(scaled.canvas, Qt.Key.Key_Escape)
    assert scaled.companions.measures.board.draft is None
    assert scaled.canvas.tool is not None
    click(qtbot, scaled, 300, 300)
    click(qtbot, scaled, 300, 340)
    assert len(words(scaled)) == 2


def test_an_area_is_clicked_round_or_drawn_round(scaled: MainWindow, qtbot: QtBot) -> None:
    canvas, board = scaled.canvas, scaled.companions.measures.board
    qtbot.keyClick(canvas, Qt.Key.Key_A)
    for x, y in ((200, 200), (300, 200), (300, 300), (340, 340)):
        click(qtbot, scaled, x, y)
    qtbot.keyClick(canvas, Qt.Key.Key_Backspace)
    click(qtbot, scaled, 200, 300)
    qtbot.mouseDClick(canvas, LEFT, pos=QPoint(200, 300))
    assert words(scaled) == [("5000 µm²", "perimeter 300.0 µm")]
    turn = [2 * math.pi * step / 60 for step in range(61)]
    drag(qtbot, scaled, *((round(450 + 80 * math.cos(a)), round(250 + 80 * math.sin(a))) for a in turn))
    area = float(words(scaled)[1][0].removesuffix(" µm²"))
    assert area == pytest.approx(math.pi * 160 * 160 * 0.5 * 0.25, rel=0.01)
    for x, y in ((200, 400), (300, 450), (300, 400)):
        click(qtbot, scaled, x, y)
    click(qtbot, scaled, 200, 450)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert words(scaled)[2][0] == "crosses itself: no area"
    qtbot.keyClick(canvas, Qt.Key.Key_M)
    qtbot.keyClick(canvas, Qt.Key.Key_M)
    assert board.selection is not None
    scaled.menus.run("delete_measures")
    assert words(scaled) == []
    scaled.menus.run("undo")
    assert len(words(scaled)) == 3


def test_a_measure_is_selected_by_a_click_and_moved_as_a_whole_on_a_turned_slide(
    scaled: MainWindow, qtbot: QtBot
) -> None:
    canvas, measures = scaled.canvas, scaled.companions.measures
    qtbot.keyClick(canvas, Qt.Key.Key_R)
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    drag(qtbot, scaled, (200, 200), (250, 200), (300, 200))
    assert words(scaled) == [("50.0 µm",)], "across the screen the slide's rows are counted now"
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    click(qtbot, scaled, 400, 400)
    assert not measures.has_selection
    click(qtbot, scaled, 250, 202)
    assert measures.has_selection
    before = canvas.viewport
    drag(qtbot, scaled, (250, 200), (260, 230), (270, 250))
    (start, end) = measures.board.shapes[0].points
    to = canvas.viewport.to_device
    assert to.apply(start.x, start.y) == pytest.approx((220, 250), abs=1)
    assert to.apply(end.x, end.y) == pytest.approx((320, 250), abs=1)
    assert canvas.viewport == before
    drag(qtbot, scaled, (500, 400), (520, 400))
    assert canvas.viewport != before, "beside the measure a drag moves the slide"


def test_measures_are_saved_on_their_slide_and_shown_in_its_pictures(
    scaled: MainWindow, qtbot: QtBot, case: Any, wait: Wait
) -> None:
    canvas = scaled.canvas
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    drag(qtbot, scaled, (200, 300), (260, 300), (500, 300))
    snapshot = Snapshot.of(canvas)
    with qtbot.waitSignal(snapshot.finished, timeout=5000) as taken:
        snapshot.start()
    picture: QImage = taken.args[0]
    row = [picture.pixelColor(x, 300) for x in range(230, 470)]
    assert sum(color.lightness() > 215 for color in row) > 200, "the line is in the picture"
    shown = canvas.grab().toImage()
    assert sum(shown.pixelColor(x, 300).blue() < 80 for x in range(230, 470)) > 200, "on screen it is marked"
    scaled.close()
    again = make_window()
    again.session.open_path(case.slide)
    wait(lambda: again.session.slide is not None)
    assert words(again) == [("300.0 µm",)]
    again.session.set_mpp((1.0, 1.0))
    assert words(again) == [("600.0 µm",)]
    again.close()
    again.deleteLater()


def test_without_a_scale_pixels_are_counted_and_said(window: MainWindow, case: Any, wait: Wait, qtbot: QtBot) -> None:
    window.session.open_path(case.slide)
    wait(lambda: window.session.slide is not None)
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_L)
    drag(qtbot, window, (200, 300), (260, 300), (300, 300))
    long = 100 * window.canvas.viewport.downsample
    assert words(window) == [(f"{long:.0f} px, uncalibrated",)]


def test_what_a_second_window_can_not_save_is_told_and_stays_on_the_slide(
    scaled: MainWindow, qtbot: QtBot, case: Any, wait: Wait
) -> None:
    second = make_window()
    second.show()
    second.session.open_path(case.slide)
    wait(lambda: second.session.slide is not None)
    second.companions.measures.toggle_ruler()
    drag(qtbot, second, (200, 300), (260, 300), (300, 300))
    assert len(words(second)) == 1
    assert second.banner.message is not None
    assert "stays until the window is closed" in second.banner.message.text
    second.close()
    second.deleteLater()
    assert words(scaled) == []


def test_both_views_of_a_slide_measure_and_show_the_same_measures(scaled: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(scaled.canvas, Qt.Key.Key_D)
    couple = scaled.companions.second.couple
    assert couple is not None
    canvas = couple.canvas
    qtbot.keyClick(scaled.canvas, Qt.Key.Key_F6)
    assert scaled.active_canvas is canvas
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    qtbot.mousePress(canvas, LEFT, pos=QPoint(100, 200))
    qtbot.mouseMove(canvas, QPoint(150, 200))
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(200, 200))
    boards = scaled.companions.measures._boards
    assert [shape.words((0.5, 0.25)) for shape in boards[scaled.canvas].shapes] == [("100.0 µm",)]
    assert scaled.companions.measures.board is boards[canvas]
    assert boards[scaled.canvas].selection is None, "it is selected where it was drawn"
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.keyClick(canvas, Qt.Key.Key_D, CONTROL)
    qtbot.keyClick(canvas, Qt.Key.Key_R)
    assert scaled.status.orientation.text() == "turned 90°"
    qtbot.keyClick(canvas, Qt.Key.Key_F6)
    assert not scaled.status.orientation.isVisible(), "the first view is not turned"
