"""The lamps are true to the map that is shown, and tell more when asked by mouse or key."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QToolTip
from pytestqt.qtbot import QtBot

from wsiview.analysis.lamp import Lamp, Level
from wsiview.gui.checks.lamp_row import PAD, STEP, LampRow
from wsiview.gui.main_window import MainWindow

Wait = Callable[..., None]
LEFT = Qt.MouseButton.LeftButton
KEYS = ["place", "score", "used", "spread", "ground", "scale", "unlike"]


@pytest.fixture
def checked(mapped: MainWindow, wait: Wait) -> MainWindow:
    """The window once the last lamp is lit."""
    checks = mapped.companions.checks
    wait(lambda: checks.lamps and not any("so far" in lamp.finding for lamp in checks.lamps))
    return mapped


def lamp(window: MainWindow, key: str) -> Lamp:
    return next(one for one in window.companions.checks.lamps if one.key == key)


def test_a_map_that_is_shown_is_checked_and_its_scale_compared_with_the_readers(
    checked: MainWindow, wait: Wait
) -> None:
    row = checked.companions.checks.row
    assert [one.key for one in checked.companions.checks.lamps] == KEYS
    assert row.isVisible()
    assert lamp(checked, "place").finding.endswith("% of the cells agree with the slide's tissue.")
    assert lamp(checked, "spread").finding.startswith("Class ")
    assert lamp(checked, "unlike").level is not Level.UNKNOWN
    assert lamp(checked, "scale").finding.startswith("Not known: the model reads level-0 pixels as they are")
    assert row.text() in row.accessibleName()
    assert all(one.finding in row.accessibleDescription() for one in checked.companions.checks.lamps)
    weights = checked.companions.checks._counted.weight.sum(axis=1)
    assert weights == pytest.approx(checked.session.cluster_map.weights().sum(axis=(1, 2)), rel=2e-3), "of all blocks"
    for index, key in enumerate(KEYS):
        at = QPoint(PAD + index * STEP + 5, row.height() // 2)
        QApplication.sendEvent(row, QHelpEvent(QEvent.Type.ToolTip, at, row.mapToGlobal(at)))
        assert lamp(checked, key).title.replace("'", "&#x27;") in QToolTip.text()
    QToolTip.hideText()
    checked.session.cluster_map.attributes["parameters"].update(spacing=1.0, mpp=[0.5, 0.5], scale=[2.0, 2.0])
    checked.session.set_mpp((0.25, 0.25))
    wait(lambda: lamp(checked, "scale").level is Level.BAD)
    assert "made at 0.5 µm per pixel of the slide, and now it is 0.25" in lamp(checked, "scale").finding
    assert checked.companions.checks.row.text() == "don't rely on this map"


def test_mouse_and_keys_tell_more_and_a_map_that_goes_takes_its_lamps_along(checked: MainWindow, qtbot: QtBot) -> None:
    checks = checked.companions.checks
    qtbot.mouseClick(checks.row, LEFT)
    assert checks.sheet.isVisible()
    assert not checks.sheet.isModal()
    assert checks.sheet.list.texts() == [one.finding for one in checks.lamps]
    close = checks.sheet.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Close)
    qtbot.mouseClick(close, LEFT)
    qtbot.waitUntil(lambda: checks.sheet is None)
    qtbot.keyClick(checked.canvas, Qt.Key.Key_W)
    assert checks.sheet.isVisible()
    qtbot.keyClick(checks.sheet, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: checks.sheet is None)
    checks.row.setFocus(Qt.FocusReason.TabFocusReason)
    assert checks.row.hasFocus()
    qtbot.keyClick(checks.row, Qt.Key.Key_Space)
    assert checks.sheet.isVisible()
    checks.sheet.close()
    checked.session.forget_map()
    assert checks.lamps == ()
    assert not checks.row.isVisible()


def test_lamps_differ_in_more_than_colour(qtbot: QtBot) -> None:
    row = LampRow()
    qtbot.addWidget(row)
    pictures = []
    for level in Level:
        row.show_lamps([Lamp("one", "One", level, "Found.", "Means.")])
        row.resize(row.sizeHint())
        image = row.grab().toImage()
        box = image.copy(PAD, (image.height() - 15) // 2, 15, 15)
        grey = np.array([[box.pixelColor(x, y).lightness() for x in range(15)] for y in range(15)])
        pictures.append(np.abs(grey - np.median(grey)) > 40)
    for first in range(len(pictures)):
        for second in range(first):
            assert (pictures[first] != pictures[second]).mean() > 0.05


def test_a_map_that_lies_elsewhere_is_refused_in_a_sentence(
    window: MainWindow, case: Any, finished_map: Path, wait: Wait
) -> None:
    window.session.open_path(case.slide)
    wait(lambda: window.session.slide is not None)
    moved = Path(shutil.copytree(finished_map, case.slide.parent / "moved.ome.zarr"))
    root = zarr.open_group(moved, mode="r+")
    for name in ("0", "state", "labels/argmax/0"):
        root[name][:] = np.roll(np.asarray(root[name][:]), 9, axis=-1)
    window.session.open_path(moved)
    wait(lambda: window.banner.isVisible())
    assert "does not fit: its tissue lies shifted by about" in window.banner.message.text
    assert window.session.grids is None
