"""The cursor reads all that the map knows; a reading can be kept and copied; marks turn with the slide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from wsiview.geometry import Point
from wsiview.gui.canvas.hud import outline
from wsiview.gui.main_window import MainWindow
from wsiview.maps import NOT_A_DIAGNOSIS

LEFT = Qt.MouseButton.LeftButton
FIELDS = ("State", "Strongest", "Unexplained", "Influence", "Model score")


def point_at(window: MainWindow, qtbot: QtBot, place: Point) -> None:
    """The mouse over a place of the slide."""
    canvas = window.canvas
    canvas.set_viewport(canvas.viewport.centered(place))  # where no legend lies over it
    x, y = canvas.viewport.to_device.apply(place.x, place.y)
    at = QPoint(round(x / canvas.pixel_ratio), round(y / canvas.pixel_ratio))
    qtbot.mouseMove(canvas, at - QPoint(2, 2))
    qtbot.mouseMove(canvas, at)
    qtbot.waitUntil(lambda: window.companions.reading.settled)


def centre_of(window: MainWindow, row: int, col: int) -> Point:
    return window.session.grids.cell_region(row, col).center


def strong_cells(window: MainWindow) -> list[tuple[int, int]]:
    """Two cells with a patch, far apart."""
    weights = window.session.cluster_map.weights()
    best = np.argwhere(weights.max(axis=0) >= np.quantile(weights.max(axis=0), 0.9)).tolist()
    inside = [cell for cell in best if window.session.grids.prediction_at(centre_of(window, *cell)) is not None]
    return [tuple(inside[0]), tuple(inside[-1])]


def check_reading(mapped: MainWindow, qtbot: QtBot) -> None:
    """All that is known of a cell is read, whichever way the slide is turned."""
    found, grids, panel = mapped.session.cluster_map, mapped.session.grids, mapped.docks.probe
    (row, col), _ = strong_cells(mapped)
    place = centre_of(mapped, row, col)
    for rotation, flipped in ((0, False), (37, False), (90, True)):
        view = mapped.canvas.viewport
        mapped.canvas.set_viewport(
            replace(view, center=place, downsample=0.5, rotation=float(rotation), flipped=flipped)
        )
        point_at(mapped, qtbot, place)
        strengths = found.weights()[:, row, col] / found.strength_scale
        assert panel.bars._strengths == pytest.approx(strengths, rel=2e-3)
        winner = "ABC"[int(strengths.argmax())]
        assert panel.text("Strongest").startswith(winner)
        assert f"{100 * found.residual()[row, col]:.0f} % not explained by any class" == panel.text("Unexplained")
        influence = found.saliency(found.saliency_names[0])[row, col]
        assert ("up" if influence > 0 else "down") in panel.text("Influence")
        assert panel.text("Model score") == f"{grids.prediction_at(place).score:.3f} for this patch"
        marks = mapped.canvas.probe
        assert marks.cell == grids.cell_region(row, col)
        assert marks.field.center.x == pytest.approx(place.x)
        assert marks.label.contains(place)
        corners = outline(marks.cell, mapped.canvas.viewport, 1.0)
        x, y = mapped.canvas.viewport.to_device.apply(marks.cell.x, marks.cell.y)
        assert (corners[0].x(), corners[0].y()) == pytest.approx((x, y))


def check_keeping(mapped: MainWindow, qtbot: QtBot) -> None:
    """A reading is kept, copied and let go."""
    panel, canvas = mapped.docks.probe, mapped.canvas
    canvas.set_viewport(replace(canvas.viewport, rotation=0.0, flipped=False))
    first, last = (centre_of(mapped, *cell) for cell in strong_cells(mapped))
    point_at(mapped, qtbot, first)
    words = [panel.text(name) for name in FIELDS]
    cell = canvas.probe.cell
    qtbot.keyClick(canvas, Qt.Key.Key_K)
    assert panel.kept.isVisibleTo(panel)
    assert mapped.menus.actions["keep"].isChecked()
    point_at(mapped, qtbot, last)
    assert [panel.text(name) for name in FIELDS] == words
    assert canvas.probe.cell == cell
    assert canvas.probe.text.endswith("· kept")

    QGuiApplication.clipboard().clear()
    qtbot.keyClick(canvas, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    text = QGuiApplication.clipboard().text()
    assert f"model score: {panel.text('Model score')}" in text
    assert [line.split(":")[0] for line in text.splitlines()[:4]] == ["slide", "model", "clustering", "place"]
    assert sum(": strength 0." in line or ": strength 1." in line for line in text.splitlines()) == 3
    assert text.endswith(NOT_A_DIAGNOSIS)

    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not panel.kept.isVisibleTo(panel)
    assert canvas.probe.cell != cell
    assert not mapped.menus.actions["keep"].isChecked()

    qtbot.keyClick(canvas, Qt.Key.Key_K)
    qtbot.keyClick(canvas, Qt.Key.Key_K)
    assert not mapped.companions.reading.keeps
    qtbot.keyClick(canvas, Qt.Key.Key_K)
    mapped.session.forget_map()
    assert not mapped.companions.reading.keeps
    assert canvas.probe is None
    assert panel.text("Strongest") == "—"


def test_a_cell_is_read_on_a_turned_slide_too_and_its_reading_kept_copied_and_let_go(
    mapped: MainWindow, qtbot: QtBot
) -> None:
    check_reading(mapped, qtbot)
    check_keeping(mapped, qtbot)
