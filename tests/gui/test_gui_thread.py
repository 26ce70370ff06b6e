"""Nothing reads a slide on the window's thread, nor takes a lock that a reader may hold, whatever one does."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import shutil
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

import wsiview.gui.canvas
import wsiview.slide
from wsiview.gui.main_window import MainWindow
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.opening import open_slide
from wsiview.slide.tiff_reader import TiffReader
from wsiview.slide.wrapped_slide import WrappedSlide

Wait = Callable[..., None]
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
READS = ("__init__", "read", "read_associated", "close", "look", "fingerprint")
OF_A_SLIDE = {"read", "read_associated", "close", "fingerprint"}
DISK = {"open", "os.listdir", "os.scandir", "os.rename", "os.remove"}


class Guard:
    """Notes what the thread that made it does, while it is `on`, and where the program did it."""

    def __init__(self) -> None:
        self.on = False
        self.folders: tuple[str, ...] = ()
        self.seen: list[str] = []
        self.locks: list[Lock] = []
        self._thread = threading.get_ident()

    @property
    def is_here(self) -> bool:
        return self.on and threading.get_ident() == self._thread

    def note(self, what: str) -> None:
        if self.is_here:
            self.seen.append(f"{what} at {place()}")

    def note_path(self, what: str, path: object) -> None:
        if self.is_here and isinstance(path, str | os.PathLike) and str(path).startswith(self.folders):
            self.note(f"{what} {Path(path).name}")

    def watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any, **named: Any) -> Any:
            self.note(name)
            return call(*given, **named)

        return noted

    @property
    def violations(self) -> list[str]:
        """What was read here, and the locks taken both here and elsewhere."""
        return [*self.seen, *(f"{lock.born} at {lock.here}" for lock in self.locks if lock.here and lock.elsewhere)]


class Lock:
    """A lock that remembers whether the window's thread and others took it."""

    def __init__(self, guard: Guard, lock: Any, born: str) -> None:
        self._guard, self._lock, self.born = guard, lock, born
        self.here = ""  # where it was first taken by the window's thread
        self.elsewhere = False
        guard.locks.append(self)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> Any:
        if not blocking:
            return self._lock.acquire(blocking=False)  # which waits for nobody
        if self._guard.is_here:
            self.here = self.here or place()
        elif self._guard.on:
            self.elsewhere = True
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        self._lock.release()

    def locked(self) -> Any:
        return self._lock.locked()

    def __enter__(self) -> Any:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()


def place() -> str:
    """The innermost lines of the program that led here."""
    stack = [frame for frame in traceback.extract_stack() if "/wsiview/" in frame.filename.replace("\\", "/")]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(stack[-4:]))


def modules(*rooms: ModuleType) -> list[ModuleType]:
    """All modules of some rooms, but for those that are programs of their own."""
    names = [found.name for room in rooms for found in pkgutil.iter_modules(room.__path__, f"{room.__name__}.")]
    return [importlib.import_module(name) for name in names if not name.endswith(".trial")]


def slide_classes() -> list[type]:
    """Every class that is a slide, present or to come."""
    classes = [
        kind
        for module in modules(wsiview.slide)
        for kind in vars(module).values()
        if inspect.isclass(kind) and kind.__module__ == module.__name__ and set(dir(kind)) >= OF_A_SLIDE
    ]
    return [kind for kind in classes if not getattr(kind, "_is_protocol", False)]


_guards: list[Guard] = []


def _audit(event: str, given: tuple[Any, ...]) -> None:
    if _guards and event in DISK and given:
        _guards[-1].note_path(event, given[0])


