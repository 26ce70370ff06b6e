"""The command in the menu is the wsiview that was asked to install itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wsiview.desktop.starting import console_script, module_command


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "my venv" / "bin" / "wsiview"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_script_that_was_started_is_the_one(script: Path, tmp_path: Path) -> None:
    link = tmp_path / "wsiview"
    link.symlink_to(script)
    assert console_script(str(script), "/usr/bin/python3") == script
    assert console_script(str(link), "/usr/bin/python3") == link


def test_started_through_python_it_is_the_script_beside_python(script: Path) -> None:
    assert console_script("/anywhere/wsiview/__main__.py", str(script.with_name("python"))) == script


def test_a_name_given_from_here_is_made_absolute(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(script.parent)
    assert console_script("wsiview", "/usr/bin/python3") == script


def test_without_a_script_python_starts_the_module_and_not_a_file_of_the_folder(tmp_path: Path) -> None:
    assert console_script("__main__.py", str(tmp_path / "python")) is None
    (tmp_path / "wsiview.py").write_text("raise SystemExit('the wrong one')")
    done = subprocess.run(
        [*module_command(sys.executable), "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("wsiview ")
