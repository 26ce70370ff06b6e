"""Preferences come back as they were left."""

from __future__ import annotations

from pathlib import Path

from wsiview.gui.preferences import RECENT, Preferences


def again(preferences: Preferences) -> Preferences:
    preferences.save()
    return Preferences(preferences.path)


def test_recent_files_are_few_newest_first_and_only_those_that_exist(tmp_path: Path) -> None:
    preferences = Preferences(tmp_path / "p.ini")
    files = [tmp_path / f"{number}.png" for number in range(RECENT + 3)]
    for file in files:
        file.touch()
        preferences.add_recent(file)
    preferences.add_recent(files[5])
    files[6].unlink()
    kept = again(preferences).recent()
    assert kept[0] == files[5]
    assert files[6] not in kept
    assert len(kept) == RECENT - 1


def test_a_scale_is_kept_for_its_slide_alone(tmp_path: Path) -> None:
    preferences = Preferences(tmp_path / "p.ini")
    preferences.set_mpp("a" * 64, (0.25, 0.26))
    assert again(preferences).mpp("a" * 64) == (0.25, 0.26)
    assert preferences.mpp("b" * 64) is None


def test_a_file_that_somebody_damaged_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "p.ini").write_text("[recent]\nfiles=[[[\n[mpp]\nx=1,2\n[colors]\nc=7\n")
    preferences = Preferences(tmp_path / "p.ini")
    assert preferences.recent() == ()
    assert preferences.mpp("x") is None
    assert preferences.colors("c") == {}
