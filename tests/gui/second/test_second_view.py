"""The second view shows, links, aligns and remembers through a reader's mouse and keys."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from wsiview.export.provenance import PNG_KEY
from wsiview.geometry import Point
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.main_window import MainWindow
from wsiview.gui.second.couple import Couple

Wait = Callable[..., None]
LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def drop_on(widget: Any, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(50, 50), copy, mime, LEFT, PLAIN)
    QApplication.sendEvent(widget, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(QPointF(50, 50), copy, mime, LEFT, PLAIN))


def opened(window: MainWindow, qtbot: QtBot) -> Couple:
    """The two views, after D."""
    window.resize(1300, 800)
    window.activateWindow()
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    second = window.companions.second
    assert second.open
    assert second.couple is not None
    return second.couple


def click(qtbot: QtBot, canvas: SlideCanvas, place: Point) -> None:
    x, y = canvas.viewport.to_device.apply(place.x, place.y)
    qtbot.mouseClick(canvas, LEFT, pos=QPoint(round(x), round(y)))


def same_place(couple: Couple, window: MainWindow) -> bool:
    return couple.canvas.viewport.center == window.canvas.viewport.center


@pytest.fixture
def next_section(case: Any, tmp_path: Path) -> Path:
    """The section of the case turned clockwise, 1200 × 900 to 900 × 1200."""
    path = tmp_path / "next section.png"
    Image.fromarray(np.rot90(np.asarray(Image.open(case.slide)), -1)).save(path)
    return path


def turned(place: Point) -> Point:
    return Point(900 - place.y, place.x)


def test_the_slide_beside_itself_has_layers_of_its_own(mapped: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    session, second = mapped.session, mapped.companions.second
    couple = opened(mapped, qtbot)
    assert couple.canvas.slide is session.slide
    assert couple.canvas.grids is session.grids, "one map in memory, shown twice"
    assert couple.canvas.layers.saliency is not None, "what is not to be seen in the first view yet"
    first = session.layers

    qtbot.mouseClick(couple.canvas, LEFT, pos=QPoint(250, 150))
    assert mapped.active_canvas is couple.canvas
    assert couple.pane.property("active")
    assert not second.first_pane.property("active")
    qtbot.keyClick(couple.canvas, Qt.Key.Key_S)
    qtbot.keyClick(couple.canvas, Qt.Key.Key_G)
    assert couple.canvas.layers.strongest
    row = couple.canvas._hud.row_of(1).toPoint()
    qtbot.mouseClick(couple.canvas, LEFT, pos=row)
    assert [look.visible for look in couple.canvas.layers.classes] == [True, False, True]
    qtbot.keyPress(couple.canvas, Qt.Key.Key_Space)
    assert couple.canvas.layers.hidden
    qtbot.keyRelease(couple.canvas, Qt.Key.Key_Space)
    assert not couple.canvas.layers.hidden
    wheel = QWheelEvent(
        QPointF(250, 150), couple.canvas.mapToGlobal(QPointF(250, 150)), QPoint(0, 0), QPoint(0, -240),
        Qt.MouseButton.NoButton, CONTROL, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(couple.canvas, wheel)
    assert couple.canvas.layers.opacity == pytest.approx(0.8)
    assert session.layers == first, "nothing of this was meant for the first view"

    menu = couple.pane.buttons.layers.menu()
    for text, shown in (("None", False), ("Strength of class A", True), ("As in the first view", True)):
        menu.aboutToShow.emit()
        (choice,) = [action for action in menu.actions() if action.text() == text]
        choice.trigger()
        assert couple.canvas.layers.shows_anything is shown
    assert couple.canvas.layers == session.layers

    row = mapped.docks.layers.rows[2]
    qtbot.mouseClick(row.visible_box, LEFT, pos=QPoint(6, row.visible_box.height() // 2))
    assert not couple.canvas.layers.classes[2].visible, "the panel speaks of the view that has the keys"
    couple.canvas.setFocus()
    qtbot.keyClick(couple.canvas, Qt.Key.Key_F6)
    assert mapped.active_display is session
    assert mapped.docks.layers.rows[2].visible_box.isChecked()
    session.notebook.recolor(session.clustering_fingerprint, 0, (1, 1, 1), (9, 8, 7))
    assert couple.canvas.layers.classes[0].color == (9, 8, 7), "a colour belongs to the class, wherever it is shown"


def test_the_views_go_together_until_they_are_unlinked_and_nothing_runs_on_once_closed(
    mapped: MainWindow, qtbot: QtBot, wait: Wait
) -> None:
    couple = opened(mapped, qtbot)
    assert same_place(couple, mapped)
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_5)
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_Left)
    assert same_place(couple, mapped)
    assert couple.canvas.viewport.downsample == mapped.canvas.viewport.downsample
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_D, CONTROL)
    assert couple.pane.buttons.link.text() == "Not linked"
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_Right)
    assert not same_place(couple, mapped)
    qtbot.mouseClick(couple.pane.buttons.link, LEFT)
    assert same_place(couple, mapped)

    wait(lambda: couple.canvas.is_sharp and mapped.canvas.is_sharp)
    couple.canvas.setFocus()
    qtbot.mouseClick(couple.pane.buttons.close_view, LEFT)
    assert not couple.pane.isVisible()
    assert (couple.canvas.slide, couple.canvas.grids) == (None, None)
    assert mapped.active_canvas is mapped.canvas
    assert mapped.canvas.hasFocus()
    mapped.canvas.shutdown()
    wait(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("tile")])


def test_a_neighbouring_section_is_aligned_by_points_and_found_so_again(
    mapped: MainWindow, qtbot: QtBot, wait: Wait, next_section: Path
) -> None:
    second = mapped.companions.second
    couple = opened(mapped, qtbot)
    drop_on(couple.pane, next_section)
    wait(lambda: second.of_two_slides)
    assert couple.pane.header.slide.text() == "next section"
    assert couple.canvas.slide.path == next_section
    assert mapped.session.slide.path != next_section
    view = mapped.canvas.viewport
    places = Point(800, 300), Point(700, 800)
    qtbot.keyClick(mapped.canvas, Qt.Key.Key_D, CONTROL | SHIFT)
    for place in places:
        click(qtbot, mapped.canvas, place)
        click(qtbot, couple.canvas, turned(place))
    qtbot.keyClick(couple.canvas, Qt.Key.Key_Return)
    assert mapped.canvas.viewport.center == view.center, "the first view leads"
    assert "Aligned by two points" in mapped.banner.message.text
    found = couple.link.registration
    assert found.angle == pytest.approx(90, abs=1)
    assert found.in_second(Point(600, 450)).x == pytest.approx(450, abs=8)
    assert couple.canvas.viewport.rotation == pytest.approx(270, abs=1)

    # Nudged by hand while unlinked, it stays as it was put; the clicked points are not lost by that.
    qtbot.keyClick(couple.canvas, Qt.Key.Key_D, CONTROL)
    couple.canvas.pan(24, 0)
    qtbot.keyClick(couple.canvas, Qt.Key.Key_D, CONTROL)
    nudged = couple.link.registration
    assert nudged.in_second(Point(600, 450)) != found.in_second(Point(600, 450))
    qtbot.keyClick(couple.canvas, Qt.Key.Key_D)
    couple = opened(mapped, qtbot)
    wait(lambda: second.of_two_slides)
    assert couple.link.registration == nudged, "remembered for these two slides"
    mapped.menus.run("points_again")
    assert couple.link.registration.to_second.rows[0] == pytest.approx(found.to_second.rows[0])
    mapped.menus.run("forget_alignment")
    assert couple.link.registration.angle == 0

    # A map of another slide is refused, and the picture is taken of the view that has the keys.
    drop_on(couple.pane, mapped.session.cluster_map.path)
    wait(lambda: mapped.banner.message is not None and "900 × 1200" in mapped.banner.message.text)
    couple.canvas.setFocus()
    QGuiApplication.clipboard().clear()
    qtbot.keyClick(couple.canvas, Qt.Key.Key_C, CONTROL)
    wait(lambda: not QGuiApplication.clipboard().image().isNull())
    payload = json.loads(QGuiApplication.clipboard().image().text(PNG_KEY))
    assert payload["source"]["slide"] == "next section"


def test_another_map_of_the_slide_stands_beside_the_first(
    mapped: MainWindow, qtbot: QtBot, wait: Wait, tmp_path: Path
) -> None:
    couple = opened(mapped, qtbot)
    other = tmp_path / "another.ome.zarr"
    shutil.copytree(mapped.session.cluster_map.path, other)
    drop_on(couple.pane, other)
    wait(lambda: couple.canvas.grids is not None and couple.canvas.grids is not mapped.session.grids)
    wait(lambda: set(couple.canvas.grids.blocks) == set(mapped.session.grids.blocks))
    assert mapped.companions.second.display.cluster_map.path == other
    place = Point(600, 450)
    x, y = couple.canvas.viewport.to_device.apply(place.x, place.y)
    qtbot.mouseMove(couple.canvas, QPoint(round(x), round(y)))
    assert couple.canvas.probe is not None
    mapped.menus.run("second_same")
    assert couple.canvas.grids is mapped.session.grids
    mapped.menus.run("swap")
    assert mapped.views.widget(0) is couple.pane


def test_unreadable_tiles_of_the_second_view_are_counted_and_told_with_their_slides_name(
    window: MainWindow, case: Any, shared: Path, qtbot: QtBot, wait: Wait
) -> None:
    """A slide that both views show is counted once."""
    broken, status = shared / "broken/made/level0-20-tiles-zeroed.svs", window.status.bad_tiles
    window.open_paths([case.slide])
    wait(lambda: window.session.slide is not None)
    couple = opened(window, qtbot)
    drop_on(couple.pane, broken)
    wait(lambda: window.companions.second.of_two_slides)
    qtbot.keyClick(window.canvas, Qt.Key.Key_D, CONTROL)  # each alone
    couple.canvas.set_viewport(replace(couple.canvas.viewport, center=Point(360, 200), downsample=1.0))
    wait(lambda: window.banner.message is not None)
    assert f"tiles of {broken.stem} can't be read; they are hatched" in window.banner.message.text
    wait(lambda: couple.canvas.is_sharp)
    count = status.text()
    assert status.isVisible()
    window.banner.dismiss()

    window.open_paths([broken])
    wait(lambda: window.session.slide.path == broken)
    window.canvas.set_viewport(couple.canvas.viewport)
    wait(lambda: window.canvas.is_sharp and couple.canvas.is_sharp)
    assert status.text() == count
    assert window.banner.message is None
    couple.canvas.setFocus()
    qtbot.keyClick(couple.canvas, Qt.Key.Key_D)
    assert status.text() == count, "the first view still shows it"
    window.open_paths([case.slide])
    wait(lambda: window.session.slide.path == case.slide)
    assert not status.isVisible()
