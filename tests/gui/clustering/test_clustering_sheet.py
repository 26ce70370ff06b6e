"""The sheet tells how well classes and their number hold, true to the files, and compares to another clustering."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from wsiview.clustering.clustering import Clustering
from wsiview.gui.clustering.clustering_sheet import ONE_K, ClusteringSheet
from wsiview.gui.clustering.split_table import findings
from wsiview.gui.main_window import MainWindow

Wait = Callable[..., None]
TABLE = (
    "classes,residual,worst_cosine,dispersion,found_again,refits,later\n2,0.2,0.99,0.9,10,10,x\n3,0.1,0.4,0.7,2,10,y\n"
)


@pytest.fixture
def chosen(window: MainWindow, case: Any, wait: Wait, tmp_path: Path) -> Clustering:
    """The case's clustering, with what a fit of several K leaves, open in the window."""
    plain = Clustering.load(case.clustering)
    k = plain.n_classes
    found = replace(plain, stability=np.stack([np.arange(k) + 5, np.full(k, 10)], axis=1))
    path = tmp_path / "tried.clustering"
    found.save(path)
    path.with_name("tried.k.csv").write_text(TABLE)
    window.session.open_path(case.model)
    window.session.open_path(path)
    wait(lambda: window.session.clustering is not None)
    return found


def opened(window: MainWindow, qtbot: QtBot, wait: Wait) -> ClusteringSheet:
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    desk = window.companions.clustering
    wait(lambda: desk.sheet is not None and not desk._rows_job.running)
    return desk.sheet


def test_classes_say_in_how_many_refits_they_were_found_again(
    window: MainWindow, chosen: Clustering, qtbot: QtBot, wait: Wait
) -> None:
    sheet = opened(window, qtbot, wait)
    told = [sheet.classes.item(row, 2).text() for row in range(sheet.classes.rowCount())]
    assert told == [f"in {5 + row} of 10 refits" for row in range(chosen.n_classes)]
    assert chosen.name in sheet.headline.text()
    assert chosen.layer in sheet.headline.text()
    assert sheet.chart.isVisible()
    assert "2 classes: worst cosine 0.99" in sheet.chart.accessibleName()
    assert "speak for 2 classes" in sheet.chart_hint.text()


@pytest.mark.parametrize(("text", "said"), [(None, ONE_K), ("classes\n2\n", "tried.k.csv is damaged")])
def test_a_table_that_is_missing_or_damaged_is_said(
    window: MainWindow, chosen: Clustering, qtbot: QtBot, wait: Wait, text: str | None, said: str
) -> None:
    table = window.session.clustering.path.with_name("tried.k.csv")
    table.unlink() if text is None else table.write_text(text)
    sheet = opened(window, qtbot, wait)
    assert said in sheet.chart_hint.text()
    assert not sheet.chart.isVisible()
    assert sheet.classes.rowCount() == chosen.n_classes


def test_another_clustering_is_compared_class_by_class(
    window: MainWindow, chosen: Clustering, qtbot: QtBot, wait: Wait, tmp_path: Path
) -> None:
    turned = replace(chosen, name="turned", class_vectors=chosen.class_vectors[::-1])
    turned.save(tmp_path / "turned.clustering")
    replace(chosen, layer="elsewhere").save(tmp_path / "strange.clustering")
    sheet, desk = opened(window, qtbot, wait), window.companions.clustering

    def answer(name: str) -> None:
        qtbot.mouseClick(sheet.compare, Qt.MouseButton.LeftButton)
        dialog = window.findChild(QFileDialog)
        dialog.fileSelected.emit(str(tmp_path / name))
        dialog.close()
        dialog.deleteLater()
        wait(lambda: not desk._parts_job.running)

    answer("turned.clustering")
    k = chosen.n_classes
    shown = [[sheet.parts.item(row, column).text() for column in range(k)] for row in range(k)]
    assert shown == [["100%" if row + column == k - 1 else "" for column in range(k)] for row in range(k)]
    assert "turned" in sheet.said.text()
    answer("strange.clustering")
    assert "only clusterings of one model's layer can be compared" in sheet.said.text()
    assert not sheet.parts.isVisible()


def test_splits_and_merges_are_said_in_words() -> None:
    parts = np.array([[0.6, 0.4, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    assert findings(parts, "ABC", "XYZ") == [
        "A holds what are X and Y in the other.",
        "The other's Z is parted into B and C.",
    ]
    assert "nothing is split" in findings(np.eye(2), "AB", "XY")[0]


def test_names_go_along_through_a_refit_until_the_reader_has_looked_again(
    mapped: MainWindow, qtbot: QtBot, wait: Wait
) -> None:
    notebook, panel, session = mapped.session.notebook, mapped.docks.meanings, mapped.session
    older, present = "e" * 64, session.clustering_fingerprint
    notebook.open(older)
    panel.show_class(2)
    qtbot.keyClicks(panel.name, "stroma")
    panel.save()
    notebook.inherit(present, {"clustering": older, "classes": [None, 2, None], "cosine": [0.1, 0.97, 0.2]})
    notebook.open(present)
    session.take_map(session.cluster_map)
    session.set_layers(session._own_looks(session.layers))
    assert session.layers.classes[1].name == "stroma (inherited, not re-read)"
    panel.show_class(1)
    assert panel.name.text() == "stroma"
    assert "not re-read" in panel.state.text()
    assert not panel.confirm.isHidden()
    mapped.docks.meanings.raise_()
    qtbot.mouseClick(panel.confirm, Qt.MouseButton.LeftButton)
    assert session.layers.classes[1].name == "stroma"
    assert notebook.review.meaning(present, 1).name == "stroma"
    assert panel.confirm.isHidden()
    assert "saved" in panel.state.text()
    panel.show_class(0)
    assert panel.name.text() == ""
    assert panel.confirm.isHidden()
