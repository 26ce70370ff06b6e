"""While there are no layers, their panel says what the reader has to do, or to wait for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from wsiview.gui.main_window import MainWindow

Wait = Callable[..., None]


def mirrored(slide: Path, other: Path) -> None:
    with Image.open(slide) as picture:
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(other)


def hint(window: MainWindow) -> str:
    panel = window.docks.layers
    return panel.empty.text() if panel.empty.isVisibleTo(panel) else ""


def test_the_panel_asks_for_what_is_lacking(mapped: MainWindow, qtbot: QtBot, wait: Wait, tmp_path: Path) -> None:
    assert hint(mapped) == ""
    panel, shown = mapped.docks.layers, mapped.session.cluster_map
    assert shown is not None
    assert not panel.warning.isVisibleTo(panel)
    shown.attributes["clustering"]["method"] = "semi-nmf"  # as of a map with negative features
    mapped.docks.show_view(mapped.session)
    assert panel.warning.isVisibleTo(panel)
    assert "weakly identified" in panel.warning.text()
    first, other = mapped.session.slide, tmp_path / "without a map.png"
    mirrored(first.path, other)
    mapped.open_paths([other])
    wait(lambda: mapped.session.slide is not first and mapped.session.can_explain)
    key, button = mapped.menus.actions["explain"].shortcut().toString(), mapped.sources.explain
    assert button.isEnabled()
    assert f"press {button.text()} ({key})" in hint(mapped)
    mapped.activateWindow()
    mapped.canvas.setFocus()
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_F5)
    assert "as soon as the map begins to fill" in hint(mapped)
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: mapped.session.can_explain)
    assert f"press {button.text()} ({key})" in hint(mapped)


def test_the_panel_speaks_of_the_slide_in_the_view_that_has_the_keys(
    window: MainWindow, case: Any, qtbot: QtBot, wait: Wait, tmp_path: Path
) -> None:
    assert "once slide, model and clustering are chosen" in hint(window)
    window.open_paths([case.slide])
    wait(lambda: window.session.slide is not None)
    window.activateWindow()
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    qtbot.keyClick(window.canvas, Qt.Key.Key_F6)
    assert window.active_display is not window.session
    assert "once slide, model and clustering are chosen" in hint(window), "it is the same slide"
    other = tmp_path / "beside it.png"
    mirrored(case.slide, other)
    window.companions.second.take([other])
    wait(lambda: window.companions.second.of_two_slides)
    assert "open it in the first view and press Explain (F5)" in hint(window)
    qtbot.keyClick(window.active_canvas, Qt.Key.Key_F6)
    assert "once slide, model and clustering are chosen" in hint(window)
