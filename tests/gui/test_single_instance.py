"""A second start hands over what it was to open, and whatever goes wrong there a window opens all the same."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from wsiview.gui import single_instance
from wsiview.gui.application import make_window
from wsiview.gui.arrivals import Arrivals
from wsiview.gui.single_instance import Answer, SingleInstance, hand_over
from wsiview.gui.start_request import StartRequest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes and looks at sockets")

# A start that says at its end what it has loaded of the window.
START = (
    "import sys; from wsiview.cli import main; status = main(sys.argv[1:]);"
    "print('PySide6.QtGui' in sys.modules, 'wsiview.gui.application' in sys.modules); sys.exit(status)"
)
LISTENER = (
    "import time; from PySide6.QtCore import QCoreApplication; application = QCoreApplication([]);"
    "from wsiview.gui.single_instance import SingleInstance; instance = SingleInstance();"
    "print(instance.listen(), flush=True); time.sleep(60)"
)


@pytest.fixture
def instance() -> Iterator[SingleInstance]:
    one = SingleInstance()
    yield one
    one.close()


def start(*words: str, cwd: Path | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd)


def finish(qtbot: QtBot, process: subprocess.Popen[str]) -> tuple[str, str]:
    qtbot.waitUntil(lambda: process.poll() is not None, timeout=20_000)
    return process.communicate()


def test_a_second_start_hands_over_and_loads_no_window(qtbot: QtBot, instance: SingleInstance, tmp_path: Path) -> None:
    heard: list[StartRequest] = []
    instance.asked.connect(heard.append)
    assert instance.listen()
    second = start("a b.svs", "/c.svs", "--model", "bundle", cwd=tmp_path)
    out, err = finish(qtbot, second)
    assert second.returncode == 0
    assert out.split() == ["False", "False"]
    assert len(err.splitlines()) == 1
    qtbot.waitUntil(lambda: len(heard) == 1)
    assert heard[0].files == (tmp_path / "a b.svs", Path("/c.svs"))
    assert heard[0].model == tmp_path / "bundle"


def test_the_slide_opens_in_the_window_which_comes_to_the_front(qtbot: QtBot, tmp_path: Path) -> None:
    slide = tmp_path / "a slide.png"
    Image.new("RGB", (300, 200), (226, 160, 196)).save(slide)
    window, instance = make_window(), SingleInstance()
    Arrivals(window, instance)
    assert instance.listen()
    window.showMinimized()
    finish(qtbot, start(slide.name, cwd=slide.parent))
    qtbot.waitUntil(lambda: window.session.slide is not None, timeout=20_000)
    assert window.session.slide is not None
    assert window.session.slide.path == slide
    assert not window.isMinimized()
    assert window.isActiveWindow()
    window.close()
    assert hand_over(StartRequest()) is Answer.NOBODY  # a window that is closing can't be reached
    window.deleteLater()


def test_what_a_crash_leaves_behind_hinders_nobody(instance: SingleInstance) -> None:
    with subprocess.Popen([sys.executable, "-c", LISTENER], stdout=subprocess.PIPE, text=True) as crashing:
        assert crashing.stdout is not None
        assert crashing.stdout.readline() == "True\n"
        assert not SingleInstance().listen()
        crashing.send_signal(signal.SIGKILL)
    address = single_instance._address()
    assert address is not None
    assert Path(address).is_socket()
    assert hand_over(StartRequest()) is Answer.NOBODY
    assert instance.listen()


def test_a_window_too_busy_to_answer_in_time_opens_nothing_later(qtbot: QtBot, instance: SingleInstance) -> None:
    heard: list[StartRequest] = []
    instance.asked.connect(heard.append)
    assert instance.listen()
    assert hand_over(StartRequest(), patience=50) is Answer.SILENT  # our event loop stands still meanwhile
    finish(qtbot, start("/later.svs"))
    qtbot.waitUntil(lambda: bool(heard))
    assert [request.files for request in heard] == [(Path("/later.svs"),)]


def test_the_next_window_takes_over_when_the_first_is_gone(qtbot: QtBot, instance: SingleInstance) -> None:
    first = SingleInstance()
    assert first.listen()
    assert not instance.listen()
    qtbot.waitUntil(lambda: bool(first.findChildren(single_instance._Visitor)))
    first.close()
    heard: list[StartRequest] = []
    instance.asked.connect(heard.append)
    qtbot.waitUntil(lambda: instance._server.isListening())
    finish(qtbot, start("/a.svs"))
    qtbot.waitUntil(lambda: len(heard) == 1)


def test_another_window_opens_on_demand(qtbot: QtBot, instance: SingleInstance) -> None:
    heard: list[StartRequest] = []
    instance.asked.connect(heard.append)
    assert instance.listen()
    other = start("--new-window")
    # once it has a window it waits for the end of ours
    qtbot.waitUntil(
        lambda: bool(instance.findChildren(single_instance._Visitor)) or other.poll() is not None, timeout=20_000
    )
    assert other.poll() is None
    other.send_signal(signal.SIGINT)
    finish(qtbot, other)
    assert heard == []


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.0\r\n\r\n", b"x" * (2**20 + 10), json.dumps([1]).encode() + b"\n"])
def test_noise_opens_nothing_and_does_no_harm(qtbot: QtBot, instance: SingleInstance, noise: bytes) -> None:
    heard: list[StartRequest] = []
    instance.asked.connect(heard.append)
    assert instance.listen()
    address = single_instance._address()
    assert address is not None
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.setblocking(False)
        stranger.connect(address)
        rest = memoryview(noise)
        while rest:
            try:
                rest = rest[stranger.send(rest) :]
            except BlockingIOError:
                QApplication.processEvents()
            except OSError:  # the line is cut: enough was heard
                break
        stranger.close()
    qtbot.waitUntil(lambda: not instance.findChildren(single_instance._Visitor))
    assert heard == []
    assert instance._server.isListening()


def test_a_missing_library_for_sharing_costs_a_line_and_not_the_window() -> None:
    script = (
        "import sys, importlib.abc\n"
        "class Lacking(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'PySide6.QtNetwork':\n"
        "            raise ImportError('libgssapi_krb5.so.2: cannot open shared object file')\n"
        "sys.meta_path.insert(0, Lacking())\n"
        "from PySide6.QtCore import QTimer\n"
        "from wsiview.gui import application\n"
        "make = application.make_window\n"
        "def make_and_close():\n"
        "    window = make()\n"
        "    QTimer.singleShot(0, window, window.close)\n"
        "    return window\n"
        "application.make_window = make_and_close\n"
        "from wsiview.cli import main\n"
        "sys.exit(main([]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "libgssapi" in done.stderr


def test_a_folder_that_others_can_enter_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_to_all = tmp_path / "run"
    open_to_all.mkdir()
    open_to_all.chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(open_to_all))
    assert open_to_all not in single_instance._private_folders()
    open_to_all.chmod(0o700)
    assert single_instance._private_folders()[0] == open_to_all
