"""Snapshot: the whole picture at any resolution, nothing cut, nothing overlapping."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from wsiview.geometry import Affine, Point, Size
from wsiview.gui.canvas.legend_plate import LegendPlate
from wsiview.gui.snapshot import Footer, Snapshot
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.scene.legend import NOT_A_DIAGNOSIS, legend
from wsiview.scene.viewport import Viewport
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.slide import TileUnreadable

LINES = ("slide " + "0123456789abcdef" * 4, "model pcam, layer features.42")
STACK = LayerStack(default_looks(4))


@pytest.fixture
def slide() -> ArraySlide:
    pixels = np.full((900, 1200, 3), 230, np.uint8)
    pixels[400:440, 600:660] = (30, 60, 90)
    return ArraySlide(pixels, mpp=(0.5, 0.5))


@pytest.fixture
def grids() -> MapGrids:
    made = MapGrids((20, 20), Affine.scaling(20, 20, 700, 400), 4)
    weights = np.zeros((4, 20, 20), np.float32)
    weights[1] = 1
    made.put(0, 0, weights, np.full((20, 20), 2, np.uint8))
    return made


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_the_picture_shows_the_same_view_at_more_pixels(
    qtbot: QtBot, slide: ArraySlide, grids: MapGrids, factor: int
) -> None:
    view = Viewport(Point(700, 450), 1.5, Size(600, 420))
    job = Snapshot(
        view, slide, factor=factor, grids=grids, stack=STACK, legend=legend(STACK), provenance=LINES, mpp=20.0
    )
    with qtbot.waitSignal(job.finished, timeout=10_000) as done:
        job.start()
    (image,) = done.args
    assert isinstance(image, QImage)
    assert image.width() == 600 * factor
    assert image.height() > 420 * factor
    x, y = view.to_device.apply(630, 420)
    assert image.pixelColor(round(x * factor), round(y * factor)).getRgb()[:3] == (30, 60, 90)
    x, y = view.to_device.apply(800, 500)
    red, green, blue, _ = image.pixelColor(round(x * factor), round(y * factor)).getRgb()
    assert red > green > blue
    assert image.pixelColor(image.width() - 2, image.height() - 2).getRgb()[:3] == (255, 255, 255)
    qtbot.waitUntil(lambda: not any(thread.name.startswith("tile") for thread in threading.enumerate()))


@pytest.mark.parametrize("width", [160, 300, 900])
def test_text_below_the_picture_is_neither_cut_nor_overlapping(qtbot: QtBot, width: int) -> None:
    shown = legend(STACK)
    assert shown is not None
    footer = Footer(LINES, width, LegendPlate(shown))
    blocks = footer.blocks
    assert len(blocks) == 3
    for above, below in pairwise(blocks):
        assert above.bottom() <= below.top()
    assert blocks[0].top() >= LegendPlate(shown).height
    assert blocks[-1].bottom() <= footer.height
    picture = QImage(width, round(footer.height), QImage.Format.Format_RGB32)
    picture.fill(0xFFFFFFFF)
    from PySide6.QtGui import QPainter

    painter = QPainter(picture)
    footer.paint(painter)
    painter.end()
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), width, 4)
    below_legend = rows[int(blocks[0].top()) :, :, 0]
    assert (below_legend[:, -4:] == 255).all()
    assert (below_legend[-4:] == 255).all()
    assert (below_legend < 128).any()


def test_the_warning_stands_below_a_picture_once(qtbot: QtBot) -> None:
    footer = Footer((NOT_A_DIAGNOSIS, "Slide x"), 900, None)
    assert [text for _, text, _ in footer._blocks].count(NOT_A_DIAGNOSIS) == 1
    assert len(footer.blocks) == 2


def test_a_giant_picture_is_refused_in_a_sentence(qtbot: QtBot, slide: ArraySlide) -> None:
    job = Snapshot(Viewport(Point(0, 0), 1.0, Size(7680, 4320)), slide, factor=4)
    with qtbot.waitSignal(job.failed) as told:
        job.start()
    assert "too large" in told.args[0]


def test_a_cancelled_picture_leaves_no_thread(qtbot: QtBot, slide: ArraySlide) -> None:
    job = Snapshot(Viewport(Point(600, 400), 1.0, Size(1000, 800)), slide, factor=2)
    job.finished.connect(lambda _image: pytest.fail("it was cancelled"))
    job.start()
    job.cancel()
    qtbot.waitUntil(lambda: not any(thread.name.startswith("tile") for thread in threading.enumerate()))


def test_unreadable_tiles_do_not_hold_the_picture_up(qtbot: QtBot, slide: ArraySlide) -> None:
    read = slide.read

    def damaged(level: int, x: int, y: int, width: int, height: int) -> np.ndarray:
        if level == 0 and x >= 512:
            raise TileUnreadable(slide.path, level, x, y, width, height, "damaged")
        return read(level, x, y, width, height)

    slide.read = damaged  # type: ignore[method-assign]
    job = Snapshot(Viewport(Point(600, 400), 1.0, Size(800, 600)), slide)
    with qtbot.waitSignal(job.finished, timeout=10_000):
        job.start()
