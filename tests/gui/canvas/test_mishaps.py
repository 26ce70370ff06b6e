"""Mishaps are counted, told once, and followed by ever rarer tries."""

from __future__ import annotations

from typing import Any, cast

import pytest
from pytestqt.qtbot import QtBot

from wsiview.gui.canvas.mishaps import Mishaps
from wsiview.gui.canvas.tile_source import TileSource
from wsiview.scene.visible_tiles import TileKey

KEY = TileKey(1.0, 0, 0)


class Source:
    """What a tile source says of itself."""

    def __init__(self, bad: frozenset[Any] = frozenset(), vanished: str = "") -> None:
        self.bad, self.vanished = bad, vanished


def source(**facts: Any) -> TileSource:
    return cast(TileSource, Source(**facts))


@pytest.fixture
def mishaps(qtbot: QtBot) -> Any:
    made = Mishaps()
    made.told, made.counts = [], []
    made.trouble.connect(made.told.append)
    made.bad_tiles.connect(made.counts.append)
    yield made
    made.stop()
    made.deleteLater()


def test_bad_tiles_are_counted_when_their_number_changes(mishaps: Any) -> None:
    for bad in (frozenset(), frozenset({(0, 0, 0)}), frozenset({(0, 0, 0)}), frozenset()):
        mishaps.count(source(bad=bad))
    assert mishaps.counts == [1, 0]


def test_a_sentence_is_told_once_until_something_is_read(mishaps: Any) -> None:
    mishaps.refused(KEY, "The file is gone.")
    mishaps.refused(KEY, "The file is gone.")
    assert mishaps.told == ["The file is gone."]
    mishaps.failed.clear()
    mishaps.went_well(source())
    mishaps.refused(KEY, "The file is gone.")
    assert len(mishaps.told) == 2


def test_tries_become_rarer_and_another_slide_begins_anew(mishaps: Any) -> None:
    first = mishaps._patience
    mishaps.refused(KEY, "No.")
    assert mishaps._retry.isActive()
    assert mishaps._patience == 2 * first
    mishaps.forget()
    assert not mishaps._retry.isActive()
    assert mishaps._patience == first
    assert not mishaps.failed
