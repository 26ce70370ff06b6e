"""Nothing reads a slide on the window's thread, nor takes a lock that a reader may hold, whatever one does."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from wsiview.gui.main_window import MainWindow

Wait = Callable[..., None]
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def test_no_slide_is_read_and_no_readers_lock_taken_on_the_windows_thread(
    guard: Any, window: MainWindow, case: Any, finished_map: Path, svs: Path, wait: Wait, qtbot: QtBot, tmp_path: Path
) -> None:
    shutil.copytree(finished_map, case.slide.parent / finished_map.name)
    guard.folders, guard.on = (str(case.slide.parent), str(svs.parent)), True
    session = window.session
    drop(window, case.slide, case.model, case.clustering)
    wait(lambda: session.grids is not None and session.grids.predictions is not None)
    wait(lambda: window.canvas.is_sharp)
    look_around(window, qtbot, wait)
    toggle_layers(window, qtbot)
    take_pictures(window, qtbot, wait, tmp_path)
    before = session.slide
    drop(window, svs)
    wait(lambda: session.slide is not before and window.canvas.is_sharp)
    assert "label" in session.slide.associated
    look_around(window, qtbot, wait)
    see_the_label(window, wait)
    look_twice(window, qtbot, wait)
    for key in (Qt.Key.Key_F9, Qt.Key.Key_PageUp):  # opened again, then the slide before
        before = session.slide
        qtbot.keyClick(window.canvas, key)
        wait(lambda before=before: session.slide is not before and window.canvas.is_sharp)
    window.close()
    wait(lambda: not any(thread.name.startswith(("slide-", "tile")) for thread in threading.enumerate()))
    guard.on = False
    assert any(lock.elsewhere for lock in guard.locks), "locks are watched"
    assert guard.violations == []


def drop(window: MainWindow, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy = Qt.DropAction.CopyAction
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(200, 200), copy, mime, LEFT, NONE))
    QApplication.sendEvent(window, QDropEvent(QPointF(200, 200), copy, mime, LEFT, NONE))


def look_around(window: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    """Drag, wheel, keys, and the cursor over the slide."""
    canvas = window.canvas
    middle = canvas.rect().center()
    qtbot.mousePress(canvas, LEFT, pos=middle)
    for step in range(1, 6):
        qtbot.mouseMove(canvas, middle + QPoint(30 * step, -12 * step))
    qtbot.mouseRelease(canvas, LEFT, pos=middle + QPoint(150, -60))
    for turn in (120, 120, 120, -120):
        wheel = QWheelEvent(
            QPointF(middle), QPointF(canvas.mapToGlobal(middle)), QPoint(), QPoint(0, turn),
            Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(canvas, wheel)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Plus, Qt.Key.Key_R, Qt.Key.Key_X, Qt.Key.Key_F):
        qtbot.keyClick(canvas, key)
        QTest.qWait(1)
    for x in range(0, 200, 40):
        qtbot.mouseMove(canvas, middle + QPoint(x, x // 2))
    qtbot.mouseClick(canvas, LEFT, pos=middle)
    wait(lambda: canvas.is_sharp)


def toggle_layers(window: MainWindow, qtbot: QtBot) -> None:
    canvas = window.canvas
    for key in (Qt.Key.Key_O, Qt.Key.Key_O, Qt.Key.Key_S, Qt.Key.Key_G, Qt.Key.Key_P, Qt.Key.Key_S):
        qtbot.keyClick(canvas, key)
    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    qtbot.mouseMove(canvas, canvas.rect().center() + QPoint(9, 7))


def take_pictures(window: MainWindow, qtbot: QtBot, wait: Wait, folder: Path) -> None:
    qtbot.keyClick(window.canvas, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = opened(window, QFileDialog, wait)
    dialog.selectFile(str(folder / "shot.png"))
    dialog.accept()
    wait(lambda: (folder / "shot.png").exists())
    QGuiApplication.clipboard().clear()
    qtbot.keyClick(window.canvas, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: not QGuiApplication.clipboard().image().isNull())


def look_twice(window: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    """The second view, with the first moving it."""
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    second = window.companions.second
    wait(lambda: second.open and second.couple.canvas.is_sharp)
    look_around(window, qtbot, wait)
    wait(lambda: second.couple.canvas.is_sharp)
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    assert not second.open


def see_the_label(window: MainWindow, wait: Wait) -> None:
    before = [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]
    window.menus.actions["label"].trigger()
    wait(lambda: any(dialog.isVisible() and dialog not in before for dialog in window.findChildren(QDialog)))
    for dialog in window.findChildren(QDialog):
        if dialog.isVisible() and dialog not in before:
            dialog.close()
    wait(lambda: QApplication.activeWindow() is window)


def opened(window: MainWindow, kind: type[QWidget], wait: Wait) -> Any:
    found: list[QWidget] = []
    wait(lambda: found.extend(one for one in window.findChildren(kind) if one.isVisible()) or found)
    return found[0]
