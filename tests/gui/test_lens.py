"""A slide without a pyramid is looked at through levels built for it, in the background and only once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from wsiview.geometry import Size
from wsiview.gui import overviews
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.lens import Lens
from wsiview.gui.main_window import MainWindow
from wsiview.gui.messages import Weight
from wsiview.gui.preferences import Preferences
from wsiview.gui.session import Session
from wsiview.resources import user_cache_folder
from wsiview.slide import level_building, missing_levels
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.built_slide import BuiltSlide
from wsiview.slide.level_building import PENDING, reduced
from wsiview.slide.slide import SlideVanished
from wsiview.slide.wrapped_slide import WrappedSlide

Wait = Callable[..., None]
WIDTH, HEIGHT, COLOR = 17_000, 900, (150, 70, 140)


class FlatSlide(ArraySlide):
    """A large slide of one level and one colour."""

    def __init__(self) -> None:
        super().__init__(np.full((64, 64, 3), COLOR, np.uint8), name="flat")
        self.level_dimensions = (Size(WIDTH, HEIGHT),)
        self.fingerprint = "0" * 64
        self.gone = False
        self.reads = self.widest = 0

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Any:
        self.reads, self.widest = self.reads + 1, max(self.widest, width)
        if self.gone:
            raise SlideVanished(self.path, level, x, y, width, height, "gone")
        return np.full((height, width, 3), COLOR, np.uint8)


class Gate:
    """Lets so many squares of a slide through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._squares = threading.Semaphore(0)
        monkeypatch.setattr(level_building, "reduced", self._pass)

    def _pass(self, pixels: Any) -> Any:
        if max(pixels.shape) > level_building.TILE:
            self._squares.acquire()
        return reduced(pixels)

    def open(self, squares: int = 1000) -> None:
        self._squares.release(squares)


class Told:
    """The part of a session that a lens needs."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Weight]] = []
        self.preferences = Preferences()

    def tell(self, text: str, weight: Weight = Weight.NOTE, offer: str = "") -> None:
        self.told.append((text, weight))


@pytest.fixture(autouse=True)
def huge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call a few million pixels huge."""
    monkeypatch.setattr(missing_levels, "MOST_COARSEST", 1 << 20)
    monkeypatch.setattr(missing_levels, "ENOUGH", 1 << 17)
    monkeypatch.setattr(overviews, "_GROWTH_MS", 50)


@pytest.fixture
def session() -> Told:
    return Told()


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[SlideCanvas]:
    made = SlideCanvas()
    qtbot.addWidget(made)
    made.resize(300, 260)
    made.show()
    yield made
    made.close()


@pytest.fixture
def lens(canvas: SlideCanvas, session: Told) -> Iterator[Lens]:
    made = Lens(cast(Session, session))
    made.attach(canvas)
    yield made
    made.close()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(monkeypatch)
    yield made
    made.open()


def shares(canvas: SlideCanvas) -> tuple[float, float]:
    """How much of the slide's overview is not read yet, and how much has the slide's colour."""
    base = canvas.base
    assert base is not None
    pixels = np.frombuffer(base.constBits(), np.uint8).reshape(base.height(), base.width(), 4)[4::16, 4::16, 2::-1]
    pending, there = ((np.abs(pixels.astype(int) - color).max(axis=2) <= 3).mean() for color in (PENDING, COLOR))
    return float(pending), float(there)


def test_the_overview_fills_in_while_it_is_built_and_is_found_again(
    canvas: SlideCanvas, lens: Lens, gate: Gate, wait: Wait
) -> None:
    slide = FlatSlide()
    canvas.set_slide(slide)
    wait(lambda: canvas.is_sharp and shares(canvas)[0] > 0.9)
    gate.open(4)
    wait(lambda: 0.2 < shares(canvas)[1] < 0.9)
    gate.open()
    wait(lambda: not lens.overviews.building and shares(canvas)[1] > 0.99)
    assert isinstance(canvas.slide, BuiltSlide)
    again = FlatSlide()
    canvas.set_slide(again)
    wait(lambda: isinstance(canvas.slide, BuiltSlide) and shares(canvas)[1] > 0.99)
    assert slide.widest == level_building.CHUNK > again.widest, "nothing is built again"


