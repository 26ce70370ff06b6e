"""Rulers and areas on a canvas: drawn, dragged, selected and shown through the mouse and keys of a reader."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QUndoStack
from pytestqt.qtbot import QtBot

from wsiview.geometry import Point
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.measuring.area_tool import AreaTool
from wsiview.gui.measuring.board import Board
from wsiview.gui.measuring.hand import HandTool
from wsiview.gui.measuring.ruler_tool import RulerTool
from wsiview.gui.slide_book import SlideBook
from wsiview.gui.snapshot import Snapshot
from wsiview.review.store import ReviewStore
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.slide import Slide

Showing = Callable[[Slide], SlideCanvas]
LEFT, NONE, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
MPP = (0.5, 0.25)
"""Pixels that are not square."""


@pytest.fixture
def board(showing: Showing, array: ArraySlide, tmp_path: Path) -> Iterator[Board]:
    """On a slide seen at two level-0 pixels per screen pixel."""
    canvas, edits = showing(array), QUndoStack()
    canvas.set_viewport(replace(canvas.viewport, center=Point(800, 700), downsample=2.0))
    with ReviewStore(tmp_path / "mine.wsireview") as store:
        yield Board(canvas, SlideBook(store, "", edits), lambda: MPP, canvas)
        edits.clear()


def drag(qtbot: QtBot, board: Board, *way: tuple[int, int], keys: Qt.KeyboardModifier = NONE) -> None:
    qtbot.mousePress(board.canvas, LEFT, keys, QPoint(*way[0]))
    for x, y in way[1:]:
        qtbot.mouseMove(board.canvas, QPoint(x, y))
    qtbot.mouseRelease(board.canvas, LEFT, keys, QPoint(*way[-1]))


def click(qtbot: QtBot, board: Board, *places: tuple[int, int]) -> None:
    for x, y in places:
        qtbot.mouseMove(board.canvas, QPoint(x, y))
        qtbot.mouseClick(board.canvas, LEFT, pos=QPoint(x, y))


def words(board: Board) -> list[tuple[str, ...]]:
    return [shape.words(MPP) for shape in board.shapes]


def test_a_ruler_is_dragged_or_clicked_and_its_end_can_be_dragged_again(board: Board, qtbot: QtBot) -> None:
    canvas, before = board.canvas, board.canvas.viewport
    canvas.set_tool(RulerTool(board))
    drag(qtbot, board, (200, 200), (260, 210), (300, 200))
    assert words(board) == [("100.0 µm",)], "200 px of 0.5 µm"
    click(qtbot, board, (200, 300))
    qtbot.mouseMove(canvas, QPoint(200, 360))
    assert board.draft is not None
    assert board.draft.words(MPP) == ("30.0 µm",), "120 px of 0.25 µm"
    click(qtbot, board, (200, 400))
    assert words(board)[1] == ("50.0 µm",)
    drag(qtbot, board, (200, 400), (200, 420), (200, 440))
    assert words(board)[1] == ("70.0 µm",)
    drag(qtbot, board, (400, 100), (450, 103), (500, 106), keys=SHIFT)
    start, end = board.shapes[2].points
    assert end.y == pytest.approx(start.y), "Shift keeps it straight"
    click(qtbot, board, (200, 100))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert board.draft is None
    assert len(board.shapes) == 3, "Esc gives up what is begun"
    assert canvas.viewport == before
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.tool is None
    drag(qtbot, board, (500, 400), (520, 400))
    assert canvas.viewport != before, "without the tool a drag moves the slide"


def test_an_area_is_clicked_round_or_drawn_round(board: Board, qtbot: QtBot) -> None:
    canvas = board.canvas
    canvas.set_tool(AreaTool(board))
    click(qtbot, board, (200, 200), (300, 200), (300, 300), (340, 340))
    qtbot.keyClick(canvas, Qt.Key.Key_Backspace)
    click(qtbot, board, (200, 300))
    qtbot.mouseDClick(canvas, LEFT, pos=QPoint(200, 300))
    assert words(board) == [("5000 µm²", "perimeter 300.0 µm")]
    turn = [2 * math.pi * step / 60 for step in range(61)]
    drag(qtbot, board, *((round(450 + 80 * math.cos(a)), round(250 + 80 * math.sin(a))) for a in turn))
    area = float(words(board)[1][0].removesuffix(" µm²"))
    assert area == pytest.approx(math.pi * 160 * 160 * 0.5 * 0.25, rel=0.01)
    click(qtbot, board, (100, 350), (200, 420), (200, 350), (100, 420))
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert words(board)[2][0] == "crosses itself: no area"
    click(qtbot, board, (400, 400), (440, 400), (440, 440), (402, 398))
    assert len(board.shapes) == 4, "a click on the first point closes it"
    board.select_next()
    board.select_next()
    assert board.selection is not None
    assert board.selection[1] == board.shapes[1]
    board.remove_all()
    assert board.shapes == ()


def test_a_measure_is_selected_by_a_click_and_moved_as_a_whole_on_a_turned_slide(board: Board, qtbot: QtBot) -> None:
    canvas = board.canvas
    board.selected.connect(lambda item: canvas.set_tool(HandTool(board)) if item is not None else None)
    canvas.clicked.connect(lambda place: board.select(board.shape_at(place)))
    canvas.turn(90)
    canvas.set_tool(RulerTool(board))
    drag(qtbot, board, (200, 200), (250, 200), (300, 200))
    assert words(board) == [("50.0 µm",)], "across the screen the slide's rows are counted now"
    canvas.set_tool(None)
    board.select(None)
    click(qtbot, board, (400, 400))
    assert board.selection is None
    click(qtbot, board, (250, 202))
    assert board.selection is not None
    before = canvas.viewport
    drag(qtbot, board, (250, 200), (260, 230), (270, 250))
    start, end = board.shapes[0].points
    to = canvas.viewport.to_device
    assert to.apply(start.x, start.y) == pytest.approx((220, 250), abs=1)
    assert to.apply(end.x, end.y) == pytest.approx((320, 250), abs=1)
    assert canvas.viewport == before
    drag(qtbot, board, (500, 400), (520, 400))
    assert canvas.viewport != before, "beside the measure a drag moves the slide"


def test_measures_are_in_pictures_and_only_on_screen_marked_as_selected(board: Board, qtbot: QtBot) -> None:
    canvas = board.canvas
    canvas.set_tool(RulerTool(board))
    drag(qtbot, board, (200, 300), (260, 300), (500, 300))
    for _ in range(3):  # stroked, then copied from frame to frame
        shown = canvas.grab().toImage()
        assert sum(shown.pixelColor(x, 300).blue() < 80 for x in range(230, 470)) > 200
    snapshot = Snapshot.of(canvas)
    with qtbot.waitSignal(snapshot.finished, timeout=5000) as taken:
        snapshot.start()
    picture: QImage = taken.args[0]
    assert sum(picture.pixelColor(x, 300).lightness() > 215 for x in range(230, 470)) > 200
    canvas.pan(0, 40)
    shown = canvas.grab().toImage()
    assert sum(shown.pixelColor(x, 340).blue() < 80 for x in range(230, 470)) > 200, "it moves with the slide"
