"""One key each fades all layers, shows a class or not, and compares a class with the influence map."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from wsiview.gui.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def seen(mapped: MainWindow) -> MainWindow:
    """With the keys going to the slide."""
    mapped.activateWindow()
    mapped.canvas.setFocus()
    return mapped


def test_h_goes_from_full_to_half_to_none_and_remembers_what_full_was(seen: MainWindow, qtbot: QtBot) -> None:
    def opacities(count: int) -> list[float]:
        found = []
        for _ in range(count):
            qtbot.keyClick(seen.canvas, Qt.Key.Key_H)
            found.append(seen.session.layers.opacity)
        return found

    assert opacities(3) == [0.5, 0.0, 1.0]
    seen.docks.layers.looks.opacity.setValue(80)
    assert opacities(4) == [0.4, 0.0, 0.8, 0.4]
    qtbot.keyClick(seen.canvas, Qt.Key.Key_O)
    assert seen.session.layers.hidden
    assert opacities(1) == [0.8]
    assert not seen.session.layers.hidden
    alt_and_a_letter_shows_a_class_or_not_and_opens_no_menu(seen, qtbot)


def alt_and_a_letter_shows_a_class_or_not_and_opens_no_menu(seen: MainWindow, qtbot: QtBot) -> None:
    def visible() -> list[bool]:
        return [look.visible for look in seen.session.layers.classes]

    qtbot.keyClick(seen.canvas, Qt.Key.Key_B, ALT)
    assert visible() == [True, False, True]
    assert not seen.docks.layers.rows[1].visible_box.isChecked()
    qtbot.keyClick(seen.canvas, Qt.Key.Key_B, ALT)
    qtbot.keyClick(seen.canvas, Qt.Key.Key_C, ALT)
    assert visible() == [True, True, False]
    seen.menus.run("class_seen_C")
    assert visible() == [True, True, True]
    qtbot.keyClick(seen.canvas, Qt.Key.Key_D, ALT)  # there are three classes
    assert visible() == [True, True, True]
    assert "Alt+A" in seen.menus.actions["class_seen_A"].text()


def test_v_compares_the_class_described_with_the_influence_and_gives_the_classes_back(
    seen: MainWindow, qtbot: QtBot
) -> None:
    session, panel = seen.session, seen.docks.layers
    before = session.layers
    qtbot.mouseClick(panel.rows[1].name, LEFT)
    assert panel.switches.difference.text() == "B against influence"
    qtbot.keyClick(seen.canvas, Qt.Key.Key_V)
    assert session.layers.difference == (1, "gradcam/1")
    assert not session.layers.strongest
    assert [row.kind for row in seen.canvas.legend.rows] == ["difference"]
    assert panel.switches.difference.isChecked()
    qtbot.mouseClick(panel.rows[2].name, LEFT)
    assert session.layers.difference == (2, "gradcam/1"), "it follows the class that is described"
    qtbot.keyClick(seen.canvas, Qt.Key.Key_V)
    assert session.layers == before
    qtbot.mouseClick(panel.switches.difference, LEFT, pos=QPoint(8, panel.switches.difference.height() // 2))
    assert session.layers.difference == (2, "gradcam/1")
    qtbot.keyClick(seen.canvas, Qt.Key.Key_A, SHIFT)
    assert session.layers.difference is None
    assert session.layers.strength == (0,)
    assert not panel.switches.difference.isChecked()
    seen.menus.run("paper")
    assert not panel.switches.difference.isEnabled()
    assert not seen.menus.actions["difference"].isEnabled()
    seen.menus.run("paper")
    letters_go_with_their_switch(seen, qtbot)


def letters_go_with_their_switch(seen: MainWindow, qtbot: QtBot) -> None:
    letters = seen.docks.layers.switches.letters
    qtbot.keyClick(seen.canvas, Qt.Key.Key_S)
    qtbot.mouseClick(letters, LEFT, pos=QPoint(8, letters.height() // 2))
    assert not seen.session.layers.letters
    assert not seen.session.layers.shows_letters
    seen.menus.run("letters")
    assert letters.isChecked()
    assert letters.isEnabled()
    qtbot.keyClick(seen.canvas, Qt.Key.Key_S)
    assert not letters.isEnabled(), "they belong to the strongest class"