def test_an_overview_that_is_stopped_leaves_the_slide_as_its_file_has_it(
    canvas: SlideCanvas, lens: Lens, gate: Gate, wait: Wait
) -> None:
    slide = FlatSlide()
    canvas.set_slide(slide)
    wait(lambda: canvas.slide is not slide)
    lens.overviews.stop()
    assert canvas.slide is slide
    assert not lens.overviews.building
    gate.open()
    wait(lambda: canvas.is_sharp and shares(canvas)[1] > 0.99)
    wait(lambda: not list((user_cache_folder() / "levels").iterdir()))
    lens.overviews.try_again()
    assert not lens.overviews.building, "stopped is stopped, until the slide is opened again"
    opened_again = FlatSlide()
    canvas.set_slide(opened_again)
    wait(lambda: canvas.slide is not opened_again)
    canvas.set_slide(None)


def test_another_slide_silences_the_one_before(canvas: SlideCanvas, lens: Lens, gate: Gate, wait: Wait) -> None:
    first, second = FlatSlide(), FlatSlide()
    canvas.set_slide(first)
    wait(lambda: canvas.slide is not first)
    canvas.set_slide(second)
    gate.open()
    wait(lambda: not lens.overviews.building and canvas.slide is not second)
    assert cast(BuiltSlide, canvas.slide).inner is second


def test_a_folder_that_takes_nothing_is_said_and_the_slide_can_be_looked_at(
    canvas: SlideCanvas, lens: Lens, session: Told, wait: Wait
) -> None:
    (user_cache_folder() / "levels").write_bytes(b"no folder")
    slide = FlatSlide()
    canvas.set_slide(slide)
    wait(lambda: session.told)
    assert "The overview of flat can't be kept" in session.told[0][0]
    assert session.told[0][1] is Weight.WARNING
    wait(lambda: canvas.is_sharp)
    assert canvas.slide is slide


def test_levels_that_turn_out_damaged_are_built_again(canvas: SlideCanvas, lens: Lens, wait: Wait) -> None:
    canvas.set_slide(FlatSlide())
    wait(lambda: not lens.overviews.building and isinstance(canvas.slide, BuiltSlide))
    canvas.set_slide(None)
    (kept,) = (user_cache_folder() / "levels").iterdir()
    content = bytearray(kept.read_bytes())
    content[content.rindex(b"\xff\xda") + 20] ^= 0x55  # in the pixels of a tile
    kept.write_bytes(content)
    slide = FlatSlide()
    canvas.set_slide(slide)
    wait(lambda: slide.reads > 4 and not lens.overviews.building)
    wait(lambda: canvas.is_sharp and shares(canvas)[1] > 0.99)
    assert isinstance(canvas.slide, BuiltSlide)


def test_a_slide_that_vanishes_is_built_when_it_is_back(
    canvas: SlideCanvas, lens: Lens, session: Told, wait: Wait
) -> None:
    slide = FlatSlide()
    slide.gone = True
    canvas.set_slide(slide)
    wait(lambda: not lens.overviews.building)
    told = [text for text, weight in session.told if weight is Weight.WARNING]
    assert told == [], "the slide's watch tells it, and the canvas what it met itself"
    slide.gone = False
    lens.overviews.try_again()
    wait(lambda: isinstance(canvas.slide, BuiltSlide) and not lens.overviews.building)


def test_the_window_says_how_far_it_is_stops_by_key_and_maps_the_file_itself(
    window: MainWindow, tmp_path: Path, gate: Gate, wait: Wait, qtbot: QtBot
) -> None:
    path = tmp_path / "flat.tiff"
    tifffile.imwrite(path, np.full((HEIGHT, WIDTH, 3), COLOR, np.uint8), tile=(256, 256), compression="deflate",
                     photometric="rgb", metadata=None)  # fmt: skip
    window.session.open_path(path)
    wait(lambda: window.companions.lens.overviews.building and window.session.slide is not None)
    gate.open(2)
    words = window.companions.preparing.words
    wait(lambda: words.isVisible() and words.text() == "Preparing overview of flat …")
    assert len(window.session.slide.level_dimensions) == 1, "what computes sees the file's own levels"
    assert not isinstance(window.session.slide, BuiltSlide)
    assert cast(WrappedSlide, window.canvas.slide).built_levels
    assert window.menus.actions["stop_overview"].isEnabled()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window.canvas, Qt.Key.Key_Period, both)
    assert not words.isVisible()
    assert not window.menus.actions["stop_overview"].isEnabled()
    gate.open()
