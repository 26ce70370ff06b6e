"""Opening the window says in a sentence what the system lacks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil


def test_a_missing_system_library_is_named_and_the_remedy_too() -> None:
    # What a bare Linux gives when libEGL is not installed: importing Qt's widgets fails.
    script = (
        "import sys, importlib.abc\n"
        "class Lacking(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'PySide6.QtGui':\n"
        "            raise ImportError('libEGL.so.1: cannot open shared object file')\n"
        "sys.meta_path.insert(0, Lacking())\n"
        "from wsiview.cli import main\n"
        "sys.exit(main(['nothing.svs']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.returncode == 1
    assert "libEGL.so.1" in done.stderr
    assert "README" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_process_stands_by_to_try_slides_and_ends_with_the_window(shared: Path) -> None:
    script = (
        "import sys\n"
        "from PySide6.QtCore import QTimer\n"
        "from wsiview.cli import main\n"
        "from wsiview.gui import application\n"
        "from wsiview.slide.standby import standby\n"
        "make = application.make_window\n"
        "def make_one():\n"
        "    window = make()\n"
        "    first = standby.pid\n"
        "    def close(slide):\n"
        "        print(first, standby.pid)\n"
        "        QTimer.singleShot(0, window.close)\n"
        "    window.session.slide_changed.connect(close)\n"
        "    return window\n"
        "application.make_window = make_one\n"
        "sys.exit(main(['--new-window', sys.argv[1]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(shared / "slides/generic/boxes.tiff")],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    first, last = map(int, done.stdout.split())
    assert first == last
    assert not psutil.pid_exists(first)
