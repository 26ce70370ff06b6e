"""What changes with every frame is told as fast as it can be read: the first time at once, the last time at last."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from wsiview.gui.pace import Pace

NEVER, SOON = 3_600_000, 1  # ms


class Reader(QObject):
    """Reads a figure whenever it is told."""

    def __init__(self, pause: int) -> None:
        super().__init__()
        self.figure, self.read = 0, []
        self.pace = Pace(self, pause)
        self.pace.told.connect(lambda: self.read.append(self.figure))

    def change(self, figure: int) -> None:
        self.figure = figure
        self.pace.tell()


def test_the_first_change_is_told_at_once_and_the_next_ones_are_kept_back(qtbot: QtBot) -> None:
    reader = Reader(NEVER)
    assert reader.pace.settled
    reader.change(1)
    assert reader.read == [1]
    assert reader.pace.settled
    for figure in range(2, 100):
        reader.change(figure)
    assert reader.read == [1]
    assert not reader.pace.settled


def test_many_changes_are_told_once_after_the_pause_as_they_are_then(qtbot: QtBot) -> None:
    reader = Reader(SOON)
    for figure in range(1, 100):
        reader.change(figure)
    qtbot.waitUntil(lambda: reader.pace.settled)
    assert reader.read == [1, 99]


def test_a_gesture_is_told_to_its_end_however_long_it_lasts(qtbot: QtBot) -> None:
    reader = Reader(SOON)

    def goes_on() -> bool:
        for _ in range(10):
            reader.change(reader.figure + 1)
        return len(reader.read) >= 5

    qtbot.waitUntil(goes_on)
    assert len(reader.read) <= 2 * reader.figure // 10, "of those that come together, the first and the last at most"
    qtbot.waitUntil(lambda: reader.pace.settled)
    assert reader.read[-1] == reader.figure


def test_what_changes_because_it_was_told_is_told_later(qtbot: QtBot) -> None:
    reader = Reader(SOON)
    reader.pace.told.connect(lambda: reader.change(2) if reader.figure == 1 else None)
    reader.change(1)
    assert reader.read == [1]
    qtbot.waitUntil(lambda: reader.pace.settled)
    assert reader.read == [1, 2]


@pytest.mark.parametrize("changes", [0, 1, 2])
def test_nothing_is_told_once_it_is_closed(qtbot: QtBot, changes: int) -> None:
    reader = Reader(SOON)
    for figure in range(changes):
        reader.change(figure)
    before = list(reader.read)
    reader.pace.close()
    reader.change(9)
    assert reader.pace.settled
    assert reader.read == before
    assert not any(timer.isActive() for timer in reader.findChildren(QTimer)), "nor will it be"