sys.addaudithook(_audit)  # which can't be taken off again; without a guard it does nothing


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    """Around every slide class, every lock of readers and canvas, and the slides' folder."""
    made = Guard()
    for kind in slide_classes():
        for name in READS:
            call = vars(kind).get(name)
            if call is None or (issubclass(kind, WrappedSlide) and name in ("__init__", "close", "fingerprint")):
                continue  # a wrapper's own are those of the slide inside
            if isinstance(call, cached_property):
                first = cached_property(made.watched(f"{kind.__name__}.{name}", call.func))
                first.__set_name__(kind, name)
                monkeypatch.setattr(kind, name, first)
            elif inspect.isfunction(call):
                monkeypatch.setattr(kind, name, made.watched(f"{kind.__name__}.{name}", call))
    for module in modules(wsiview.slide, wsiview.gui.canvas):
        for name, value in list(vars(module).items()):
            if value is threading:
                monkeypatch.setattr(module, name, checking(made, module.__name__))
            elif isinstance(value, type(threading.Lock()) | type(threading.RLock())):
                monkeypatch.setattr(module, name, Lock(made, value, f"{module.__name__}.{name}"))
    for name in ("stat", "lstat"):
        call = getattr(os, name)

        def noted(path: Any, *given: Any, _call: Any = call, _name: str = name, **named: Any) -> Any:
            made.note_path(f"os.{_name}", path)
            return _call(path, *given, **named)

        monkeypatch.setattr(os, name, noted)
    _guards.append(made)
    yield made
    made.on = False
    _guards.remove(made)


def checking(guard: Guard, module: str) -> ModuleType:
    """The module `threading` with locks that remember."""
    twin = ModuleType("threading")
    twin.__dict__.update(vars(threading))
    for name in ("Lock", "RLock"):
        make = getattr(threading, name)
        setattr(twin, name, lambda make=make: Lock(guard, make(), f"a lock of {module}"))
    return twin


@pytest.fixture
def svs(tmp_path: Path) -> Path:
    """A slide with a label, as a scanner writes it."""
    folder = tmp_path / "scanned"
    folder.mkdir()
    random = np.random.default_rng(4)
    pixels = random.integers(120, 250, (1500, 2000, 3), np.uint8)
    with tifffile.TiffWriter(folder / "scanned.svs") as out:
        words = "Aperio Image Library v11.2.1\r\n2000x1500 (256x256) JPEG/RGB Q=70|AppMag = 20|MPP = 0.5"
        out.write(pixels, tile=(256, 256), compression="jpeg", photometric="ycbcr", description=words, metadata=None)
        small = np.ascontiguousarray(pixels[::8, ::8])
        out.write(small, compression="jpeg", photometric="ycbcr", rowsperstrip=16, description=words, metadata=None)
        label = "Aperio Image Library v11.2.1\r\nlabel 120x100"
        out.write(
            pixels[:100, :120], compression="lzw", photometric="rgb", rowsperstrip=100, description=label,
            subfiletype=1, metadata=None,
        )  # fmt: skip
    return folder / "scanned.svs"


def test_no_slide_is_read_and_no_readers_lock_taken_on_the_windows_thread(
    guard: Guard, window: MainWindow, case: Any, finished_map: Path, svs: Path, wait: Wait, qtbot: QtBot, tmp_path: Path
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


def test_the_guard_sees_a_read_a_closing_a_first_fingerprint_and_a_look_at_the_disk(guard: Guard, svs: Path) -> None:
    guard.folders = (str(svs.parent),)
    slide = open_slide(svs)
    assert isinstance(slide, TiffReader)
    guard.on = True
    slide.read(0, 0, 0, 10, 10)
    _ = slide.fingerprint
    slide.read_associated("label")
    svs.exists()
    svs.read_bytes()
    slide.close()
    open_slide(svs)
    guard.on = False
    seen = " | ".join(guard.violations)
    for what in ("TiffReader.read ", "TiffReader.fingerprint", "TiffReader.read_associated", "os.stat scanned.svs",
                 "open scanned.svs", "TiffReader.close", "OpenSlideReader.__init__"):  # fmt: skip
        assert what in seen, what


def test_the_guard_sees_a_readers_lock_taken_here(guard: Guard, svs: Path) -> None:
    slide = open_slide(svs)
    guard.on = True
    reader = threading.Thread(target=lambda: slide.read(0, 5, 5, 300, 300))
    reader.start()
    reader.join()
    assert guard.violations == []
    slide._recent.get((0, 0, 0))  # type: ignore[attr-defined]
    guard.on = False
    assert "recent_tiles" in " ".join(guard.violations)


def test_the_guard_is_around_every_reader(guard: Guard) -> None:
    names = {kind.__name__ for kind in slide_classes()}
    assert names >= {"ArraySlide", "OpenSlideReader", "TiffReader", "WatchedSlide", "BuiltSlide"}
    guard.on = True
    ArraySlide(np.zeros((8, 8, 3), np.uint8)).read(0, 0, 0, 4, 4)
    guard.on = False
    assert any("ArraySlide.read" in one for one in guard.violations)
