"""Exemplars stand beside the name of their class, show the slide's own pixels, and lead there by mouse and key."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from wsiview.geometry import Point
from wsiview.gui.exemplars.exemplar_guide import ExemplarGuide
from wsiview.gui.exemplars.place_mark import PlaceMark
from wsiview.gui.exemplars.thumbnails import Cut, Thumbnail, Thumbnails
from wsiview.gui.main_window import MainWindow
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.slide import TileUnreadable

Wait = Callable[..., None]
LEFT = Qt.MouseButton.LeftButton


def settled(guide: ExemplarGuide) -> bool:
    thumbs = guide.strip.grid.thumbs
    return bool(thumbs) and all(thumb.thumbnail is not None for thumb in thumbs)


@pytest.fixture
def guide(mapped: MainWindow, wait: Wait) -> ExemplarGuide:
    """Once the pictures of class A are cut."""
    found = mapped.companions.exemplars
    blocks = int(mapped.session.cluster_map.done().sum())
    wait(lambda: len(found._known) == blocks and settled(found))
    return found


def click(qtbot: QtBot, guide: ExemplarGuide, index: int) -> None:
    qtbot.mouseClick(guide.strip.grid, LEFT, pos=guide.strip.grid.box(index).center().toPoint())


def marks(window: MainWindow) -> list[PlaceMark]:
    return [one for one in window.canvas._screen_only if isinstance(one, PlaceMark)]


def check_pixels(mapped: MainWindow, guide: ExemplarGuide) -> None:
    """Pictures show the slide's own pixels around the cell, larger in the tooltip."""
    thumb = guide.strip.grid.thumbs[0]
    shown, middle = thumb.thumbnail, thumb.cell.center
    image = shown.image.convertToFormat(QImage.Format.Format_RGB888)
    side = image.width()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(side, -1)[:, : 3 * side].reshape(side, side, 3)
    x, y = round(shown.region.x), round(shown.region.y)
    assert np.array_equal(pixels, mapped.session.slide.read(0, x, y, side, side))  # this model reads level 0
    assert abs(shown.region.center.x - middle.x) <= 1
    assert side == 128, "the field of this network is smaller than what one can recognise"
    grid = guide.strip.grid
    at = grid.box(0).center().toPoint()
    QApplication.sendEvent(grid, QHelpEvent(QEvent.Type.ToolTip, at, grid.mapToGlobal(at)))
    assert "data:image/png;base64," in QToolTip.text()
    assert thumb.words in QToolTip.text()
    QApplication.sendEvent(grid, QHelpEvent(QEvent.Type.ToolTip, QPoint(-9, -9), grid.mapToGlobal(at)))


def test_pictures_of_the_class_that_is_named_are_the_slides_own_and_lead_to_its_cells(
    mapped: MainWindow, guide: ExemplarGuide, qtbot: QtBot, wait: Wait
) -> None:
    strip, session = guide.strip, mapped.session
    assert strip.isVisibleTo(mapped.docks.meanings)
    assert strip.where.text() == "on this slide"
    assert strip.grid.thumbs[0].words.startswith("Class A, strength ")
    best = guide.shown.strongest[0]
    weights = session.cluster_map.weights()
    assert best.strength == pytest.approx(weights[0, best.row, best.col] / session.grids.strength_scale, rel=1e-2)

    check_pixels(mapped, guide)
    click(qtbot, guide, 1)
    cell = session.grids.cell_region(guide.shown.strongest[1].row, guide.shown.strongest[1].col)
    assert mapped.canvas.viewport.center == cell.center
    assert mapped.canvas.viewport.downsample * mapped.canvas.pixel_ratio <= 1.0, "pixels as the model saw them"
    assert [mark._marks.cell for mark in marks(mapped)] == [cell]
    assert marks(mapped)[0]._marks.text == "Strongest 2 of class A"

    qtbot.keyClick(mapped.canvas, Qt.Key.Key_E)
    assert strip.grid.hasFocus()
    assert strip.grid.accessibleName().startswith(f"Exemplars, 2 of {len(strip.grid.thumbs)}: Class A")
    qtbot.keyClick(strip.grid, Qt.Key.Key_Left)
    qtbot.keyClick(strip.grid, Qt.Key.Key_Return)
    cell = session.grids.cell_region(best.row, best.col)
    assert mapped.canvas.viewport.center == cell.center
    assert [mark._marks.cell for mark in marks(mapped)] == [cell]
    qtbot.keyClick(strip.grid, Qt.Key.Key_Escape)
    assert mapped.canvas.hasFocus()
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_Escape)
    assert marks(mapped) == []

    qtbot.keyClick(mapped.canvas, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    wait(lambda: settled(guide) and strip.grid.thumbs[0].words.startswith("Class B"))
    qtbot.mouseClick(strip.buttons["random"], LEFT)
    wait(lambda: settled(guide))
    shown = guide.shown.random[: len(strip.grid.thumbs)]
    assert all(session.cluster_map.argmax()[one.row, one.col] == 2 for one in shown)
    qtbot.mouseClick(strip.buttons["borderline"], LEFT)
    assert [one.margin for one in guide.shown.borderline] == sorted(one.margin for one in guide.shown.borderline)

    mapped.session.forget_map()
    assert not strip.isVisibleTo(mapped.docks.meanings)
    assert strip.grid.thumbs == ()


class Torn(ArraySlide):
    """A slide that can be read on its left half only."""

    def read(self, level: int, x: int, y: int, width: int, height: int) -> np.ndarray:
        if x + width > 512:
            raise TileUnreadable(self.path, level, x, y, width, height, "torn")
        return super().read(level, x, y, width, height)


@pytest.fixture
def thumbnails(qapp: QApplication) -> Iterator[Thumbnails]:
    made = Thumbnails()
    yield made
    made.close()


def test_a_place_that_can_not_be_read_is_told_and_tried_again(thumbnails: Thumbnails, qtbot: QtBot) -> None:
    heard: list[tuple[Cut, Thumbnail]] = []
    thumbnails.arrived.connect(lambda cut, thumbnail: heard.append((cut, thumbnail)))
    thumbnails.cut_from(Torn(np.full((1024, 1024, 3), 90, np.uint8)), None, None)
    good, bad = Cut(Point(200, 200), 64), Cut(Point(800, 200), 64)
    thumbnails.want([good, bad])
    qtbot.waitUntil(lambda: len(heard) == 2)
    found = dict(heard)
    assert found[good].image.pixelColor(5, 5).red() == 90
    assert found[bad].image is None
    thumbnails.want([good, bad])
    assert [cut for cut, _ in heard[2:]] == [good], "what was cut is kept"
    qtbot.waitUntil(lambda: len(heard) == 4)
    thumbnails.cut_from(None, None, None)
    thumbnails.want([good])
    assert len(heard) == 4
