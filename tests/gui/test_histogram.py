"""The histogram counts computed cells by strength, each block once."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from wsiview.gui.panels.histogram import BINS, Histogram, Tally
from wsiview.maps.cell_state import COMPUTED, NOT_COMPUTED
from wsiview.scene.layers import default_looks


def test_only_computed_cells_with_some_strength_count() -> None:
    strength = np.array([[[0.0, 0.5, 3.0, 0.5]], [[0.0, 0.0, 0.01, 0.0]]])
    state = np.array([[COMPUTED, COMPUTED, COMPUTED, NOT_COMPUTED]], np.uint8)
    tally = Tally(2)
    tally.put(0, 0, strength, state)
    assert tally.counts(0).sum() == 2
    assert tally.counts(0)[BINS - 1] == 1  # stronger than the scale counts as full strength
    assert tally.counts(1).tolist() == [1] + [0] * (BINS - 1)


def test_a_block_that_comes_again_replaces_itself() -> None:
    tally, state = Tally(1), np.full((2, 2), COMPUTED, np.uint8)
    tally.put(0, 0, np.full((1, 2, 2), 0.2), state)
    tally.put(0, 0, np.full((1, 2, 2), 0.9), state)
    tally.put(0, 1, np.full((1, 2, 2), 0.9), state)
    assert tally.counts(0).sum() == 8
    assert tally.counts(0)[int(0.9 * BINS)] == 8


def test_dragging_the_line_asks_for_a_threshold(qtbot: QtBot) -> None:
    chart = Histogram()
    qtbot.addWidget(chart)
    chart.show_class(default_looks(1)[0], np.arange(BINS))
    asked: list[float] = []
    chart.threshold_wanted.connect(asked.append)
    chart._line.setValue(0.333)
    chart._line.sigPositionChangeFinished.emit(chart._line)
    assert asked == [0.33]
    chart.close_plot()
