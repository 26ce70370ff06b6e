"""Installing leaves all or nothing in the user's data folder, and removing leaves it as it was."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from wsiview.cli import main
from wsiview.desktop import databases, linux
from wsiview.desktop.file_types import CLUSTERING, SLIDES
from wsiview.desktop.mime_package import mime_package
from wsiview.errors import WsiviewError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="installs as Linux desktops want it")

COMMAND = ("/opt/my venv/bin/wsiview",)
ENTRY = "applications/wsiview.desktop"


def tree(folder: Path) -> dict[str, str]:
    """Every path below a folder, and what its file holds."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which another program has put its entry and its type."""
    folder = tmp_path / "data home"
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    (folder / "applications").mkdir(parents=True)
    (folder / "applications/other.desktop").write_text("[Desktop Entry]\nType=Application\nName=x\nExec=x\n")
    other = mime_package().replace(b"aperio", b"other").replace(b"*.svs", b"*.other")
    (folder / "mime/packages").mkdir(parents=True)
    (folder / "mime/packages/other.xml").write_bytes(other)
    databases.refresh(folder)
    return folder


def test_removing_leaves_the_folder_as_it_was(home: Path) -> None:
    before = tree(home)
    linux.install(home, COMMAND)
    assert (home / ENTRY).is_file()
    outcome = linux.remove(home)
    assert str(home / ENTRY) in outcome.places
    assert tree(home) == before


def test_an_empty_folder_is_gone_again_too(tmp_path: Path) -> None:
    linux.install(tmp_path / "data", COMMAND)
    linux.remove(tmp_path / "data")
    assert tree(tmp_path) == {}


def test_installing_again_changes_nothing_and_renews_the_path(home: Path) -> None:
    before = tree(home)
    linux.install(home, COMMAND)
    once = tree(home)
    linux.install(home, COMMAND)
    assert {name for name, held in tree(home).items() if once.get(name) != held} <= databases.generated(home)
    linux.install(home, ("/elsewhere/wsiview",))
    assert "Exec=/elsewhere/wsiview %F" in (home / ENTRY).read_text()
    linux.remove(home)
    assert tree(home) == before


def test_a_file_changed_since_stays_and_is_named(home: Path) -> None:
    linux.install(home, COMMAND)
    (home / ENTRY).write_text("[Desktop Entry]\nName=mine\n")
    outcome = linux.remove(home)
    assert "mine" in (home / ENTRY).read_text()
    assert any("wsiview.desktop was changed" in note for note in outcome.notes)
    assert not (home / "mime/packages/wsiview.xml").exists()


def test_an_entry_of_somebody_else_is_not_overwritten(home: Path) -> None:
    (home / ENTRY).write_text("[Desktop Entry]\nName=theirs\n")
    before = tree(home)
    with pytest.raises(WsiviewError, match="move it away"):
        linux.install(home, COMMAND)
    assert tree(home) == before


def test_a_folder_that_can_not_be_written_to_is_one_sentence_and_nothing_is_left(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "icons").write_text("a file where a folder must be")
    before = tree(home)
    assert main(["desktop", "--install"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "icons can't be written to" in line
    assert "nothing was installed" in line
    assert tree(home) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_folder_is_one_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.chmod(0o500)
    assert main(["desktop", "--install"]) == 1
    home.chmod(0o700)
    (line,) = capsys.readouterr().err.splitlines()
    assert "can't be written to" in line


def test_missing_tools_are_said_and_do_no_harm(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["desktop", "--install"]) == 0
    said = capsys.readouterr()
    assert [line.split()[1] for line in said.err.splitlines()] == ["update-mime-database", "update-desktop-database"]
    assert str(home / ENTRY) in said.out
    assert main(["desktop", "--remove"]) == 0
    assert main(["desktop", "--remove"]) == 0
    assert "nothing was installed" in capsys.readouterr().out


def test_a_record_that_leads_elsewhere_is_refused(home: Path, tmp_path: Path) -> None:
    linux.install(home, COMMAND)
    keep = tmp_path / "keep"
    keep.write_text("keep")
    record = home / "wsiview/desktop.json"
    record.write_text(record.read_text().replace("applications/wsiview.desktop", "../keep"))
    with pytest.raises(WsiviewError, match="damaged"):
        linux.remove(home)
    assert keep.exists()


def test_a_relative_data_home_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "data")
    assert linux.data_home() == Path.home() / ".local/share"


def test_every_type_has_its_suffixes_in_the_package() -> None:
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    kinds = {kind.get("type"): kind for kind in ElementTree.fromstring(mime_package())}
    for kind in (*SLIDES, CLUSTERING):
        patterns = [glob.get("pattern") for glob in kinds[kind.name].iter(f"{space}glob")]
        assert patterns == [f"*{suffix}" for suffix in kind.suffixes]


@pytest.mark.skipif(shutil.which("update-mime-database") is None, reason="needs update-mime-database")
def test_the_database_knows_the_suffixes_afterwards(home: Path) -> None:
    linux.install(home, COMMAND)
    lines = (home / "mime/globs2").read_text().splitlines()
    assert "50:image/x-aperio-svs:*.svs" in lines
    assert "50:image/x-other-svs:*.other" in lines
    linux.remove(home)
    assert not any("aperio" in line for line in (home / "mime/globs2").read_text().splitlines())


@pytest.mark.shared
@pytest.mark.skipif(
    shutil.which("gio") is None or shutil.which("update-mime-database") is None, reason="needs gio and its database"
)
@pytest.mark.parametrize(
    ("slide", "kind"),
    [
        ("slides/aperio/CMU-1-Small-Region.svs", "image/x-aperio-svs"),
        ("slides/re-encoded/cmu-1-small-region-leica.scn", "image/x-leica-scn"),
    ],
)
def test_a_desktop_knows_a_real_slide_for_what_it_is(home: Path, shared: Path, slide: str, kind: str) -> None:
    linux.install(home, COMMAND)
    told = subprocess.run(
        ["gio", "info", "-a", "standard::content-type", str(shared / slide)], capture_output=True, text=True, check=True
    )
    assert told.stdout.rstrip().endswith(f"standard::content-type: {kind}")
