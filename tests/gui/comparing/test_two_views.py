"""Two views are blinked by a tap, held by a held key, and parted by a curtain that the mouse draws."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from wsiview.export.provenance import PNG_KEY, read_payload
from wsiview.gui.main_window import MainWindow
from wsiview.scene.description import described

Wait = Callable[..., None]
LEFT = Qt.MouseButton.LeftButton
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def seen(mapped: MainWindow) -> MainWindow:
    """With the keys going to the slide."""
    mapped.activateWindow()
    mapped.canvas.setFocus()
    return mapped


def words(window: MainWindow) -> list[tuple[str, bool]]:
    return [(part.text, part.holds) for part in window.companions.comparing.captions.line("views")]


def repeat(window: MainWindow) -> None:
    """What the keyboard sends while B is down."""
    none = Qt.KeyboardModifier.NoModifier
    for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress):
        QApplication.sendEvent(window.canvas, QKeyEvent(kind, Qt.Key.Key_B, none, "b", True))


def test_a_tap_blinks_and_a_held_key_goes_back(seen: MainWindow, qtbot: QtBot) -> None:
    canvas, views = seen.canvas, seen.companions.comparing.views
    assert words(seen) == []
    qtbot.keyClick(canvas, Qt.Key.Key_B)
    assert canvas.comparison.shown
    assert canvas.comparison.stack.saliency == "gradcam/1"
    assert [row.kind for row in canvas.legend.rows] == ["contour", "dashed"]
    assert words(seen) == [("View A: strongest class", False), ("View B: influence map", True)]
    assert seen.menus.actions["blink"].isChecked()
    qtbot.keyClick(canvas, Qt.Key.Key_B)
    assert not canvas.comparison.shown
    assert words(seen) == [("View A: strongest class", True), ("View B: influence map", False)]
    qtbot.keyPress(canvas, Qt.Key.Key_B)
    for _ in range(3):
        repeat(seen)
        assert canvas.comparison.shown
    qtbot.keyRelease(canvas, Qt.Key.Key_B)
    assert not canvas.comparison.shown
    assert not views.shows_b
    a_change_of_layers_is_seen_since_it_goes_back_to_them(seen, qtbot)


def a_change_of_layers_is_seen_since_it_goes_back_to_them(seen: MainWindow, qtbot: QtBot) -> None:
    canvas, session = seen.canvas, seen.session
    qtbot.keyClick(canvas, Qt.Key.Key_B)
    qtbot.keyClick(canvas, Qt.Key.Key_H)
    assert canvas.comparison.shown, "fading is for both"
    assert canvas.comparison.stack.opacity == session.layers.opacity == 0.5
    qtbot.keyClick(canvas, Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)
    assert canvas.comparison.stack.classes == session.layers.classes
    qtbot.keyClick(canvas, Qt.Key.Key_P)
    assert not canvas.comparison.shown
    assert session.layers.prediction


def test_what_is_shown_becomes_the_other_view(seen: MainWindow, qtbot: QtBot, wait: Wait, tmp_path: Path) -> None:
    canvas, session = seen.canvas, seen.session
    qtbot.keyClick(canvas, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    strength = session.layers
    qtbot.keyClick(canvas, Qt.Key.Key_V, CTRL_SHIFT)
    qtbot.keyClick(canvas, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(canvas, Qt.Key.Key_B)
    assert canvas.comparison.stack == strength
    assert described(canvas.comparison.stack) == "strongest class + strength of B"
    assert words(seen)[1] == ("View B: strongest class + strength of B", True)
    seen.screenshots.save(tmp_path / "b.png")
    wait(lambda: (tmp_path / "b.png").exists())
    with Image.open(tmp_path / "b.png") as picture:
        _, _, layers = read_payload(picture.text[PNG_KEY])
    assert layers == strength, "a picture says what is on it"


def test_the_mouse_draws_the_curtain_and_moves_the_slide_beside_it(seen: MainWindow, qtbot: QtBot) -> None:
    canvas = seen.canvas
    qtbot.keyClick(canvas, Qt.Key.Key_C)
    assert canvas.comparison.curtain == 0.5
    assert {row.kind for row in canvas.legend.rows} == {"class", "undecided", "contour", "dashed"}
    line, height, view = round(canvas.width() / 2), canvas.height(), canvas.viewport
    qtbot.mouseMove(canvas, QPoint(line, height // 2))
    assert canvas.cursor().shape() == Qt.CursorShape.SplitHCursor
    qtbot.mousePress(canvas, LEFT, pos=QPoint(line + 3, height - 30))
    qtbot.mouseMove(canvas, QPoint(line + 80, height - 60))
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(line + 80, height - 60))
    assert canvas.comparison.curtain == pytest.approx((line + 80) / canvas.width())
    assert canvas.viewport == view
    qtbot.mouseMove(canvas, QPoint(line + 200, height // 2))
    assert canvas.cursor().shape() != Qt.CursorShape.SplitHCursor
    qtbot.mousePress(canvas, LEFT, pos=QPoint(line + 200, height // 2))
    qtbot.mouseMove(canvas, QPoint(line + 160, height // 2))
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(line + 160, height // 2))
    assert canvas.viewport != view
    for key, way in ((Qt.Key.Key_Left, -1), (Qt.Key.Key_Right, 1), (Qt.Key.Key_Right, 1)):
        before = canvas.comparison.curtain
        qtbot.keyClick(canvas, key, CTRL_SHIFT)
        assert canvas.comparison.curtain == pytest.approx(before + 0.02 * way)
    hung = canvas.comparison.curtain
    qtbot.keyClick(canvas, Qt.Key.Key_C)
    assert canvas.comparison.curtain is None
    qtbot.keyClick(canvas, Qt.Key.Key_C)
    assert canvas.comparison.curtain == hung, "it hangs where it hung"
    qtbot.keyClick(canvas, Qt.Key.Key_B)
    assert (canvas.comparison.curtain, canvas.comparison.shown) == (None, True), "the blink puts it away"
    holding_space_looks_beneath_both_sides(seen, qtbot)


def holding_space_looks_beneath_both_sides(seen: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(seen.canvas, Qt.Key.Key_C)
    qtbot.keyPress(seen.canvas, Qt.Key.Key_Space)
    assert seen.canvas.layers.hidden
    assert seen.canvas.comparison.stack.hidden
    qtbot.keyRelease(seen.canvas, Qt.Key.Key_Space)
    assert not seen.canvas.comparison.stack.hidden
    assert seen.session.layers == replace(seen.canvas.layers, hidden=False)
    seen.session.forget_map()
    assert seen.companions.comparing.views.curtain is None, "without a map there is nothing to part"
    assert not seen.menus.actions["curtain"].isChecked()


def test_the_second_views_map_hangs_behind_the_curtain_with_classes_of_its_own(
    seen: MainWindow, qtbot: QtBot, wait: Wait, tmp_path: Path
) -> None:
    canvas, second = seen.canvas, seen.companions.second
    assert not seen.menus.actions["set_other_from_beside"].isEnabled()
    other = tmp_path / "other.ome.zarr"
    shutil.copytree(seen.session.cluster_map.path, other)
    second.show_map(other)
    wait(lambda: second.display.grids is not None and second.display.grids is not seen.session.grids)
    wait(lambda: set(second.display.grids.blocks) == set(seen.session.grids.blocks))
    canvas.setFocus()
    seen.menus.refresh()
    seen.menus.run("set_other_from_beside")
    qtbot.keyClick(canvas, Qt.Key.Key_C)
    assert canvas.comparison.grids is second.display.grids
    assert canvas.comparison.stack == second.display.layers
    second.display.change_layers(strongest=True, saliency=None, prediction=False)
    assert canvas.comparison.stack == second.display.layers, "it follows"
    labels = [(row.label, row.class_index) for row in canvas.legend.rows if row.kind == "class"]
    assert labels[:3] == [(f"Class {letter}", index) for index, letter in enumerate("ABC")]
    assert labels[3:] == [(f"Class {letter}, view B", None) for letter in "ABC"]
    second.close_view()
    wait(lambda: second.display.grids is None or not second.open)
    qtbot.keyClick(canvas, Qt.Key.Key_V, CTRL_SHIFT)
    assert canvas.comparison.grids is seen.session.grids
