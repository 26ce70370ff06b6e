"""The menu entry starts wsiview whatever its path looks like, and desktops accept it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from wsiview.desktop.file_types import CLUSTERING, SLIDES
from wsiview.desktop.menu_entry import exec_line, menu_entry
from wsiview.errors import WsiviewError


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/opt/venv/bin/wsiview", "/opt/venv/bin/wsiview"),
        ("/home/a b/wsiview", '"/home/a b/wsiview"'),
        ("/a'b/wsiview", '"/a\'b/wsiview"'),
        ('/a"b/wsiview', '"/a\\\\"b/wsiview"'),
        ("/a$b`c/wsiview", '"/a\\\\$b\\\\`c/wsiview"'),
        ("/a\\b/wsiview", '"/a\\\\\\\\b/wsiview"'),
        ("/100%/wsiview", "env /100%%/wsiview"),
        ("/ünï/wsiview", "/ünï/wsiview"),
    ],
)
def test_a_path_is_quoted_as_the_specification_says(path: str, written: str) -> None:
    assert exec_line([path]) == written


def test_arguments_follow_the_program() -> None:
    assert exec_line(["/my venv/python", "-P", "-m", "wsiview"]) == '"/my venv/python" -P -m wsiview'


@pytest.mark.parametrize("path", ["/a=b/wsiview", "/a\nb/wsiview", "/a\udcffb/wsiview"])
def test_what_no_entry_can_name_is_refused_with_advice(path: str) -> None:
    with pytest.raises(WsiviewError, match="install wsiview in another folder"):
        menu_entry([path])


def test_the_entry_offers_every_slide_type_and_takes_several_files() -> None:
    lines = menu_entry(["/usr/bin/wsiview"]).splitlines()
    facts = dict(line.split("=", 1) for line in reversed(lines) if "=" in line)  # the first group's wins
    assert facts["Exec"] == "/usr/bin/wsiview %F"
    assert facts["StartupWMClass"] == "wsiview"
    named = facts["MimeType"].rstrip(";").split(";")
    assert {kind.name for kind in (*SLIDES, CLUSTERING)} | {"image/tiff", "application/dicom"} == set(named)


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="needs desktop-file-validate")
@pytest.mark.parametrize("folder", ["/opt/wsiview", '/home/it\'s 100% "mine" $x `y` \\z (1)'])
def test_the_validator_accepts_the_entry(tmp_path: Path, folder: str) -> None:
    entry = tmp_path / "wsiview.desktop"
    entry.write_text(menu_entry([f"{folder}/wsiview"]), encoding="utf-8")
    done = subprocess.run(["desktop-file-validate", str(entry)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
