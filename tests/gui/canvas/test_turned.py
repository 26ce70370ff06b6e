"""A turned and mirrored canvas: hands, keys, marks and screenshots go on telling the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from wsiview.geometry import Point, Region, Size
from wsiview.gui.canvas.hud import ScalePlate, outline
from wsiview.gui.canvas.overview import OverviewWidget
from wsiview.gui.canvas.plate import picture_of
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.snapshot import Snapshot
from wsiview.scene.orientation import orientation
from wsiview.scene.scale_bar import scale_bar
from wsiview.scene.viewport import Viewport
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.slide import Slide

Showing = Callable[[Slide], SlideCanvas]
TURNS = [(90.0, False), (0.0, True), (37.0, True), (180.0, False)]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def canvas_of(showing: Showing, array: ArraySlide) -> Callable[[float, bool], SlideCanvas]:
    canvas = showing(array)

    def show(rotation: float, flipped: bool) -> SlideCanvas:
        canvas.set_viewport(
            replace(canvas.viewport, center=Point(800, 700), downsample=1.5, rotation=rotation, flipped=flipped)
        )
        return canvas

    return show


def test_hand_wheel_and_arrows_move_what_is_on_screen_and_fit_shows_every_corner(
    qtbot: QtBot, canvas_of: Callable[[float, bool], SlideCanvas]
) -> None:
    for rotation, flipped in TURNS:
        canvas = canvas_of(rotation, flipped)
        place = canvas.place_at(QPointF(300, 200))
        qtbot.mousePress(canvas, LEFT, pos=QPoint(300, 200))
        qtbot.mouseMove(canvas, QPoint(340, 260))
        qtbot.mouseRelease(canvas, LEFT, pos=QPoint(340, 260))
        assert_there(canvas, QPointF(340, 260), place)
        middle = QPointF(canvas.width() / 2, canvas.height() / 2)
        right_of_it = canvas.place_at(middle + QPointF(canvas.width() * 0.15, 0))
        qtbot.keyClick(canvas, Qt.Key.Key_Right)
        assert_there(canvas, middle, right_of_it)
        under = canvas.place_at(QPointF(100, 90))
        canvas.zoom(1.7, QPointF(100, 90))
        assert_there(canvas, QPointF(100, 90), under)
        canvas.fit()
        to = canvas.viewport.to_device
        corners = [to.apply(x, y) for x in (0, 1777) for y in (0, 1451)]
        assert all(15 <= x <= canvas.width() - 15 and 15 <= y <= canvas.height() - 15 for x, y in corners)
        assert (canvas.viewport.rotation, canvas.viewport.flipped) == (rotation, flipped)


def assert_there(canvas: SlideCanvas, position: QPointF, place: Point) -> None:
    now = canvas.place_at(position)
    assert (now.x, now.y) == pytest.approx((place.x, place.y), abs=1.5)


def test_what_was_seen_whole_stays_whole_while_it_is_turned(showing: Showing, array: ArraySlide) -> None:
    canvas = showing(array)
    fitted = canvas.viewport
    canvas.turn(90)
    assert canvas.viewport.downsample > fitted.downsample
    canvas.turn_back()
    assert canvas.viewport == fitted
    canvas.zoom(4)
    close = canvas.viewport
    canvas.turn(31)
    canvas.mirror()
    assert canvas.viewport.downsample == close.downsample
    assert canvas.viewport.center == close.center
    canvas.turn_back()
    assert canvas.viewport == close


def test_another_slide_comes_upright(showing: Showing, array: ArraySlide) -> None:
    canvas = showing(array)
    canvas.turn(90)
    canvas.mirror()
    showing(ArraySlide(array.read(0, 0, 0, 900, 700), name="other"))
    assert canvas.viewport.upright


def test_a_box_on_the_slide_is_turned_with_it() -> None:
    view = Viewport(Point(100, 100), 0.5, Size(400, 400), rotation=30)
    box = outline(Region(90, 90, 20, 20), view, 2.0)
    middle = QPointF(100, 100)
    for corner in (box.at(i) for i in range(4)):
        away = corner - middle
        assert (away.x() ** 2 + away.y() ** 2) ** 0.5 == pytest.approx(200**0.5)
    edge = box.at(1) - box.at(0)
    assert edge.y() / edge.x() == pytest.approx(0.57735, abs=1e-4)


def test_the_scale_plate_says_how_the_view_is_turned_on_screen_and_in_pictures(
    qtbot: QtBot, canvas_of: Callable[[float, bool], SlideCanvas]
) -> None:
    canvas = canvas_of(90.0, True)
    assert orientation(canvas.viewport) == "turned 90°, mirrored"
    bar = scale_bar(canvas.viewport.downsample, 0.5, 180, 1.0)
    plate = picture_of(ScalePlate(bar, 1.0, "", "turned 90°, mirrored"), 1.0)
    assert plate.height() > picture_of(ScalePlate(bar, 1.0), 1.0).height()
    x, y = 12, canvas.height() - 12 - plate.height()
    shown = canvas.grab().toImage()
    snapshot = Snapshot.of(canvas)
    with qtbot.waitSignal(snapshot.finished, timeout=5000) as taken:
        snapshot.start()
    picture: QImage = taken.args[0]
    amber = [(px, py) for px in range(plate.width()) for py in range(49, plate.height()) if _is_amber(plate, px, py)]
    assert len(amber) > 50
    for image in (shown, picture):
        assert sum(_is_amber(image, x + px, y + py) for px, py in amber) > 0.9 * len(amber)


def _is_amber(image: QImage, x: int, y: int) -> bool:
    color = image.pixelColor(x, y)
    return color.red() > 150 and color.green() > 100 and color.blue() < 0.6 * color.red()


def test_the_overview_shows_the_tilted_box_and_moves_it(
    qtbot: QtBot, canvas_of: Callable[[float, bool], SlideCanvas]
) -> None:
    canvas = canvas_of(37.0, True)
    overview = OverviewWidget()
    qtbot.addWidget(overview)
    overview.resize(240, 200)
    overview.follow(canvas)
    canvas.zoom(1.6)
    outline, scale = overview.outline(), overview._scale()
    side = outline.at(1) - outline.at(0)
    assert (side.x() ** 2 + side.y() ** 2) ** 0.5 == pytest.approx(
        canvas.width() * canvas.viewport.downsample / scale, rel=1e-6
    )
    assert abs(side.y() / side.x()) == pytest.approx(0.75355, rel=1e-3), "tilted by 37°"
    beside = overview.box().topLeft() + QPointF(3, 3)
    assert not outline.containsPoint(beside, Qt.FillRule.WindingFill)
    before = canvas.viewport.center
    middle = outline.boundingRect().center().toPoint()
    grip = middle + QPoint(4, -3)
    qtbot.mousePress(overview, LEFT, pos=grip)
    qtbot.mouseMove(overview, grip + QPoint(12, 6))
    qtbot.mouseRelease(overview, LEFT, pos=grip + QPoint(12, 6))
    moved = canvas.viewport.center
    assert (moved.x - before.x, moved.y - before.y) == pytest.approx((12 * scale, 6 * scale), abs=0.01)
    assert canvas.viewport.rotation == 37.0
    qtbot.mouseClick(overview, LEFT, pos=beside.toPoint() + QPoint(12, 6))
    assert canvas.viewport.center.x < moved.x - 10, "a click beside the box goes there"


def test_a_box_larger_than_the_overview_is_dragged_without_a_jump(
    qtbot: QtBot, canvas_of: Callable[[float, bool], SlideCanvas]
) -> None:
    canvas = canvas_of(0.0, False)
    overview = OverviewWidget()
    qtbot.addWidget(overview)
    overview.resize(240, 200)
    overview.follow(canvas)
    canvas.set_viewport(replace(canvas.viewport, center=Point(1700, 700), downsample=1.5))
    assert overview.box().center().x() < overview._place(canvas.viewport.center).x() - 5, "the widget cuts the box"
    before = canvas.viewport.center
    grip = overview.box().center().toPoint()
    qtbot.mousePress(overview, LEFT, pos=grip)
    qtbot.mouseMove(overview, grip + QPoint(-10, 0))
    qtbot.mouseRelease(overview, LEFT, pos=grip + QPoint(-10, 0))
    assert canvas.viewport.center.x == pytest.approx(before.x - 10 * overview._scale(), abs=0.01)
