"""Two canvases go together, and clicked points lay one slide upon the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QSplitter
from pytestqt.qtbot import QtBot

from wsiview.geometry import Affine, Point
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.second.aligning import Aligning
from wsiview.gui.second.link import Link
from wsiview.gui.second.marks import CursorMark
from wsiview.scene.registration import SAME, Registration
from wsiview.scene.visible_tiles import view_window
from wsiview.slide.array_slide import ArraySlide

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
WIDTH, HEIGHT = 1400, 1000
NUCLEI = (Point(520, 410), Point(900, 430), Point(610, 700))
TURNED = Affine(0, -1, HEIGHT + 60, 1, 0, 90)
"""The second slide is the first one turned clockwise on a larger glass."""


@dataclass
class Views:
    first: SlideCanvas
    second: SlideCanvas
    link: Link

    def place(self, canvas: SlideCanvas, place: Point) -> QPoint:
        x, y = canvas.viewport.to_device.apply(place.x, place.y)
        return QPointF(x, y).toPoint()

    def from_middle(self, canvas: SlideCanvas, place: Point) -> tuple[float, float]:
        x, y = canvas.viewport.to_device.apply(place.x, place.y)
        return x - canvas.viewport.size.width / 2, y - canvas.viewport.size.height / 2


def nuclei() -> np.ndarray:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    pixels = np.full((HEIGHT, WIDTH, 3), 230, np.uint8)
    for place in NUCLEI:
        pixels[np.hypot(x - place.x, y - place.y) < 9] = (80, 40, 120)
    return pixels


def there(place: Point) -> Point:
    return Point(*TURNED.apply(place.x, place.y))


@pytest.fixture(scope="module")
def slides() -> tuple[ArraySlide, ArraySlide]:
    pixels = nuclei()
    glass = np.full((WIDTH + 200, HEIGHT + 150, 3), 240, np.uint8)
    glass[90 : 90 + WIDTH, 60 : 60 + HEIGHT] = np.rot90(pixels, -1)
    return ArraySlide(pixels, (0.5, 0.5), "section"), ArraySlide(glass, (0.5, 0.5), "next section")


@pytest.fixture
def views(qtbot: QtBot, slides: tuple[ArraySlide, ArraySlide]) -> Iterator[Views]:
    box = QSplitter()
    first, second = SlideCanvas(), SlideCanvas()
    box.addWidget(first)
    box.addWidget(second)
    box.resize(901, 420)  # an odd width to one of them
    qtbot.addWidget(box)
    box.show()
    qtbot.waitExposed(box)
    for canvas, slide in zip((first, second), slides, strict=True):
        canvas.set_slide(slide)
    yield Views(first, second, Link(first, second, box))
    for canvas in (first, second):
        canvas.shutdown()


def turn_wheel(canvas: SlideCanvas, x: int, y: int, angle: int) -> None:
    at, none = QPointF(x, y), QPoint(0, 0)
    event = QWheelEvent(
        at, canvas.mapToGlobal(at), none, QPoint(0, angle), Qt.MouseButton.NoButton, PLAIN,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)


def drag(qtbot: QtBot, canvas: SlideCanvas, start: QPoint, step: QPoint, count: int) -> None:
    qtbot.mousePress(canvas, LEFT, pos=start)
    for number in range(1, count + 1):
        qtbot.mouseMove(canvas, start + step * number)
    qtbot.mouseRelease(canvas, LEFT, pos=start + step * count)


def test_the_same_tissue_lies_at_the_same_place_of_both_whichever_is_moved(views: Views, qtbot: QtBot) -> None:
    views.link.set_registration(Registration(TURNED))
    views.link.set_on(True)

    def together() -> bool:
        return all(
            views.from_middle(views.second, there(nucleus))
            == pytest.approx(views.from_middle(views.first, nucleus), abs=0.01)
            for nucleus in NUCLEI
        )

    assert together()
    turn_wheel(views.first, 90, 300, 480)
    assert together()
    drag(qtbot, views.second, QPoint(200, 200), QPoint(-9, 4), 6)
    assert together()
    qtbot.keyClick(views.first, Qt.Key.Key_Left)
    assert together()
    views.second.turn(37)
    assert together()
    views.first.mirror()
    assert together()
    turn_wheel(views.second, 40, 60, -240)
    assert together()


def test_the_one_that_is_moved_is_never_pulled_back(views: Views, qtbot: QtBot) -> None:
    views.link.set_registration(Registration(TURNED))
    views.link.set_on(True)
    turn_wheel(views.first, 200, 200, 720)
    moved: list[object] = []
    views.first.view_changed.connect(moved.append)
    for _ in range(30):  # to the edge, where the other slide has nothing any more
        before = views.first.viewport
        qtbot.keyClick(views.first, Qt.Key.Key_Left)
        assert len(moved) == (views.first.viewport != before)
        moved.clear()
    assert views.first.viewport.center.x == 0
    assert views.link.registration.view_of_second(views.first.viewport).center == views.second.viewport.center


def test_a_slow_drag_moves_both_by_the_same_pixels_without_a_tremble(views: Views, qtbot: QtBot) -> None:
    views.first.set_slide(views.first.slide)
    views.second.set_slide(views.first.slide)
    views.link.set_on(True)
    turn_wheel(views.first, 201, 133, 500)
    seen: list[tuple[int, int]] = []

    def note() -> None:
        windows = [view_window(canvas.viewport) for canvas in (views.first, views.second)]
        seen.append((windows[0].x, windows[1].x))

    note()
    qtbot.mousePress(views.first, LEFT, pos=QPoint(200, 200))
    for number in range(1, 60):
        qtbot.mouseMove(views.first, QPoint(200 - number, 200))
        note()
    qtbot.mouseRelease(views.first, LEFT, pos=QPoint(141, 200))
    assert {(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(seen)} == {(1, 1)}


def test_unlinked_views_move_alone_and_meet_again_where_the_leader_is(views: Views, qtbot: QtBot) -> None:
    views.second.set_slide(views.first.slide)
    views.link.set_on(True)
    views.link.set_on(False)
    before = views.first.viewport
    turn_wheel(views.second, 200, 100, 480)
    assert views.first.viewport == before
    views.link.set_on(True, views.second)
    assert views.link.registration == SAME
    assert views.first.viewport.center == views.second.viewport.center


def test_another_size_of_the_window_moves_neither_and_what_was_whole_stays_whole(views: Views, qtbot: QtBot) -> None:
    views.link.set_registration(Registration(TURNED))
    views.link.set_on(True)
    views.first.window().resize(1100, 300)
    assert views.first.fitting
    assert views.first.viewport.center == views.first.fitting_region.center
    assert views.second.viewport.downsample == views.first.viewport.downsample


def test_the_cursor_is_marked_on_the_same_nucleus_of_the_other_view(views: Views, qtbot: QtBot) -> None:
    views.link.set_registration(Registration(TURNED))
    views.link.set_on(True)
    mark = CursorMark(views.second)
    views.first.hovered.connect(lambda place: mark.show_at(place and views.link.registration.in_second(place)))
    qtbot.mouseMove(views.first, views.place(views.first, NUCLEI[1]))
    assert mark.place is not None
    x, y = int(mark.place.x), int(mark.place.y)
    assert views.second.slide is not None
    assert tuple(views.second.slide.read(0, x, y, 1, 1)[0, 0]) == (80, 40, 120)
    qtbot.waitUntil(lambda: views.second.is_sharp)
    middle, picture = views.place(views.second, mark.place), views.second.grab().toImage()
    arm = picture.pixelColor(middle + QPoint(11, 0))
    assert arm.red() > 200 > 100 > arm.blue(), "a yellow cross around it"


# Points


@pytest.fixture
def aligning(views: Views) -> Aligning:
    turn_wheel(views.first, 225, 210, 120)
    aligning = Aligning(views.first, views.second, views.link)
    aligning.start()
    return aligning


def click(qtbot: QtBot, views: Views, canvas: SlideCanvas, place: Point) -> None:
    qtbot.mouseClick(canvas, LEFT, pos=views.place(canvas, place))


def click_pairs(qtbot: QtBot, views: Views, count: int) -> None:
    for nucleus in NUCLEI[:count]:
        click(qtbot, views, views.first, nucleus)
        click(qtbot, views, views.second, there(nucleus))


@pytest.mark.parametrize("count", [2, 3])
def test_points_clicked_in_both_views_align_the_slides(
    views: Views, aligning: Aligning, qtbot: QtBot, count: int
) -> None:
    click_pairs(qtbot, views, count)
    with qtbot.waitSignal(aligning.aligned) as found:
        qtbot.keyClick(views.second, Qt.Key.Key_Return)
    registration = found.args[0]
    assert registration.angle == pytest.approx(90, abs=0.5)
    assert registration.scale == pytest.approx(1, abs=0.01)
    for nucleus in NUCLEI:
        lies = registration.in_second(nucleus)
        assert (lies.x, lies.y) == pytest.approx((there(nucleus).x, there(nucleus).y), abs=6)  # a pixel of the screen
    assert not aligning.running
    assert views.first.tool is None
    assert views.second.tool is None


def test_two_points_of_a_mirrored_view_align_mirrored(views: Views, aligning: Aligning, qtbot: QtBot) -> None:
    views.second.mirror()
    click(qtbot, views, views.first, NUCLEI[0])
    click(qtbot, views, views.second, there(NUCLEI[0]))
    click(qtbot, views, views.first, NUCLEI[1])
    click(qtbot, views, views.second, there(NUCLEI[1]))
    with qtbot.waitSignal(aligning.aligned) as found:
        qtbot.keyClick(views.first, Qt.Key.Key_Enter)
    assert found.args[0].mirrored


def test_the_prompt_asks_in_turn_and_numbers_stand_at_the_points(
    views: Views, aligning: Aligning, qtbot: QtBot
) -> None:
    prompt = aligning.prompt
    assert (prompt.parent(), prompt.request.text()) == (views.first, "Point 1: click a place that both slides show")
    before = views.first.grab().toImage()
    click(qtbot, views, views.first, NUCLEI[0])
    assert (prompt.parent(), prompt.request.text()) == (views.second, "Point 1: click the same place here")
    spot = views.place(views.first, NUCLEI[0]) + QPoint(10, 0)
    assert views.first.grab().toImage().pixelColor(spot) != before.pixelColor(spot), "a ring around the point"
    click(qtbot, views, views.first, NUCLEI[1])
    assert len(aligning.places[0]) == 1, "the point was meant to lie elsewhere"
    assert aligning.places[0][0].x == pytest.approx(NUCLEI[1].x, abs=6)
    qtbot.keyClick(views.first, Qt.Key.Key_Return)
    assert (prompt.parent(), prompt.request.text()) == (views.second, "Point 1 is missing in this view")
    qtbot.keyClick(views.first, Qt.Key.Key_Backspace)
    assert aligning.places == ([], [])
    qtbot.keyClick(views.first, Qt.Key.Key_Return)
    assert prompt.request.text() == "It takes two points, better three"


def test_points_that_make_no_sense_are_refused_and_can_be_taken_back(
    views: Views, aligning: Aligning, qtbot: QtBot
) -> None:
    aligned: list[object] = []
    aligning.aligned.connect(aligned.append)
    click_pairs(qtbot, views, 1)
    click(qtbot, views, views.first, Point(NUCLEI[0].x + 15, NUCLEI[0].y))
    click(qtbot, views, views.second, there(NUCLEI[1]))
    qtbot.keyClick(views.first, Qt.Key.Key_Return)
    assert "too close together" in aligning.prompt.request.text()
    assert aligning.running
    assert not aligned


def test_a_drag_still_moves_the_slide_and_sets_no_point(views: Views, aligning: Aligning, qtbot: QtBot) -> None:
    before = views.first.viewport, views.second.viewport
    drag(qtbot, views.first, QPoint(200, 200), QPoint(8, 3), 5)
    assert views.first.viewport != before[0]
    assert views.second.viewport == before[1]
    assert aligning.places == ([], [])


def test_escape_leaves_everything_as_it_was(views: Views, aligning: Aligning, qtbot: QtBot) -> None:
    aligned: list[object] = []
    aligning.aligned.connect(aligned.append)
    click_pairs(qtbot, views, 2)
    with qtbot.waitSignal(aligning.ended):
        qtbot.keyClick(views.second, Qt.Key.Key_Escape)
    assert not aligned
    assert not aligning.prompt.isVisible()
    assert views.first.tool is None
    assert views.second.tool is None
