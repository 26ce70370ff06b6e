"""The agreement read-out measures what is in view and the whole slide, and says what its figures are worth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from wsiview.analysis.agreement import BUILT_IN
from wsiview.analysis.cell_agreement import cell_agreement
from wsiview.gui.comparing.agreement_dock import NOT_KNOWN
from wsiview.gui.main_window import MainWindow
from wsiview.maps.cell_state import COMPUTED
from wsiview.scene.agreement import map_agreement

Wait = Callable[..., None]


@pytest.fixture
def read(mapped: MainWindow, qtbot: QtBot, wait: Wait) -> MainWindow:
    """With the read-out open."""
    mapped.activateWindow()
    mapped.canvas.setFocus()
    agreement = mapped.companions.comparing.agreement
    assert not agreement.visible
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    assert agreement.dock.isVisible()
    wait(lambda: "cells" in agreement.panel.titles[1].text() and agreement.settled)
    return mapped


def test_the_figures_are_those_of_the_map_and_follow_the_view(read: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    panel, found = read.companions.comparing.agreement.panel, read.session.cluster_map
    computed = found.state() == COMPUTED
    expected = cell_agreement(found.weights()[:, computed], found.saliency("gradcam/1")[computed])
    assert panel.titles[1].text() == f"Whole slide: {computed.sum():,} cells".replace(",", " ")
    for letter, line, one in zip("ABC", panel.table.lines, expected.classes, strict=True):
        figures = [f"{figure.value:.2f}".replace("-", "−") for figure in (one.iou, one.corr_relu, one.corr_signed)]
        assert line.split("\t") == [letter, *figures, *figures], "the whole slide is in view"
    assert panel.warning.text() == BUILT_IN
    assert panel.warning.isVisibleTo(panel)
    those_in_view_follow_the_view_and_the_class_described_is_marked(read, qtbot, wait)


def those_in_view_follow_the_view_and_the_class_described_is_marked(read: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    agreement, canvas = read.companions.comparing.agreement, read.canvas
    panel = agreement.panel
    whole, before = ([line.split("\t")[part] for line in panel.table.lines] for part in (np.s_[4:], np.s_[1:4]))
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Plus, Qt.Key.Key_Plus, Qt.Key.Key_Left):
        qtbot.keyClick(canvas, key)
    wait(lambda: agreement.settled)
    expected = map_agreement(read.session.grids, "gradcam/1", canvas.viewport)
    assert 0 < expected.n_cells < sum((read.session.cluster_map.state() == COMPUTED).ravel())
    assert panel.titles[0].text() == f"In view: {expected.n_cells:,} cells".replace(",", " ")
    assert [line.split("\t")[4:] for line in panel.table.lines] == whole
    assert [line.split("\t")[1:4] for line in panel.table.lines] != before
    qtbot.mouseClick(read.docks.layers.rows[2].name, Qt.MouseButton.LeftButton)
    assert panel.table.currentRow() == 2
    qtbot.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert BUILT_IN in copied
    assert panel.table.lines[0] in copied


def test_what_is_not_defined_and_what_is_not_known_is_said(read: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    agreement, session = read.companions.comparing.agreement, read.session
    panel = agreement.panel
    session.cluster_map.attributes["model"]["linear_head"] = None
    for block in session.grids.blocks:
        session.grids.block_at(*block).strength[1] = np.float16(0.0)
    session.block_arrived.emit(0, 0)
    qtbot.keyClick(read.canvas, Qt.Key.Key_G)
    wait(lambda: "n. def." in panel.table.lines[1].split("\t")[4:] and agreement.settled)
    assert panel.table.item(1, 4).text() == "n. def."
    assert "the class is the same in all cells" in panel.table.item(1, 4).toolTip()
    assert panel.reasons.text().startswith("Not defined: B (the class is the same in all cells)")
    assert panel.warning.text().endswith(NOT_KNOWN)
    qtbot.keyClick(read.canvas, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    assert not agreement.dock.isVisible()
