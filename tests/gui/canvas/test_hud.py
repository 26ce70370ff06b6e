"""Head-up display and overview: honest lengths, readable plates, a box that can be dragged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from pytestqt.qtbot import QtBot

from wsiview.geometry import Point, Region, Size
from wsiview.gui.canvas.hud import ScalePlate, on_screen
from wsiview.gui.canvas.legend_plate import LegendPlate
from wsiview.gui.canvas.overview import OverviewWidget
from wsiview.gui.canvas.plate import picture_of, small_font
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.scene.legend import Legend, legend
from wsiview.scene.scale_bar import scale_bar
from wsiview.scene.viewport import Viewport
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.slide import Slide


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_the_bar_on_screen_is_as_long_as_it_says(qtbot: QtBot, ratio: float) -> None:
    bar = scale_bar(2.0, 0.5, 180 * ratio, ratio)
    image = picture_of(ScalePlate(bar, ratio), ratio)
    assert image.devicePixelRatio() == ratio
    row = round(26.5 * ratio)
    light = [x for x in range(image.width()) if image.pixelColor(x, row).lightness() > 200]
    assert light[-1] - light[0] + 1 == pytest.approx(bar.length, abs=2)
    assert light == list(range(light[0], light[-1] + 1))


def test_every_row_of_the_legend_can_be_hit_and_is_inside_its_plate(qtbot: QtBot) -> None:
    shown = legend(LayerStack(default_looks(16, ("a name that is much too long for any legend to show it",)),
                              strength=(2,), saliency="gradcam/0", prediction=True))  # fmt: skip
    assert shown is not None
    plate = LegendPlate(shown)
    for index in range(16):
        middle = plate.center_of(index)
        assert middle is not None
        assert QRectF(0, 0, plate.width, plate.height).contains(middle)
        assert plate.class_at(middle.x(), middle.y()) == index
    needed = QFontMetricsF(small_font()).boundingRect(
        QRectF(0, 0, plate.width - 20, 500), Qt.TextFlag.TextWordWrap, shown.note
    )
    assert plate._note.height() >= needed.height()
    assert plate._note.bottom() < plate.height
    image = picture_of(plate, 2.0)
    assert image.width() >= 2 * plate.width


def test_many_classes_stand_in_two_columns(qtbot: QtBot) -> None:
    eight, sixteen = legend(LayerStack(default_looks(8))), legend(LayerStack(default_looks(16)))
    assert eight is not None
    assert sixteen is not None
    assert LegendPlate(sixteen).height <= LegendPlate(eight).height
    first, ninth = LegendPlate(sixteen).center_of(0), LegendPlate(sixteen).center_of(8)
    assert first is not None
    assert ninth is not None
    assert first.y() == ninth.y()
    assert first.x() < ninth.x()


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0, 3.0])
@pytest.mark.parametrize("classes", [6, 16])
def test_a_legend_of_which_rows_change_looks_as_if_it_were_painted_anew(
    qtbot: QtBot, ratio: float, classes: int
) -> None:
    stack = LayerStack(default_looks(classes), strength=(1,), saliency="gradcam/0", prediction=True)
    second, third = stack.classes[1:3]
    plate = LegendPlate(shown_by(stack))
    image = picture_of(plate, ratio)
    for index, look in (
        (2, replace(third, visible=False)), (2, third), (1, replace(second, color=(10, 200, 90))),
        (1, replace(second, threshold=0.4)),
    ):  # fmt: skip
        stack = stack.with_class(index, look)
        changed = LegendPlate(shown_by(stack))
        made = changed.picture_from(plate, image)
        assert made is not None
        assert made != image
        assert made == picture_of(changed, ratio)
        plate, image = changed, made
    assert plate.picture_from(LegendPlate(shown_by(replace(stack, prediction=False))), image) is None


def shown_by(stack: LayerStack) -> Legend:
    result = legend(stack)
    assert result is not None
    return result


def test_a_remark_on_the_slide_has_room_on_the_plate(qtbot: QtBot) -> None:
    bar = scale_bar(2.0, 0.5, 180, 1.0)
    bare, plate = ScalePlate(bar, 1.0), ScalePlate(bar, 1.0, "Synthetic tissue. Not a patient.")
    assert plate.height > bare.height
    metrics = QFontMetricsF(small_font())
    assert plate.width >= metrics.horizontalAdvance("Synthetic tissue. Not a patient.") + 20
    assert picture_of(plate, 1.0) != picture_of(ScalePlate(bar, 1.0, "Synthetic tissue. Not a patienx."), 1.0)


def test_a_region_is_found_on_screen_at_any_pixel_ratio() -> None:
    view = Viewport(Point(100, 100), 0.5, Size(400, 200))
    rect = on_screen(Region(90, 95, 20, 10), view, 2.0)
    assert (rect.x(), rect.y(), rect.width(), rect.height()) == pytest.approx((90, 45, 20, 10))


def test_the_overview_follows_the_canvas_and_moves_it(
    qtbot: QtBot, showing: Callable[[Slide], SlideCanvas], array: ArraySlide
) -> None:
    canvas = showing(array)
    overview = OverviewWidget()
    qtbot.addWidget(overview)
    overview.resize(200, 160)
    overview.follow(canvas)
    qtbot.waitUntil(lambda: not canvas._renderer.slide.base_missing)
    canvas.zoom(6.0)
    box = overview.box()
    assert box.width() == pytest.approx(canvas.viewport.region.width / overview._scale(), rel=0.01)
    qtbot.mousePress(overview, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    qtbot.mouseMove(overview, box.center().toPoint() + QPoint(20, 10))
    qtbot.mouseRelease(overview, Qt.MouseButton.LeftButton, pos=box.center().toPoint() + QPoint(20, 10))
    moved = overview.box().center() - box.center()
    assert (moved.x(), moved.y()) == pytest.approx((20, 10), abs=0.6)
    qtbot.mouseClick(overview, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    assert overview.box().center().x() == pytest.approx(60, abs=1)
    image = overview.grab().toImage()
    assert image.pixelColor(100, 20).lightness() > 150
    canvas.set_slide(None)
    assert overview.box().isEmpty()
    assert np.isfinite(overview._scale())


def test_the_overview_of_a_scanned_part_is_as_sharp_as_any(showing: Callable[[Slide], SlideCanvas], odd) -> None:  # type: ignore[no-untyped-def]
    odd.bounds = Region(700, 950, 200, 160)
    canvas = showing(odd)
    assert canvas.base is not None
    assert canvas.base_region == Region(700, 950, 200, 160)
    assert (canvas.base.width(), canvas.base.height()) == (200, 160)
