"""Slide canvas: marks lie where they belong, gestures do what they should, and the window's thread reads nothing."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from wsiview.geometry import Point, Size
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.canvas.tile_source import OUTSIDE
from wsiview.gui.canvas.view_widget import FINEST
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.scene.viewport import Viewport
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.opening import open_slide
from wsiview.slide.slide import Slide, SlideUnopenable

Showing = Callable[[Slide], SlideCanvas]
Painted = Callable[[SlideCanvas], NDArray[np.uint8]]
MARKS = (Point(60.5, 70.0), Point(1500.0, 90.25), Point(777.0, 1033.5), Point(40.0, 1390.0), Point(1711.0, 1405.0))
LOOKS = default_looks(3)


def assert_marks_in_place(pixels: NDArray[np.uint8], view: Viewport) -> None:
    ys, xs = np.mgrid[: pixels.shape[0], : pixels.shape[1]] + 0.5
    reach = 30 / view.downsample + 2
    seen = 0
    for mark in MARKS:
        x, y = view.to_device.apply(mark.x, mark.y)
        if not (reach < x < pixels.shape[1] - reach and reach < y < pixels.shape[0] - reach):
            continue
        dark = np.clip(228.0 - pixels[..., 0], 0, None) * (np.hypot(xs - x, ys - y) < reach)
        dark *= np.abs(pixels.astype(int) - OUTSIDE).max(axis=2) > 8
        found = (dark * xs).sum() / dark.sum(), (dark * ys).sum() / dark.sum()
        assert found == pytest.approx((x, y), abs=1.0)
        seen += 1
    assert seen


@pytest.mark.parametrize("kind", ["array", "odd", "tiff"])
def test_marks_lie_where_they_belong_at_every_zoom(
    qtbot: QtBot, showing: Showing, painted: Painted, kind: str, request: pytest.FixtureRequest
) -> None:
    given = request.getfixturevalue(kind)
    slide: Slide = open_slide(given) if isinstance(given, Path) else given
    canvas = showing(slide)
    for downsample in (0.4, 0.83, 1.0, 1.7, 2.59, 3.1, 7.31):
        for shift in (0.0, 0.37, 13.9):
            center = Point(777.0 + shift * downsample, 1033.5 - 1.3 * shift * downsample)
            canvas.set_viewport(replace(canvas.viewport, center=center, downsample=downsample))
            qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
            assert_marks_in_place(painted(canvas), canvas.viewport)
    canvas.fit()
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
    assert_marks_in_place(painted(canvas), canvas.viewport)
    canvas.set_slide(None)
    slide.close()


def test_marks_lie_where_they_belong_when_turned_and_mirrored(
    qtbot: QtBot, showing: Showing, painted: Painted, array: ArraySlide
) -> None:
    canvas = showing(array)
    for rotation, flipped in ((90, False), (180, True), (31, False)):
        canvas.set_viewport(
            replace(canvas.viewport, center=Point(800, 1000), downsample=2.2, rotation=rotation, flipped=flipped)
        )
        qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
        assert_marks_in_place(painted(canvas), canvas.viewport)


def test_even_before_tiles_are_sharp_there_is_no_hole_and_no_shift(
    qtbot: QtBot, showing: Showing, painted: Painted, array: ArraySlide
) -> None:
    canvas = showing(array)
    qtbot.waitUntil(lambda: not canvas._renderer.slide.base_missing)
    for factor in (2.0, 1.7, 0.4):
        canvas.zoom(factor, QPointF(*canvas.viewport.to_device.apply(777, 1033)))
        assert not canvas.is_sharp
        pixels = painted(canvas)
        left, top = (round(v) for v in canvas.viewport.to_device.apply(0, 0))
        inside = pixels[max(0, top + 3) :, max(0, left + 3) :][:200, :200]
        assert inside.min(axis=2).max() > 200, "pale ground is there"
        assert_marks_in_place(painted(canvas), canvas.viewport)


def test_the_overlay_lies_where_its_cells_are(
    qtbot: QtBot, showing: Showing, painted: Painted, array: ArraySlide, grids: MapGrids
) -> None:
    canvas = showing(array)
    canvas.set_grids(grids)
    canvas.set_mpp(40.0)
    canvas.set_layers(LayerStack(LOOKS))
    to = grids.cell_to_level0
    for downsample in (0.7, 1.0, 2.3, 6.1):
        canvas.set_viewport(replace(canvas.viewport, center=Point(900.3, 500.2), downsample=downsample))
        qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
        height = round(canvas.viewport.to_device.apply(900, 500)[1])
        row = painted(canvas)[height].astype(int)
        edges = np.flatnonzero(np.abs(np.diff(row, axis=0)).max(axis=1) > 20) + 1
        borders = [to.apply(8 * n, 0)[0] for n in range(18)] + [-1.0 * downsample, 0.0, 1777.0, 1777 + downsample]
        expected = [canvas.viewport.to_device.apply(x, 0)[0] for x in borders]
        for edge in edges:
            assert min(abs(edge - place) for place in expected) <= 1.0
        assert len(edges) >= 2


def test_toggling_a_class_needs_no_worker(
    qtbot: QtBot, showing: Showing, painted: Painted, array: ArraySlide, grids: MapGrids
) -> None:
    canvas = showing(array)
    canvas.set_grids(grids)
    canvas.set_mpp(40.0)
    stack = LayerStack(LOOKS)
    canvas.set_layers(stack)
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
    before = painted(canvas)
    canvas.set_layers(stack.with_class(0, replace(LOOKS[0], visible=False)))
    after = painted(canvas)
    yellow = (before[..., 2].astype(int) < before[..., 0] - 60) & (before[..., 1].astype(int) > before[..., 0] - 30)
    assert yellow.any()
    assert (after[yellow].max(axis=1) - after[yellow].min(axis=1) < 40).all()
    canvas.set_layers(replace(stack, hidden=True))
    canvas.set_layers(stack)
    assert np.array_equal(painted(canvas), before)


def test_a_block_that_arrives_is_painted(
    qtbot: QtBot, showing: Showing, painted: Painted, array: ArraySlide, grids: MapGrids
) -> None:
    canvas = showing(array)
    growing = MapGrids(grids.shape, grids.cell_to_level0, 3)
    canvas.set_grids(growing)
    canvas.set_layers(LayerStack(LOOKS))
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
    before = painted(canvas)
    growing.put(1, 1, np.ones((3, 64, 64), np.float32) * np.array([0, 1, 0])[:, None, None].astype(np.float32),
                np.full((64, 64), 2, np.uint8))  # fmt: skip
    canvas.grids_changed(1, 1)
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
    changed = np.abs(painted(canvas).astype(int) - before).max(axis=2) > 20
    region = growing.block_region(1, 1)
    left, top = canvas.viewport.to_device.apply(region.x, region.y)
    right, bottom = canvas.viewport.to_device.apply(region.right, region.bottom)
    ys, xs = np.nonzero(changed)
    assert (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) == pytest.approx((left, top, right, bottom), abs=1.5)


def test_the_thread_of_the_window_reads_no_slide(qtbot: QtBot, showing: Showing, odd) -> None:  # type: ignore[no-untyped-def]
    canvas = showing(odd)
    for factor in (3.0, 0.5, 1.4):
        canvas.zoom(factor)
        canvas.pan(50, -30)
        canvas.grab()
        qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
    assert odd.readers
    assert threading.main_thread().name not in odd.readers
    assert all(name.startswith("tile") for name in odd.readers)


def test_bad_tiles_are_counted_not_retried_in_a_storm_and_mended_on_demand(
    qtbot: QtBot,
    canvas: SlideCanvas,
    odd,  # type: ignore[no-untyped-def]
) -> None:
    odd.broken = {(0, 720, 960)}
    counts: list[int] = []
    canvas.bad_tiles.connect(counts.append)
    canvas.set_slide(odd)
    canvas.set_viewport(replace(canvas.viewport, center=Point(800, 1000), downsample=1.0))
    qtbot.waitUntil(lambda: canvas.is_sharp and bool(counts), timeout=5000)
    assert counts == [1]
    for _ in range(10):
        canvas.pan(5, 0)
        canvas.grab()
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
    assert odd.attempts == 1
    odd.broken = set()
    canvas.retry_bad_tiles()
    qtbot.waitUntil(lambda: counts[-1] == 0, timeout=5000)


def test_another_failure_is_told_in_a_sentence(qtbot: QtBot, canvas: SlideCanvas, odd) -> None:  # type: ignore[no-untyped-def]
    def refuse(*_: int) -> NDArray[np.uint8]:
        raise SlideUnopenable(odd.path, "it is gone; open it again")

    odd.read = refuse
    told: list[str] = []
    canvas.trouble.connect(told.append)
    canvas.set_slide(odd)
    qtbot.waitUntil(lambda: bool(told))
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
    assert told == ["odd.tiff can't be opened: it is gone; open it again"]


def turn_wheel(canvas: SlideCanvas, at: QPoint, turned: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
               pixels: QPoint | None = None, phase: Qt.ScrollPhase = Qt.ScrollPhase.NoScrollPhase) -> None:  # fmt: skip
    event = QWheelEvent(
        QPointF(at), QPointF(canvas.mapToGlobal(at)), pixels or QPoint(), QPoint(0, turned),
        Qt.MouseButton.NoButton, keys, phase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)


def test_the_wheel_zooms_at_the_cursor_within_limits(showing: Showing, array: ArraySlide) -> None:
    canvas = showing(array)
    at = QPoint(300, 200)
    place, scale = canvas.place_at(QPointF(at)), canvas.viewport.downsample
    turn_wheel(canvas, at, 120)
    now = canvas.place_at(QPointF(at))
    assert (now.x, now.y) == pytest.approx((place.x, place.y))
    assert canvas.viewport.downsample == pytest.approx(scale / 2 ** (1 / 3))
    for _ in range(60):
        turn_wheel(canvas, at, 120)
    assert canvas.viewport.downsample == pytest.approx(FINEST)
    for _ in range(60):
        turn_wheel(canvas, at, -120)
    assert canvas.viewport.downsample == pytest.approx(10 / 0.5), "1× is within reach on the smallest slide"
    canvas.set_mpp(8.0)
    for _ in range(60):
        turn_wheel(canvas, at, -120)
    assert canvas.viewport.downsample == pytest.approx(2 * max(1777 / 641, 1451 / 479), rel=1e-3)


def test_two_fingers_pan_and_ctrl_turns_the_opacity(qtbot: QtBot, showing: Showing, array: ArraySlide) -> None:
    canvas = showing(array)
    before = canvas.viewport
    turn_wheel(canvas, QPoint(300, 200), 40, pixels=QPoint(7, -9), phase=Qt.ScrollPhase.ScrollUpdate)
    assert canvas.viewport == before.panned(7, -9)
    with qtbot.waitSignal(canvas.opacity_turned) as turned:
        turn_wheel(canvas, QPoint(300, 200), -120, Qt.KeyboardModifier.ControlModifier)
    assert turned.args == [pytest.approx(-0.1)]


def test_dragging_moves_the_slide_with_the_hand(qtbot: QtBot, showing: Showing, array: ArraySlide) -> None:
    canvas = showing(array)
    place = canvas.place_at(QPointF(300, 200))
    clicks: list[Point] = []
    canvas.clicked.connect(clicks.append)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    qtbot.mouseMove(canvas, QPoint(340, 260))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(340, 260))
    now = canvas.place_at(QPointF(340, 260))
    assert (now.x, now.y) == pytest.approx((place.x, place.y))
    assert clicks == []
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert clicks == [canvas.place_at(QPointF(100, 100))]


def test_keys_pan_zoom_and_fit(qtbot: QtBot, showing: Showing, array: ArraySlide) -> None:
    canvas = showing(array)
    fitted = canvas.viewport
    views: list[object] = []
    canvas.view_changed.connect(views.append)
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.viewport.downsample == pytest.approx(fitted.downsample / 1.5)
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.viewport.center.x > fitted.center.x
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    assert canvas.viewport.center.y < fitted.center.y
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.viewport == fitted
    assert len(views) == 4
    assert canvas.focusPolicy() == Qt.FocusPolicy.StrongFocus


def test_the_cursor_tells_its_place_and_leaves(qtbot: QtBot, showing: Showing, array: ArraySlide) -> None:
    canvas = showing(array)
    places: list[Point | None] = []
    canvas.hovered.connect(places.append)
    qtbot.mouseMove(canvas, QPoint(320, 240))
    assert places[-1] == canvas.place_at(QPointF(320, 240))
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert places[-1] is None


def test_what_is_dragged_along_with_the_cursor_is_said_once(qtbot: QtBot, showing: Showing, array: ArraySlide) -> None:
    canvas = showing(array)
    canvas.zoom(4.0)
    places: list[Point | None] = []
    canvas.hovered.connect(places.append)
    qtbot.mouseMove(canvas, QPoint(320, 240))
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(320, 240))
    for step in range(1, 6):
        qtbot.mouseMove(canvas, QPoint(320 + 9 * step, 240 - 5 * step))
    assert len(set(places)) == 1
    for step in range(1, 9):  # the middle of the view stays on the slide, and the slide stays behind the cursor
        qtbot.mouseMove(canvas, QPoint(365 + 300 * step, 215))
    assert places[-1] == canvas.place_at(QPointF(365 + 2400, 215))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(365 + 2400, 215))


def test_a_scanned_part_is_what_fits(showing: Showing, odd) -> None:  # type: ignore[no-untyped-def]
    canvas = showing(odd)
    assert canvas.viewport.center == odd.bounds.center
    canvas.resize(900, 300)
    assert canvas.viewport.size == Size(900, 300)
    assert canvas.viewport.downsample == pytest.approx(1400 / (300 - 32))


def test_the_legend_is_the_control(qtbot: QtBot, showing: Showing, array: ArraySlide, grids: MapGrids) -> None:
    canvas = showing(array)
    canvas.set_grids(grids)
    canvas.set_layers(LayerStack(LOOKS))
    toggled: list[int] = []
    soloed: list[int] = []
    canvas.class_toggled.connect(toggled.append)
    canvas.class_soloed.connect(soloed.append)
    row = canvas._hud.row_of(1)
    assert row is not None
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=row.toPoint())
    assert (toggled, soloed) == ([1], [])
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, row.toPoint())
    assert (toggled, soloed) == ([1], [1])
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=row.toPoint())
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=row.toPoint())
    assert toggled.count(1) % 2 == 1, "the click that begins a double click is taken back"
    assert soloed == [1, 1]
    canvas.set_layers(LayerStack(LOOKS, hidden=True))
    assert canvas.legend is None


def test_painting_drops_no_reference_to_none(showing: Showing, array: ArraySlide, grids: MapGrids) -> None:
    canvas = showing(array)
    canvas.set_grids(grids)
    canvas.set_layers(LayerStack(LOOKS))
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    before = sys.getrefcount(None)
    for _ in range(10_000):
        painter.fillRect(0, 0, 2, 2, Qt.GlobalColor.red)
        painter.setOpacity(1.0)
    for _ in range(20):
        canvas.paint_on(painter)
    painter.end()
    assert abs(sys.getrefcount(None) - before) < 500


def test_a_second_stack_is_shown_instead_of_the_first_or_right_of_a_curtain(
    qtbot: QtBot, showing: Showing, painted: Painted, array: ArraySlide, grids: MapGrids
) -> None:
    canvas = showing(array)
    canvas.set_grids(grids)
    canvas.set_mpp(40.0)
    first, second = LayerStack(LOOKS), LayerStack(LOOKS, strongest=False, strength=(1,))
    pictures = []
    for stack in (second, first):
        canvas.set_layers(stack)
        qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
        pictures.append(painted(canvas))
    shown_second, shown_first = pictures
    canvas.set_other_layers(second)
    canvas.show_other(True)
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
    assert np.array_equal(painted(canvas), shown_second)
    canvas.show_other(False)
    assert np.array_equal(painted(canvas), shown_first)
    canvas.set_curtain(0.25)
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
    cut, both = round(0.25 * canvas.viewport.size.width), painted(canvas)
    assert np.array_equal(both[:, :cut], shown_first[:, :cut])
    assert np.array_equal(both[:, cut:], shown_second[:, cut:])
    canvas.set_curtain(None)
    assert np.array_equal(painted(canvas), shown_first)


def test_another_source_of_the_same_slide_keeps_view_and_layers(
    qtbot: QtBot, showing: Showing, painted: Painted, array: ArraySlide, grids: MapGrids
) -> None:
    canvas = showing(array)
    canvas.set_grids(grids)
    canvas.set_layers(LayerStack(LOOKS))
    canvas.zoom(2.0)
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
    view, before = canvas.viewport, painted(canvas)
    darker = ArraySlide(array.read(0, 0, 0, 1777, 1451) // 2, mpp=(0.5, 0.5), name="marked")
    canvas.replace_source(darker)
    assert canvas.viewport == view
    assert canvas.grids is grids
    assert np.array_equal(painted(canvas), before), "what was there stays until there is something new"
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
    assert painted(canvas).mean() < 0.7 * before.mean()
    assert canvas.slide is darker
