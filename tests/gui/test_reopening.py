"""A slide whose file goes away, hangs or is replaced: one sentence, and the window lives on."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from wsiview.geometry import Point
from wsiview.gui import inputs, slide_watch
from wsiview.gui.main_window import MainWindow
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.slide import Slide, TileUnreadable
from wsiview.slide.watched_slide import WatchedSlide

Wait = Callable[..., None]
PLAIN, OTHER = (150, 70, 140), (40, 120, 60)


class FileSlide(ArraySlide):
    """A slide whose pixels can be read only as long as its file is there, and as slowly as one wants."""

    def __init__(self, path: Path, gate: threading.Event) -> None:
        super().__init__(np.asarray(Image.open(path)), path=path)
        self._path, self._gate = path, gate

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Any:
        self._gate.wait()
        if not self._path.exists():
            raise TileUnreadable(self._path, level, x, y, width, height, "no such file")
        return super().read(level, x, y, width, height)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Open; while it is closed, reading hangs. The watch looks often."""
    monkeypatch.setattr(slide_watch, "_PERIOD", 0.02)
    monkeypatch.setattr(slide_watch, "_GLANCE_MS", 20)
    made = threading.Event()
    made.set()

    def open_one(path: Path) -> Slide:
        return FileSlide(path, made)

    monkeypatch.setattr(inputs, "open_checked", open_one)
    yield made
    made.set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return painted(tmp_path / "slide.png", PLAIN)


def painted(path: Path, color: tuple[int, int, int]) -> Path:
    Image.new("RGB", (3000, 2400), color).save(path, compress_level=1)
    return path


@pytest.fixture
def showing(window: MainWindow, gate: threading.Event, path: Path, wait: Wait) -> MainWindow:
    window.session.open_path(path)
    wait(lambda: window.session.slide is not None and window.canvas.is_sharp)
    assert isinstance(window.session.slide, WatchedSlide)
    return window


def color_at(window: MainWindow, x: int, y: int) -> tuple[int, int, int]:
    red, green, blue, _ = window.canvas.grab().toImage().pixelColor(x, y).getRgb()
    return red, green, blue


def test_a_file_that_goes_is_told_and_its_tiles_come_back_with_it(showing: MainWindow, path: Path, wait: Wait) -> None:
    away = path.with_name("away.png")
    path.rename(away)
    wait(lambda: showing.banner.isVisible())
    assert showing.banner.message.text.startswith("slide.png can't be reached any more; check the disk or the network")
    said: list[str] = []
    showing.session.told.connect(lambda message: said.append(message.text))
    showing.canvas.zoom(8)
    showing.canvas.set_viewport(showing.canvas.viewport.centered(Point(700, 500)))
    wait(lambda: showing.status.bad_tiles.isVisible())
    assert color_at(showing, 200, 200) == PLAIN or color_at(showing, 203, 200) == PLAIN, "coarser content stays"
    assert said == [], "it was said once"
    away.rename(path)
    wait(lambda: not showing.banner.isVisible())
    wait(lambda: showing.canvas.is_sharp and not showing.status.bad_tiles.isVisible())


def test_a_replaced_file_is_offered_to_be_opened_again_where_one_was_looking(
    showing: MainWindow, path: Path, wait: Wait, qtbot: QtBot
) -> None:
    canvas, before = showing.canvas, showing.session.slide
    canvas.zoom(4)
    wait(lambda: canvas.is_sharp)
    painted(path, OTHER)
    canvas.set_viewport(canvas.viewport.centered(Point(400, 500)))
    wait(lambda: showing.banner.isVisible())
    assert showing.banner.message.text == "slide.png was replaced while it was open; press F9 to open it again."
    assert showing.banner.message.offer == "reopen"
    picture = canvas.grab().toImage()
    colors = {picture.pixelColor(x, y).getRgb()[:3] for x in range(0, canvas.width(), 40) for y in range(0, 300, 40)}
    assert PLAIN in colors
    assert OTHER not in colors, "nothing of the new file is shown beside the old"
    place = canvas.viewport.center
    qtbot.keyClick(canvas, Qt.Key.Key_F9)
    wait(lambda: showing.session.slide is not before)
    wait(lambda: canvas.is_sharp)
    assert canvas.viewport.center == place
    assert color_at(showing, canvas.width() // 2, canvas.height() // 2) == OTHER
    assert not showing.banner.isVisible()


def test_the_slide_beside_the_first_is_watched_too(
    showing: MainWindow, tmp_path: Path, wait: Wait, qtbot: QtBot
) -> None:
    beside = painted(tmp_path / "beside.png", PLAIN)
    second, first = showing.companions.second, showing.session.slide
    second.show_slide(beside)
    wait(lambda: second.display.slide is not None and second.display.slide.path == beside)
    before = second.display.slide
    painted(beside, OTHER)
    wait(lambda: showing.banner.isVisible())
    assert showing.banner.message.text.startswith("beside.png was replaced while it was open")
    qtbot.keyClick(showing.canvas, Qt.Key.Key_F9)
    wait(lambda: second.display.slide is not before)
    assert second.display.slide.path == beside
    assert showing.session.slide is first, "only the one that was replaced is opened again"


def test_a_file_that_no_longer_answers_counts_as_gone(
    showing: MainWindow, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slide_watch, "_PATIENCE", 0.1)
    slide, answer, look = showing.session.slide, threading.Event(), WatchedSlide.look

    def hang(watched: WatchedSlide) -> Any:
        answer.wait()
        return look(watched)

    monkeypatch.setattr(WatchedSlide, "look", hang)
    wait(lambda: showing.banner.isVisible())
    assert "can't be reached any more" in showing.banner.message.text
    answer.set()
    wait(lambda: not showing.banner.isVisible())
    assert showing.session.slide is slide


def test_a_window_whose_reads_hang_moves_and_closes(
    showing: MainWindow, gate: threading.Event, wait: Wait, qtbot: QtBot
) -> None:
    gate.clear()
    canvas = showing.canvas
    canvas.zoom(8)
    wait(lambda: not canvas.is_sharp)
    before = canvas.viewport
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.viewport != before
    showing.menus.run("copy")  # a picture that will never be sharp
    showing.close()
    assert not gate.is_set(), "it closed while the reads still hung"
    assert not showing.isVisible()
    gate.set()


_HANGING = """
import sys, threading
from pathlib import Path
import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from wsiview.gui import application, inputs
from wsiview.gui.start_request import StartRequest
from wsiview.slide.array_slide import ArraySlide

class Hanging(ArraySlide):
    def read(self, *place):
        threading.Event().wait()

inputs.open_checked = lambda path: Hanging(np.zeros((900, 1200, 3), np.uint8), path=path)
made = application.make_window

def make_window():
    window = made()
    window.canvas.slide_shown.connect(lambda slide: QTimer.singleShot(300, window, window.close))
    return window

application.make_window = make_window
sys.exit(application.open_window(StartRequest((Path(sys.argv[1]),)), reachable=False))
"""


def test_the_program_ends_though_a_read_hangs_for_good(path: Path) -> None:
    child = subprocess.run([sys.executable, "-c", _HANGING, str(path)], timeout=60, capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
