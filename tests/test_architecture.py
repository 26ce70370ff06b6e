"""The plan of the rooms, and the rules of the house, as tests."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_imports_keep_to_the_contracts() -> None:
    script = "import sys; from importlinter.cli import lint_imports_command as lint; sys.exit(lint())"
    done = run(sys.executable, "-c", script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "broken" in done.stdout  # "Contracts: N kept, 0 broken.": it did look


def test_ruff_finds_nothing() -> None:
    checked = run(sys.executable, "-m", "ruff", "check", ".")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_mypy_strict_finds_nothing() -> None:
    checked = run(sys.executable, "-m", "mypy")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("room", "absent"),
    [
        ("wsiview.explain.mapping", "PySide6"),
        ("wsiview.explain.request", "torch"),
        ("wsiview.gui.application", "torch torchvision sklearn pyqtgraph"),
        ("wsiview.review.store", "torch"),
        ("wsiview.scene.compose", "openslide"),
        ("wsiview.cli.command", "PySide6 torch"),
        ("wsiview.cli.info_command", "torch"),
        ("wsiview.cli.fit_command", "torch sklearn"),
        ("wsiview.cli.map_command", "torch"),
    ],
)
def test_room_does_without(room: str, absent: str) -> None:
    script = f"import sys, {room}; print(any(name in sys.modules for name in {absent.split()!r}))"
    done = run(sys.executable, "-c", script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False"


def test_the_top_level_holds_what_was_fixed_and_nothing_else() -> None:
    tracked = run("git", "ls-files").stdout.split("\n")
    tops = {name.split("/")[0] for name in tracked if name and not name.startswith(".")}
    if not tracked[0]:
        pytest.fail("this is no checkout, so nothing could be compared")
    assert tops == {"pyproject.toml", "README.md", "LICENSE", "wsiview", "resources", "tests", "packaging"}


def test_an_installed_wheel_finds_its_resources(tmp_path: Path) -> None:
    built = run(
        sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "-q", "-w", str(tmp_path)
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("wsiview-*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    script = (
        "import json, sys; from wsiview.resources import resource; import wsiview;"
        "print(json.dumps([wsiview.__file__, str(resource('demo/demo.clustering')), str(resource('demo/model'))]))"
    )
    # -P and the working directory keep the checkout itself out of the way.
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {script}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all(place.startswith(str(site)) for place in json.loads(done.stdout))
