"""A guard that notes what the window's thread reads, and which locks of readers it takes."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
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

import wsiview.gui.canvas
import wsiview.slide
from wsiview.slide.wrapped_slide import WrappedSlide

READS = ("__init__", "read", "read_associated", "close", "look", "fingerprint")
OF_A_SLIDE = {"read", "read_associated", "close", "fingerprint"}
DISK = {"open", "os.listdir", "os.scandir", "os.rename", "os.remove"}


class Guard:
    """Notes what the thread that made it does to slides of these kinds, while it is `on`, and where that was done."""

    def __init__(self, kinds: list[type]) -> None:
        self.kinds = kinds
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
    made = Guard(slide_classes())
    for kind in made.kinds:
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
