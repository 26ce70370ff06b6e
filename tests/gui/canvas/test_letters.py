"""Letters are painted where their class is the strongest, whatever shows it, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from wsiview.geometry import Affine, Point
from wsiview.gui.canvas.letters import Letters, letter_picture
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.snapshot import Snapshot
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.scene.palette import COLORS, luminance
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.slide import Slide

STACK = LayerStack(default_looks(3))


@pytest.fixture
def halves() -> MapGrids:
    """A at the left, C at the right of 128 × 128 cells of 10 px; the right blocks are still to come."""
    grids = MapGrids((128, 128), Affine.scaling(10, 10), 3)
    for row in range(2):
        put(grids, row, 0, 0)
    return grids


def put(grids: MapGrids, row: int, col: int, index: int) -> None:
    weights = np.zeros((3, 64, 64), np.float32)
    weights[index] = 1
    grids.put(row, col, weights, np.full((64, 64), 2, np.uint8))


@pytest.fixture
def lettered(
    qtbot: QtBot, showing: Callable[[Slide], SlideCanvas], halves: MapGrids
) -> Iterator[tuple[SlideCanvas, Letters]]:
    canvas = showing(ArraySlide(np.full((1280, 1280, 3), 235, np.uint8), mpp=(8.0, 8.0)))
    letters = Letters(canvas)
    canvas.set_grids(halves)
    canvas.set_layers(STACK)
    yield canvas, letters
    letters.close()


def shown(qtbot: QtBot, canvas: SlideCanvas, letters: Letters) -> list[tuple[str, Point]]:
    """Letters on screen, once none is on its way."""
    canvas.grab()
    qtbot.waitUntil(lambda: letters.settled, timeout=5000)
    canvas.grab()
    qtbot.waitUntil(lambda: letters.settled, timeout=5000)
    ratio = canvas.pixel_ratio
    found = []
    for stack, part in canvas.comparison.parts(canvas.layers, canvas.width(), canvas.height()):
        for one, x, y in letters.shown(canvas.viewport, ratio, stack):
            if part.contains(x / ratio, y / ratio):
                found.append((stack.classes[one.class_index].letter, Point(x / ratio, y / ratio)))
    return found


def painted(canvas: SlideCanvas, letters: Letters) -> NDArray[np.uint8]:
    """Letters alone, (h, w, 4)."""
    image = QImage(canvas.width(), canvas.height(), QImage.Format.Format_RGBA8888)
    image.fill(0)
    painter = QPainter(image)
    letters.paint(painter, canvas.viewport, canvas.pixel_ratio, None)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(canvas.height(), canvas.width(), 4).copy()


def test_letters_come_with_the_blocks_of_the_map_and_are_painted_in_place(
    qtbot: QtBot, lettered: tuple[SlideCanvas, Letters], halves: MapGrids
) -> None:
    canvas, letters = lettered
    assert {letter for letter, _ in shown(qtbot, canvas, letters)} == {"A"}
    for row in range(2):
        put(halves, row, 1, 2)
        letters.block_arrived(row, 1)
    found = shown(qtbot, canvas, letters)
    assert {letter for letter, _ in found} == {"A", "C"}
    alpha = painted(canvas, letters)[..., 3]
    for letter, at in found:
        halves_seen = canvas.viewport.place(at.x, at.y).x < 640
        assert letter == ("A" if halves_seen else "C")
        around = np.s_[round(at.y) - 9 : round(at.y) + 9, round(at.x) - 9 : round(at.x) + 9]
        assert (alpha[around] == 255).sum() > 20
        alpha[round(at.y) - 14 : round(at.y) + 14, round(at.x) - 14 : round(at.x) + 14] = 0
    assert not alpha.any()


@pytest.mark.parametrize(
    "stack",
    [
        replace(STACK, hidden=True), replace(STACK, opacity=0.0), replace(STACK, letters=False),
        replace(STACK, strongest=False, strength=(0,)), replace(STACK, look="paper"),
        STACK.with_class(0, replace(STACK.classes[0], visible=False)),
    ],
)  # fmt: skip
def test_letters_go_with_the_layer_that_they_belong_to(
    qtbot: QtBot, lettered: tuple[SlideCanvas, Letters], stack: LayerStack
) -> None:
    canvas, letters = lettered
    assert shown(qtbot, canvas, letters)
    canvas.set_layers(stack)
    assert not shown(qtbot, canvas, letters)
    assert not painted(canvas, letters).any()


def test_letters_stay_on_their_side_of_a_curtain(qtbot: QtBot, lettered: tuple[SlideCanvas, Letters]) -> None:
    canvas, letters = lettered
    (_, at), *_ = shown(qtbot, canvas, letters)
    canvas.set_other_layers(replace(STACK, strongest=False, strength=(0,)))
    canvas.set_curtain((at.x - 20) / canvas.width())
    assert not shown(qtbot, canvas, letters)
    canvas.set_curtain((at.x + 20) / canvas.width())
    assert shown(qtbot, canvas, letters)
    canvas.set_curtain(None)
    canvas.show_other(True)
    assert not shown(qtbot, canvas, letters)


def test_a_picture_has_the_letters_of_the_screen(qtbot: QtBot, lettered: tuple[SlideCanvas, Letters]) -> None:
    canvas, letters = lettered
    (_, at), *_ = shown(qtbot, canvas, letters)
    snapshot = Snapshot.of(canvas, factor=2)
    with qtbot.waitSignal(snapshot.finished, timeout=10_000) as done:
        snapshot.start()
    picture, sharp = done.args[0], letter_picture("A", 2.0)
    x, y = round(2 * at.x - sharp.width() / 2), round(2 * at.y - sharp.height() / 2)
    whites = [
        (i, j) for i in range(sharp.width()) for j in range(sharp.height())
        if sharp.pixelColor(i, j).getRgb() == (255, 255, 255, 255)
    ]  # fmt: skip
    assert len(whites) > 100
    missed = [(i, j) for i, j in whites if picture.pixelColor(x + i, y + j).getRgb()[:3] != (255, 255, 255)]
    assert len(missed) < 0.05 * len(whites)  # the letter's place is rounded to whole pixels


def test_a_letter_stands_out_from_every_class_and_from_tissue() -> None:
    picture = letter_picture("B", 2.0)
    tones = [picture.pixelColor(i, j) for i in range(picture.width()) for j in range(picture.height())]
    light = sum(one.alpha() == 255 and one.lightness() == 255 for one in tones)
    dark = sum(one.alpha() > 200 and one.lightness() < 40 for one in tones)
    assert light > 100
    assert dark > 100
    for color in (*COLORS, (238, 205, 225), (110, 70, 140)):  # and stroma and nuclei
        below = luminance(color) + 0.05
        assert max(1.05 / below, below / (luminance((16, 16, 18)) + 0.05)) >= 4.5
