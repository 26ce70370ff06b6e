"""A process that stands by to try slides: what it says counts, what it doesn't survive is tried by a fresh one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import tifffile

from wsiview.slide import SlideUnopenable, opening, tiff_opening, trial_process
from wsiview.slide.opening import open_checked
from wsiview.slide.openslide_reader import OpenSlideReader
from wsiview.slide.standby import Standby
from wsiview.slide.tiff_reader import TiffReader
from wsiview.slide.tiff_tiles import TiffTiles
from wsiview.slide.tried import is_harmless

_PATIENCE = 20.0


@pytest.fixture
def untried(shared: Path, tmp_path: Path) -> Path:
    """A slide that no process has opened yet."""
    return Path(shutil.copy(shared / "slides/generic/boxes.tiff", tmp_path))


@pytest.fixture
def standby(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standby]:
    """The one that slides are opened with."""
    standby = Standby()
    monkeypatch.setattr(opening, "standby", standby)
    standby.start()
    yield standby
    standby.close()
    assert standby.pid is None
    assert not any(thread.name == "slide-standby" for thread in threading.enumerate())


@pytest.fixture
def nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a slide that the standby has not tried fails."""

    def fail(*words: str) -> list[str]:
        raise AssertionError(words)

    monkeypatch.setattr(trial_process, "command", fail)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def has_ended(process: psutil.Process) -> bool:
    """Whether nothing of it runs, be it that nobody has asked for its status yet."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def acting(code: str) -> Callable[[], list[str]]:
    """How to start a process that does something else with the paths it is given, line by line."""
    return lambda: [sys.executable, "-c", f"import os, sys, time\nfor line in sys.stdin:\n    {code}"]


@pytest.mark.usefixtures("nothing_else")
def test_one_process_tries_slide_after_slide(standby: Standby, untried: Path, shared: Path) -> None:
    first = standby.pid
    for path in (untried, Path(shutil.copy(shared / "slides/aperio/CMU-1-Small-Region.svs", untried.parent))):
        assert not is_harmless(path)
        open_checked(path).close()
        assert is_harmless(path)
    with pytest.raises(SlideUnopenable, match=r"renamed.svs can't be opened: it is a PNG image; rename it"):
        open_checked(shared / "broken/made/png-renamed.svs")
    with pytest.raises(SlideUnopenable, match="no such file"):
        open_checked(untried.with_name("gone.svs"))
    assert standby.pid == first


def test_its_comparison_of_our_reader_with_openslide_holds_until_the_file_changes(
    standby: Standby, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []

    def difference(tiles: TiffTiles, openslide: OpenSlideReader, judged: int) -> None:
        compared.append(openslide.name)

    monkeypatch.setattr(tiff_opening, "difference", difference)
    ours = Path(shutil.copy(shared / "slides/aperio/CMU-1-Small-Region.svs", tmp_path))
    ome = tmp_path / "made.ome.tif"
    pixels = np.zeros((512, 512, 3), np.uint8)
    tifffile.imwrite(ome, pixels, ome=True, tile=(256, 256), photometric="rgb", compression="zlib")
    for path in (ours, ours, ome):
        with open_checked(path) as slide:
            assert isinstance(slide, TiffReader)
    assert compared == [ome.stem]  # which OpenSlide knows only in part
    with ours.open("ab") as file:
        file.write(b"more")
    standby.close()
    open_checked(ours).close()
    assert compared[1:] == [ours.stem]


def test_what_libraries_print_is_no_answer(untried: Path) -> None:
    run = (
        "import os, wsiview.slide.trial as trial\n"
        "def loud(path):\n    os.write(1, b'a warning\\n')\n    return False\n"
        "trial._try = loud\n"
        "trial.stand_by()\n"
    )
    standby = Standby(lambda: [sys.executable, "-c", run])
    standby.start()
    try:
        assert standby.has_tried(untried, _PATIENCE)
    finally:
        standby.close()


def test_a_file_that_kills_it_is_refused_by_a_fresh_process_and_the_next_one_opens(
    standby: Standby, untried: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadly = Path(shutil.copy(untried, untried.with_name("deadly.tiff")))
    with monkeypatch.context() as patch:
        patch.setattr(standby, "_make_command", acting("os.abort()"))
        standby.close()
        standby.start()
    first = standby.pid
    with monkeypatch.context() as patch:
        patch.setattr(trial_process, "command", lambda *words: [sys.executable, "-c", "import os; os.abort()"])
        with pytest.raises(SlideUnopenable, match="breaks the program"):
            open_checked(deadly)
    assert not is_harmless(deadly)
    assert standby.pid not in (None, first)
    assert standby.has_tried(untried, _PATIENCE)


def test_a_slide_is_not_blamed_for_what_an_earlier_one_left_behind(
    untried: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned = Standby(acting("os.abort()"))
    monkeypatch.setattr(opening, "standby", poisoned)
    poisoned.start()
    try:
        open_checked(untried).close()
    finally:
        poisoned.close()


def test_a_file_that_hangs_it_is_refused_and_the_process_replaced(
    standby: Standby, untried: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(standby, "_make_command", acting("time.sleep(1000)"))
        standby.close()
        standby.start()
    first = standby.pid
    assert first is not None
    with pytest.raises(SlideUnopenable, match=r"more than 0.2 s"):
        open_checked(untried, timeout=0.2)
    assert not psutil.pid_exists(first)
    open_checked(untried).close()


def test_one_that_was_killed_between_two_files_is_replaced(standby: Standby, untried: Path) -> None:
    assert standby.pid is not None
    killed = psutil.Process(standby.pid)
    killed.kill()
    until(lambda: has_ended(killed))
    open_checked(untried).close()
    assert standby.pid not in (None, killed.pid)
    assert not psutil.pid_exists(killed.pid)


def test_a_slide_doesn_t_wait_for_the_trial_of_another_one(untried: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = Standby(acting("time.sleep(1000)"))
    monkeypatch.setattr(opening, "standby", hanging)
    hanging.start()
    other = Path(shutil.copy(untried, untried.with_name("other.tiff")))
    refused: list[str] = []

    def open_first() -> None:
        try:
            open_checked(other, timeout=_PATIENCE)
        except SlideUnopenable as error:
            refused.append(error.reason)

    thread = threading.Thread(target=open_first)
    thread.start()
    try:
        until(hanging._asking.locked)
        open_checked(untried).close()
        assert thread.is_alive()
    finally:
        hanging.close()  # which ends the trial that hangs, and starts no other
        thread.join(_PATIENCE)
    assert refused == ["the program is being closed"]
    assert hanging.pid is None


def test_it_ends_with_the_program_however_that_ends() -> None:
    run = (
        "import os, sys\n"
        "from wsiview.slide.opening import readiness, standby\n"
        "with readiness():\n    print(standby.pid, flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", run], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        child = psutil.Process(int(program.stdout.readline()))
        program.kill()
    until(lambda: has_ended(child))


def test_it_ends_with_the_program_in_the_middle_of_a_trial() -> None:
    run = "import time, wsiview.slide.trial as trial\ntrial._try = lambda path: time.sleep(1000)\ntrial.stand_by()\n"
    trial = subprocess.Popen([sys.executable, "-c", run], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with trial:
        assert trial.stdin is not None
        trial.stdin.write(b'"a.svs"\n')
        trial.stdin.close()
        trial.wait(_PATIENCE)


def test_it_loads_neither_torch_nor_qt() -> None:
    run = (
        "import sys, wsiview.slide.trial\nfrom wsiview.slide.opening import load_readers\nload_readers()\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'PySide6', 'scipy')))"
    )
    subprocess.run([sys.executable, "-c", run], check=True)
