"""Keys that magnify and turn, full screen, and the table of all that can be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from wsiview.gui.actions import ACTIONS
from wsiview.gui.application import make_window
from wsiview.gui.dialogs.keys_sheet import KeysSheet, in_columns
from wsiview.gui.main_window import MainWindow
from wsiview.scene.magnification import PRESETS

Wait = Callable[..., None]
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PAD = Qt.KeyboardModifier.KeypadModifier


@pytest.fixture
def scaled(window: MainWindow, case: Any, wait: Wait) -> MainWindow:
    """The window with a slide of 2 µm per pixel, smaller than a screen at 1×."""
    window.session.open_path(case.slide)
    wait(lambda: window.session.slide is not None)
    window.session.set_mpp((2.0, 2.0))
    window.activateWindow()
    window.canvas.setFocus()
    return window


def press_pad(target: QWidget, key: Qt.Key) -> None:
    """A key of the number pad without num lock, with the question that comes before it."""
    for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
        QApplication.sendEvent(target, QKeyEvent(kind, key, PAD))


def test_digits_magnify_in_row_and_pad_and_the_step_in_use_is_shown(scaled: MainWindow, qtbot: QtBot) -> None:
    canvas, status = scaled.canvas, scaled.status
    for preset in PRESETS:
        qtbot.keyClick(canvas, Qt.Key(Qt.Key.Key_0.value + preset.digit))
        assert canvas.microns == pytest.approx(preset.microns)
        assert status.scale.text() == f"{preset.name} · {preset.microns:g} µm/px · key {preset.digit}"
        checked = [p.name for p in PRESETS if scaled.menus.actions[f"magnify_{p.name}"].isChecked()]
        assert checked == [preset.name]
    qtbot.keyClick(canvas, Qt.Key.Key_Minus)
    assert not any(scaled.menus.actions[f"magnify_{p.name}"].isChecked() for p in PRESETS)
    assert "key" not in status.scale.text()
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.viewport.center == canvas.fitting_region.center
    press_pad(scaled.canvas, Qt.Key.Key_Left)
    assert scaled.canvas.microns == pytest.approx(1.0)
    before = scaled.canvas.viewport
    scaled.sources.screenshot.setFocus()
    press_pad(scaled.sources.screenshot, Qt.Key.Key_End)
    assert scaled.canvas.microns > 1.0
    after = scaled.canvas.viewport.center
    assert (after.x, after.y) == pytest.approx((before.center.x, before.center.y)), "End does not move it"
    qtbot.keyClick(scaled.sources.screenshot, Qt.Key.Key_4)
    assert scaled.canvas.microns == pytest.approx(1.0)
    qtbot.keyClick(scaled.sources.screenshot, Qt.Key.Key_Minus)
    assert scaled.canvas.microns == pytest.approx(1.5)


def test_angles_and_places_are_reached_by_keys_or_written_and_always_told(scaled: MainWindow, qtbot: QtBot) -> None:
    canvas, field = scaled.canvas, scaled.companions.turning.field
    assert not scaled.status.orientation.isVisible()
    assert not scaled.menus.actions["turn_back"].isEnabled()
    qtbot.keyClick(canvas, Qt.Key.Key_R)
    qtbot.keyClick(canvas, Qt.Key.Key_Right, CONTROL)
    qtbot.keyClick(canvas, Qt.Key.Key_Right, CONTROL)
    qtbot.keyClick(canvas, Qt.Key.Key_Left, CONTROL)
    assert scaled.status.orientation.text() == "turned 91°"
    qtbot.keyClick(canvas, Qt.Key.Key_X)
    assert scaled.status.orientation.text() == "turned 269°, mirrored"
    assert scaled.menus.actions["mirror"].isChecked()
    qtbot.keyClick(canvas, Qt.Key.Key_R, SHIFT)
    assert canvas.viewport.rotation == 179
    qtbot.keyClick(canvas, Qt.Key.Key_X, SHIFT)
    assert canvas.viewport.upright
    assert not scaled.status.orientation.isVisible()
    qtbot.keyClick(canvas, Qt.Key.Key_R, CONTROL)
    assert field.isVisible()
    edit = field.angle.lineEdit()
    qtbot.keyClicks(edit, "12.5")
    assert canvas.viewport.rotation == 0, "digits go into the field, not to the slide"
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert canvas.viewport.rotation == 12.5
    qtbot.keyClick(edit, Qt.Key.Key_Up)
    assert canvas.viewport.rotation == 13.5
    qtbot.mouseClick(field.back, Qt.MouseButton.LeftButton)
    assert canvas.viewport.upright
    assert field.angle.value() == 0
    qtbot.keyClick(edit, Qt.Key.Key_Escape)
    assert not field.isVisible()
    assert canvas.hasFocus()

    goto = scaled.companions.going.field
    qtbot.keyClick(canvas, Qt.Key.Key_L, CONTROL)
    assert goto.isVisible()
    qtbot.keyClicks(goto.text, "5 mm, 300")
    qtbot.keyClick(goto.text, Qt.Key.Key_Return)
    assert "outside the slide" in goto.fault.text()
    assert goto.isVisible()
    goto.text.selectAll()
    qtbot.keyClicks(goto.text, "800, 300, 10×")
    assert not goto.fault.isVisible()
    qtbot.keyClick(goto.text, Qt.Key.Key_Return)
    view = canvas.viewport
    assert (view.center.x, view.center.y, canvas.microns) == pytest.approx((800, 300, 1.0))
    image = canvas.grab().toImage()
    middle = canvas.rect().center()
    gold = [image.pixelColor(middle.x() + x, middle.y() + 1) for x in (8, 10, 12)]
    assert all(color.red() > 150 and color.blue() < 100 for color in gold), "a cross marks the place"
    qtbot.keyClick(goto.text, Qt.Key.Key_Escape)
    assert not goto.isVisible()
    assert canvas.hasFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_C, CONTROL | SHIFT)
    assert QGuiApplication.clipboard().text() == "800, 300, 10×"
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    qtbot.keyClick(canvas, Qt.Key.Key_L, CONTROL)
    goto.text.selectAll()
    qtbot.keyClick(goto.text, Qt.Key.Key_V, CONTROL)
    qtbot.mouseClick(goto.go, Qt.MouseButton.LeftButton)
    assert (canvas.viewport.center, canvas.microns) == (view.center, pytest.approx(1.0))


def test_f1_lists_every_key_and_f11_shows_the_slide_alone_without_losing_the_panels(
    scaled: MainWindow, qtbot: QtBot, wait: Wait
) -> None:
    qtbot.keyClick(scaled.canvas, Qt.Key.Key_F1)
    (sheet,) = scaled.findChildren(KeysSheet)
    assert not sheet.isModal()
    shown = " ".join(keys for keys, _ in sheet.lines)
    for action in ACTIONS:
        if not action.name.startswith(("class_", "visible_")):
            native = [QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in action.keys]
            assert all(key in shown for key in native), action.name
    assert all(str(preset.digit) in shown for preset in PRESETS)
    qtbot.keyClicks(sheet.search, "ruler")
    assert ("L", "Ruler") in sheet.lines
    assert all("ruler" in " ".join(line).casefold() for line in sheet.lines)
    qtbot.keyClicks(sheet.search, "xyz")
    assert sheet.lines == []
    assert sheet.none.isVisible()
    qtbot.keyClick(sheet.search, Qt.Key.Key_Escape)
    wait(lambda: scaled.canvas.hasFocus())
    shown = {dock.objectName(): dock.isVisible() for dock in scaled.docks._docks}
    qtbot.keyClick(scaled.canvas, Qt.Key.Key_F11)
    assert scaled.isFullScreen()
    for bar in (scaled.menuBar(), scaled.status, scaled.sources, *scaled.docks._docks):
        assert not bar.isVisible()
    qtbot.keyClick(scaled.canvas, Qt.Key.Key_R)
    assert scaled.canvas.viewport.rotation == 90
    qtbot.keyClick(scaled.canvas, Qt.Key.Key_Escape)
    assert not scaled.isFullScreen()
    assert scaled.menuBar().isVisible()
    assert scaled.status.isVisible()
    assert {dock.objectName(): dock.isVisible() for dock in scaled.docks._docks} == shown
    qtbot.keyClick(scaled.canvas, Qt.Key.Key_F11)
    qtbot.keyClick(scaled.canvas, Qt.Key.Key_F11)
    assert not scaled.isFullScreen()

    scaled.menus.run("full")
    scaled.close()
    again = make_window()
    again.show()
    assert not again.isFullScreen()
    assert again.docks.layers.isVisible()
    again.close()
    again.deleteLater()


def test_the_sheet_of_keys_beside_the_work_goes_by_esc_once_no_tool_wants_it_and_by_f1(
    scaled: MainWindow, qtbot: QtBot
) -> None:
    canvas = scaled.canvas

    def open_sheets() -> list[KeysSheet]:
        return [sheet for sheet in scaled.findChildren(KeysSheet) if sheet.isVisible()]

    def press(key: Qt.Key) -> None:
        scaled.activateWindow()
        canvas.setFocus()
        qtbot.keyClick(canvas, key)

    press(Qt.Key.Key_F11)
    press(Qt.Key.Key_F1)
    assert len(open_sheets()) == 1
    press(Qt.Key.Key_L)
    press(Qt.Key.Key_Escape)
    assert canvas.tool is None, "the ruler is put away first"
    assert len(open_sheets()) == 1
    press(Qt.Key.Key_Escape)
    assert open_sheets() == []
    assert scaled.isFullScreen(), "one key does one thing"
    press(Qt.Key.Key_Escape)
    assert not scaled.isFullScreen()
    press(Qt.Key.Key_F1)
    press(Qt.Key.Key_F1)
    assert open_sheets() == []
    press(Qt.Key.Key_F1)
    (sheet,) = open_sheets()
    sheet.activateWindow()
    qtbot.waitUntil(sheet.isActiveWindow)
    qtbot.keyClick(sheet.search, Qt.Key.Key_F1)
    assert open_sheets() == []
    press(Qt.Key.Key_F1)
    qtbot.keyClick(scaled.status, Qt.Key.Key_Escape)
    assert open_sheets() == [], "from anywhere in the window"


def test_every_action_says_what_it_does() -> None:
    assert [action.name for action in ACTIONS if not action.tip] == []
    assert [action.name for action in ACTIONS if action.tip.endswith(".")] == []


def test_no_two_actions_share_a_key_or_a_name() -> None:
    keys = [QKeySequence(key).toString() for action in ACTIONS for key in action.keys]
    keys += [action.placed for action in ACTIONS if action.placed]
    assert sorted(keys) == sorted(set(keys))
    assert all(keys), "a key that Qt does not know"
    names = [action.name for action in ACTIONS]
    assert sorted(names) == sorted(set(names))


def test_groups_of_keys_are_spread_over_columns_and_never_torn() -> None:
    groups = [(str(number), [("k", "w")] * length) for number, length in enumerate((10, 3, 3, 8, 2, 6))]
    columns = in_columns(groups, 3)
    assert [group for column in columns for group in column] == groups
    assert len(columns) == 3
    assert max(sum(len(lines) + 2 for _, lines in column) for column in columns) == 17
    assert in_columns(groups, 1) == [groups]
