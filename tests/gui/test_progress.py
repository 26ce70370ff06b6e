"""A map is computed where one looks, says how long it takes, stops when told, and goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from wsiview.geometry import Region
from wsiview.gui.main_window import MainWindow
from wsiview.gui.panels.status_line import time_left
from wsiview.maps.cluster_map import ClusterMap

Wait = Callable[..., None]
LEFT = Qt.MouseButton.LeftButton
Block = tuple[int, int]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A slide of 120 blocks, nearly all of it tissue."""
    random = np.random.default_rng(1)
    pixels = np.full((2560, 3072, 3), 246, np.uint8)
    pixels[40:-40, 40:-40] = np.array([214, 140, 190]) + random.integers(-25, 25, (2480, 2992, 1))
    path = tmp_path / "large" / "large.png"
    path.parent.mkdir()
    Image.fromarray(pixels).save(path)
    return path


def in_view(window: MainWindow, block: Block) -> bool:
    return window.session.grids.block_region(*block).intersects(window.canvas.viewport.region)


def look_at(window: MainWindow, qtbot: QtBot, across: float, down: float) -> Region:
    """Click in the overview at a share of the slide."""
    overview = window.overview
    qtbot.mouseClick(overview, LEFT, pos=QPoint(round(across * overview.width()), round(down * overview.height())))
    return window.canvas.viewport.region


def test_a_map_is_computed_where_one_looks_stops_and_goes_on(
    window: MainWindow, case: Any, large: Path, qtbot: QtBot, wait: Wait
) -> None:
    session, came = window.session, []
    session.block_arrived.connect(lambda row, col: came.append((row, col)))
    session.open_path(large)
    wait(lambda: session.slide is not None)
    canvas = window.canvas
    canvas.setFocus()
    while canvas.viewport.region.width > 700:
        qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    look_at(window, qtbot, 0.1, 0.1)
    session.open_path(case.model)
    session.open_path(case.clustering)
    wait(lambda: len(came) >= 4)
    assert all(in_view(window, block) for block in came[:4]), "what is in view from the beginning comes first"
    assert window.sources.explain.text() == "Stop"

    there = look_at(window, qtbot, 0.9, 0.9)
    wanted = {
        (row, col)
        for row in range(session.cluster_map.block_grid[0])
        for col in range(session.cluster_map.block_grid[1])
        if session.grids.block_region(row, col).intersects(there)
    } - set(came)
    assert len(wanted) >= 4
    assert not wanted & set(came)
    wait(lambda: wanted <= set(came))
    places = [number for number, block in enumerate(came) if block in wanted]
    between = came[places[0] : places[-1] + 1]
    assert all(in_view(window, block) for block in between), "and where one has gone comes before all else"
    wait(lambda: "left" in window.status.stage.text())
    assert window.status.stage.text().startswith("Mapping · ")
    wait(lambda: window.companions.exemplars.strip.where.text() == "on this slide, so far")
    wait(lambda: any("so far" in lamp.finding for lamp in window.companions.checks.lamps))

    qtbot.mouseClick(window.status.cancel, LEFT)
    wait(lambda: not session.computing)
    kept = ClusterMap.open(session.cluster_map.path).done()
    assert not kept.all()
    assert not window.status.bar.isVisible()
    assert window.sources.explain.text() == "Go on"

    steps: list[Any] = []
    session.progress_changed.connect(steps.append)
    wait(lambda: len(came) == kept.sum())
    qtbot.mouseClick(window.sources.explain, LEFT)
    wait(lambda: len(came) > kept.sum())
    mapping = [step for step in steps if step is not None and step.stage == "mapping"]
    assert mapping[0].total - mapping[0].done == (~kept).sum(), "no block is computed twice"
    assert len(came) == len(set(came))
    qtbot.keyClick(canvas, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: not session.computing)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "a few seconds left"),
        (41, "about 40 s left"),
        (57, "about 1 min left"),
        (200, "about 3 min left"),
        (3500, "about 58 min left"),
        (3590, "about 1 h left"),
        (5600, "about 1 h 30 min left"),
        (86000, "about 23 h 50 min left"),
    ],
)
def test_the_time_left_is_told_in_plain_words(seconds: float, words: str) -> None:
    assert time_left(seconds) == words
