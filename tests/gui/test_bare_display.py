"""Where no window manager hands out the keys, the window has them from the start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

_PATIENCE = 60  # s; without the keys the window waits for them until then
_WAIT_FOR_THE_KEYS = """
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from wsiview.gui.application import open_window, start
from wsiview.gui.start_request import StartRequest

application, timer = start(), QTimer()
timer.timeout.connect(lambda: QGuiApplication.focusWindow() and application.closeAllWindows())
timer.start(50)
raise SystemExit(open_window(StartRequest(), reachable=False))
"""


@pytest.fixture
def display() -> Iterator[str]:
    """An X display with nothing on it."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=[write], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as told:
        name = told.readline().strip()
    yield f":{name}"
    server.terminate()
    server.wait()


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb")
def test_the_first_key_reaches_the_window_without_a_click(display: str) -> None:
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    subprocess.run([sys.executable, "-c", _WAIT_FOR_THE_KEYS], env=environment, check=True, timeout=_PATIENCE)
