"""The list of slides leads from slide to slide, and each is found as it was left."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from wsiview.gui.main_window import MainWindow
from wsiview.gui.panels.slides_panel import ROW, Row
from wsiview.gui.slides.sorting import sort
from wsiview.progress import Progress

Wait = Callable[..., None]
LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def drop(window: MainWindow, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy = Qt.DropAction.CopyAction
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(200, 200), copy, mime, LEFT, PLAIN))
    QApplication.sendEvent(window, QDropEvent(QPointF(200, 200), copy, mime, LEFT, PLAIN))


def rows(window: MainWindow) -> list[Row]:
    model = window.companions.slides.panel.model
    return [model.index(at).data(ROW) for at in range(model.rowCount())]


def names(window: MainWindow) -> list[str]:
    return [row.title for row in rows(window)]


def picture(path: Path, shade: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((300, 400, 3), 240, np.uint8)
    pixels[60:240, 80:320] = (shade, 90, 150)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "cohort"
    for number, name in enumerate(("slide 10.png", "slide 9.png", "more/slide 1.png")):
        picture(folder / name, 60 * number)
    return folder


def test_a_folder_is_listed_in_order_and_read_through_by_key(
    window: MainWindow, qtbot: QtBot, wait: Wait, folder: Path, tmp_path: Path
) -> None:
    session, slides = window.session, window.companions.slides
    window.resize(1200, 800)
    drop(window, folder)
    wait(lambda: session.slide is not None)
    assert names(window) == ["slide 1.png", "slide 9.png", "slide 10.png"]
    assert slides.panel.isVisible(), "a list to choose from comes to the front"
    assert [row.current for row in rows(window)] == [True, False, False]
    assert not slides.has_previous

    # Where one was comes back, and the turn with it; a slide that was seen whole stays whole.
    canvas = window.canvas
    qtbot.keyClick(canvas, Qt.Key.Key_R)
    canvas.zoom(4.0, QPointF(100, 120))
    left = canvas.viewport
    qtbot.keyClick(canvas, Qt.Key.Key_PageDown)
    qtbot.keyClick(canvas, Qt.Key.Key_PageDown)
    wait(lambda: session.slide.name == "slide 10")
    assert canvas.fitting
    assert canvas.viewport.rotation == 0
    assert not slides.has_next
    for name in ("slide 9", "slide 1"):
        qtbot.keyClick(canvas, Qt.Key.Key_PageUp)
        wait(lambda name=name: session.slide.name == name)
    assert (canvas.viewport.center, canvas.viewport.downsample) == (left.center, left.downsample)
    assert canvas.viewport.rotation == 90

    # By keyboard alone: to the list, down, open; Shift beside it; Delete takes off; Esc returns.
    qtbot.keyClick(canvas, Qt.Key.Key_T, CONTROL)
    chooser = slides.panel.list
    assert chooser.hasFocus()
    assert slides.panel.chosen == folder / "more/slide 1.png"
    qtbot.keyClick(chooser, Qt.Key.Key_Down)
    qtbot.keyClick(chooser, Qt.Key.Key_Return)
    wait(lambda: session.slide.name == "slide 9")
    slides.reveal()
    qtbot.keyClick(chooser, Qt.Key.Key_Down)
    qtbot.keyClick(chooser, Qt.Key.Key_Return, SHIFT)
    wait(lambda: window.companions.second.of_two_slides)
    assert window.companions.second.display.slide.name == "slide 10"
    slides.reveal()
    qtbot.keyClick(chooser, Qt.Key.Key_Home)
    qtbot.keyClick(chooser, Qt.Key.Key_Delete)
    assert names(window) == ["slide 9.png", "slide 10.png", "Opened lately", "slide 1.png"]
    qtbot.keyClick(chooser, Qt.Key.Key_End)
    qtbot.keyClick(chooser, Qt.Key.Key_Delete)
    assert names(window) == ["slide 9.png", "slide 10.png"]
    qtbot.keyClick(chooser, Qt.Key.Key_Escape)
    assert window.canvas.hasFocus()

    # What is gone, or is no slide, says so and is passed over.
    broken = tmp_path / "broken.svs"
    broken.write_bytes(b"nothing that a scanner wrote")
    drop(window, folder / "slide 9.png", broken)
    gone = picture(tmp_path / "gone.png", 5)
    slides.add([gone])
    gone.unlink()
    wait(lambda: {row.title for row in rows(window) if row.faded} == {"broken.svs", "gone.png"})
    notes = {row.title: row.note for row in rows(window)}
    assert notes["broken.svs"].startswith("can't be opened: its format is unknown")
    assert "not there any more" in notes["gone.png"]
    at = slides.panel.model.index(names(window).index("slide 9.png"))
    qtbot.mouseDClick(chooser.viewport(), LEFT, pos=chooser.visualRect(at).center())
    wait(lambda: slides.current.name == "slide 9.png")
    wait(lambda: slides.panel.model.index(0).data(Qt.ItemDataRole.UserRole + 1) is not None)
    image = slides.thumbnails.picture(folder / "slide 9.png")
    assert image.pixelColor(image.width() // 2, image.height() // 2).red() == pytest.approx(60, abs=6)


def test_layers_go_along_to_the_next_slide_and_maps_are_marked(
    mapped: MainWindow, qtbot: QtBot, wait: Wait, case: Any, tmp_path: Path
) -> None:
    session, canvas = mapped.session, mapped.canvas
    slides = mapped.companions.slides
    wait(lambda: [row.map for row in rows(mapped)] == ["finished"])
    other = picture(tmp_path / "other.png", 40)
    twin = Path(shutil.copy(case.slide, tmp_path / "painted.png"))
    shutil.copytree(session.cluster_map.path, tmp_path / session.cluster_map.path.name)
    slides.add([other, twin])
    session.toggle_class(1)
    session.change_layers(opacity=0.7)
    mapped.docks.layers.looks.opacity.setFocus()
    qtbot.keyClick(mapped.docks.layers.looks.opacity, Qt.Key.Key_PageDown)
    assert session.layers.opacity == pytest.approx(0.6), "a slider keeps the keys that it pages with"
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_PageDown)
    wait(lambda: session.slide.name == "other")
    assert session.layers is None
    qtbot.keyClick(canvas, Qt.Key.Key_PageDown)
    wait(lambda: session.layers is not None)
    assert session.slide.path == twin
    assert [look.visible for look in session.layers.classes] == [True, False, True]
    assert session.layers.opacity == pytest.approx(0.6)
    slides.reveal()
    wait(lambda: [row.map for row in rows(mapped)] == ["finished", "none", "finished"])


def test_a_map_that_was_dropped_with_slides_comes_with_its_own(
    window: MainWindow, qtbot: QtBot, wait: Wait, case: Any, finished_map: Path, tmp_path: Path
) -> None:
    session, other = window.session, picture(tmp_path / "other.png", 40)
    drop(window, finished_map, other, case.slide)
    wait(lambda: session.slide is not None)
    for _ in range(2):
        assert session.slide.path == other
        assert session.grids is None
        assert window.banner.message is None
        qtbot.keyClick(window.canvas, Qt.Key.Key_PageDown)
        wait(lambda: session.grids is not None)
        assert session.slide.path == case.slide
        assert session.cluster_map.path == finished_map
        qtbot.keyClick(window.canvas, Qt.Key.Key_PageUp)
        wait(lambda: session.slide.path == other)


def test_paths_of_all_kinds_are_sorted_each_handful_by_itself(case: Any, folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    some_map = tmp_path / "a.ome.zarr"
    some_map.mkdir()
    first, second = sort([(some_map, case.clustering, folder, case.model, empty), (case.slide,)])(Progress())
    assert [path.name for path in first.slides] == ["slide 1.png", "slide 9.png", "slide 10.png"]
    assert (first.models, first.clusterings, first.maps) == ((case.model,), (case.clustering,), (some_map,))
    assert first.empty == (empty,)
    assert first.listed
    assert second.slides == (case.slide,)
    assert not second.listed
