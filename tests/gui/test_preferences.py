"""Preferences come back as they were left."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from wsiview.gui.preferences import RECENT, Preferences
from wsiview.gui.recent_files import RecentFiles


def again(preferences: Preferences) -> Preferences:
    preferences.save()
    return Preferences(preferences.path)


def test_recent_files_are_few_newest_first_and_only_those_that_exist(tmp_path: Path, qtbot: QtBot) -> None:
    preferences = Preferences(tmp_path / "p.ini")
    files = [tmp_path / f"{number}.png" for number in range(RECENT + 3)]
    for file in files:
        file.touch()
        preferences.add_recent(file)
    preferences.add_recent(files[5])
    files[6].unlink()
    kept = again(preferences)
    assert kept.recent_paths()[0] == files[5]
    assert len(kept.recent_paths()) == RECENT
    recent = RecentFiles(kept)
    assert recent.paths == kept.recent_paths(), "nobody waits for the disk"
    qtbot.waitUntil(lambda: files[6] not in recent.paths)
    assert len(recent.paths) == RECENT - 1
    files[6].touch()
    with qtbot.waitSignal(recent.changed):
        recent.look()
    assert files[6] in recent.paths
    with qtbot.waitSignal(recent.changed):
        recent.forget()
    assert recent.paths == ()
    recent.close()


def test_a_scale_is_kept_for_its_slide_alone(tmp_path: Path) -> None:
    preferences = Preferences(tmp_path / "p.ini")
    preferences.set_mpp("a" * 64, (0.25, 0.26))
    assert again(preferences).mpp("a" * 64) == (0.25, 0.26)
    assert preferences.mpp("b" * 64) is None


def test_a_file_that_somebody_damaged_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "p.ini").write_text("[recent]\nfiles=[[[\n[mpp]\nx=1,2\n[colors]\nc=7\n")
    preferences = Preferences(tmp_path / "p.ini")
    assert preferences.recent_paths() == ()
    assert preferences.mpp("x") is None
    assert preferences.colors("c") == {}
