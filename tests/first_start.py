#!/usr/bin/env python3
"""Does what the README says, from a clean clone, and takes pictures of the window on a real X display.

    python tests/first_start.py PICTURES [--tests] [--seconds 90]

Clones this checkout into a temporary folder, runs the README's demo command there under Xvfb, and saves a picture of
the screen every few seconds until the time is over. With --tests it then runs the README's test command too.
Not collected by pytest: installing takes minutes.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GRAB = (
    "import sys; from PySide6.QtGui import QGuiApplication; app = QGuiApplication([]);"
    "sys.exit(not app.primaryScreen().grabWindow(0).save(sys.argv[1]))"
)


def command(readme: str, marker: str) -> str:
    """The shell line that follows a marker in the README."""
    found = re.search(rf"<!-- {marker} -->\n```sh\n(.+?)\n```", readme, re.S)
    if found is None:
        raise SystemExit(f"the README has no command marked {marker}")
    return found[1]


def show_demo(clone: Path, line: str, pictures: Path, seconds: float) -> None:
    read, write = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1366x768x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    display = f":{os.read(read, 16).decode().strip()}"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("QT_", "WSIVIEW_"))}
    environment |= {"DISPLAY": display, "HOME": str(clone.parent), "XDG_RUNTIME_DIR": str(clone.parent)}
    environment |= {name: str(clone.parent / name) for name in ("WSIVIEW_DATA", "WSIVIEW_CACHE")}
    demo = subprocess.Popen(line, shell=True, cwd=clone, env=environment, start_new_session=True)
    try:
        python = clone / ".venv" / "bin" / "python"
        started = time.monotonic()
        while not (clone / ".venv" / "bin" / "wsiview").exists():
            if demo.poll() is not None:
                raise SystemExit(f"the demo command ended with status {demo.returncode}")
            time.sleep(1)
        print(f"installed after {time.monotonic() - started:.0f} s", flush=True)
        started = time.monotonic()
        for number in range(int(seconds // 5)):
            time.sleep(max(0.0, started + 5 * (number + 1) - time.monotonic()))
            if demo.poll() is not None:
                raise SystemExit(f"the window closed by itself with status {demo.returncode}")
            target = pictures / f"demo-{5 * (number + 1):03d}s.png"
            subprocess.run([python, "-c", GRAB, target], env=environment, check=True)
            print(target, flush=True)
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGTERM)
            demo.wait()
        screen.terminate()
        screen.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--tests", action="store_true", help="run the README's test command as well")
    parser.add_argument("--seconds", type=float, default=90, help="how long to watch the window")
    arguments = parser.parse_args()
    arguments.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "wsiview"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        readme = (clone / "README.md").read_text(encoding="utf-8")
        show_demo(clone, command(readme, "demo"), arguments.pictures.absolute(), arguments.seconds)
        if arguments.tests:
            shared = {"WSIVIEW_SHARED": os.environ.get("WSIVIEW_SHARED", str(ROOT.parent / "shared"))}
            subprocess.run(command(readme, "tests"), shell=True, cwd=clone, env=os.environ | shared, check=True)


if __name__ == "__main__":
    main()
