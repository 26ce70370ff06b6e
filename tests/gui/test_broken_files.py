"""The window does with every damaged or awkward file what the table says, and lives on."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from wsiview.gui.application import make_window, start
from wsiview.gui.main_window import MainWindow
from wsiview.slide.opening import readiness

Wait = Callable[..., None]

with (Path(__file__).parents[1] / "broken_files.csv").open(newline="", encoding="utf-8") as table:
    OUTCOMES = {row["file"]: row["outcome"] for row in csv.DictReader(table)}


def open_and_wait(window: MainWindow, path: Path, wait: Wait) -> float:
    """Seconds until the slide is there or a sentence says why not."""
    session, before = window.session, window.session.slide
    window.banner.dismiss()
    started = time.monotonic()
    session.open_path(path)
    wait(lambda: window.banner.isVisible() or session.slide is not before, 15)
    return time.monotonic() - started


def test_each_broken_file_is_refused_in_a_sentence_or_shown(shared: Path, qtbot: QtBot, wait: Wait) -> None:
    assert len(OUTCOMES) > 40
    start()
    window = make_window()
    window.show()
    qtbot.waitExposed(window)
    try:
        with readiness():  # one process tries them all
            for name, outcome in OUTCOMES.items():
                path = shared / "broken" / name
                shown = window.session.slide
                seconds = open_and_wait(window, path, wait)
                assert seconds < 10, name
                if outcome == "refused":
                    assert window.session.slide is shown, name
                    assert path.name in window.banner.message.text, name
                    assert "\n" not in window.banner.message.text.strip(), name
                else:
                    assert window.session.slide is not shown, f"{name}: {window.banner.message}"
                    assert window.session.slide.path == path
                    wait(lambda: window.canvas.is_sharp or window.canvas.base is not None, 15)
                assert window.isVisible()
    finally:
        window.close()
        window.deleteLater()


@pytest.mark.parametrize("name", [name for name, outcome in OUTCOMES.items() if outcome == "partial"])
def test_damaged_parts_are_counted_where_one_looks(name: str, shared: Path, qtbot: QtBot, wait: Wait) -> None:
    start()
    window = make_window()
    window.show()
    qtbot.waitExposed(window)
    counts: list[int] = []
    window.canvas.bad_tiles.connect(counts.append)
    try:
        open_and_wait(window, shared / "broken" / name, wait)
        wait(lambda: counts and counts[-1] > 0, 15)
        assert "unreadable" in window.status.bad_tiles.text()
    finally:
        window.close()
        window.deleteLater()
