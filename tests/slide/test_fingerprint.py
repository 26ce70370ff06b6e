"""Fingerprints of slides."""

from __future__ import annotations

import shutil
from pathlib import Path

from wsiview.slide.opening import open_slide


def test_it_survives_renaming_and_notices_another_byte(shared: Path, tmp_path: Path) -> None:
    source = shared / "slides/unicode-name/😐 ünï côde.svs"
    renamed, changed = tmp_path / "renamed.svs", tmp_path / "changed.svs"
    shutil.copyfile(source, renamed)
    changed.write_bytes(source.read_bytes() + b"\0")
    with open_slide(source) as first, open_slide(renamed) as second, open_slide(changed) as third:
        assert first.fingerprint == second.fingerprint != third.fingerprint


def test_a_dicom_series_has_one_whichever_file_is_opened(shared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "series"
    shutil.copytree(shared / "slides/dicom/cmu-1-small-region", folder)
    with open_slide(folder) as slide:
        fingerprint = slide.fingerprint
        assert slide.name == "series"
    for number, file in enumerate(sorted(folder.iterdir(), reverse=True)):
        file.rename(folder / f"{number}.dcm")
    shutil.copyfile(shared / "slides/dicom/single-level/bone-jpeg.dcm", folder / "stranger.dcm")
    with open_slide(folder / "3.dcm") as slide:
        assert slide.fingerprint == fingerprint
