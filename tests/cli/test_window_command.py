"""Opening the window says in a sentence what the system lacks."""

from __future__ import annotations

import os
import subprocess
import sys


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
