"""Opening files, sound, strange and hostile."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wsiview.slide import SlideUnopenable, TileUnreadable, opening, trial_process
from wsiview.slide.opening import open_checked, open_slide
from wsiview.slide.slide import Slide
from wsiview.slide.standby import Standby

_TABLE = Path(__file__).resolve().parents[1] / "broken_files.csv"
_ROWS = csv.DictReader(_TABLE.read_text(encoding="utf-8").splitlines())
_OUTCOMES = [(row["file"], row["outcome"]) for row in _ROWS]


def test_the_table_names_every_broken_file(shared: Path) -> None:
    there = {f"{kind}/{path.name}" for kind in ("made", "third-party") for path in (shared / "broken" / kind).iterdir()}
    assert there == {file for file, _ in _OUTCOMES}


@pytest.fixture(scope="module")
def one_process() -> Iterator[Standby]:
    """It tries all files of the table, as when they are opened in one window."""
    standby = Standby()
    standby.start()
    yield standby
    standby.close()


@pytest.mark.parametrize(("file", "outcome"), _OUTCOMES)
def test_a_broken_file_has_its_expected_outcome(
    shared: Path, one_process: Standby, monkeypatch: pytest.MonkeyPatch, file: str, outcome: str
) -> None:
    monkeypatch.setattr(opening, "standby", one_process)
    path = shared / "broken" / file
    started = time.monotonic()
    if outcome == "refused":
        with pytest.raises(SlideUnopenable) as refusal:
            open_checked(path)
        sentence = str(refusal.value)
        assert sentence.startswith(f"{path.name} can't be opened: ")
        assert "\n" not in sentence
        assert str(path.parent) not in sentence
    else:
        with open_checked(path) as slide:
            assert _outcome(slide) == outcome
    assert time.monotonic() - started < 10


def _outcome(slide: Slide) -> str:
    for level, size in enumerate(slide.level_dimensions):
        try:
            slide.read(level, 0, 0, size.width, size.height)
        except TileUnreadable:
            return "partial"
    return "opens" if slide.mpp is not None else "needs-mpp"


def test_a_png_with_a_slide_s_suffix_is_told_apart(shared: Path) -> None:
    with pytest.raises(SlideUnopenable, match=r"it is a PNG image; rename it to png-renamed.png and open that"):
        open_slide(shared / "broken/made/png-renamed.svs")


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(SlideUnopenable, match="no such file"):
        open_checked(tmp_path / "gone.svs")


@pytest.fixture
def untried(shared: Path, tmp_path: Path) -> Path:
    """A slide that no process has opened yet."""
    return Path(shutil.copy(shared / "slides/generic/boxes.tiff", tmp_path))


@pytest.mark.parametrize("code", ["import os; os.abort()", "import sys; sys.exit(1)"])
def test_a_file_that_kills_its_reader_is_refused(untried: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(trial_process, "command", lambda *words: [sys.executable, "-c", code])
    with pytest.raises(SlideUnopenable, match="breaks the program"):
        open_checked(untried)


def test_a_file_that_hangs_its_reader_is_refused(untried: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_process, "command", lambda *words: [sys.executable, "-c", "while True: pass"])
    with pytest.raises(SlideUnopenable, match=r"more than 0.3 s"):
        open_checked(untried, timeout=0.3)


def test_a_slide_that_did_no_harm_is_opened_at_once_until_its_file_changes(
    untried: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_checked(untried).close()
    monkeypatch.setattr(trial_process, "command", lambda *words: [sys.executable, "-c", "import os; os.abort()"])
    open_checked(untried).close()
    with untried.open("ab") as file:
        file.write(b"more")
    with pytest.raises(SlideUnopenable, match="breaks the program"):
        open_checked(untried)


def test_the_room_needs_no_torch() -> None:
    run = "import sys, wsiview.slide.virtual_level, wsiview.tiling; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", run], check=True, cwd=Path(__file__).resolve().parents[2])


def test_names_of_any_alphabet_open(shared: Path) -> None:
    with open_checked(shared / "slides/unicode-name/😐 ünï côde.svs") as slide:
        assert slide.name == "😐 ünï côde"
