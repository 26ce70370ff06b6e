"""The guard around readers sees what it is there for."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np

from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.opening import open_slide
from wsiview.slide.tiff_reader import TiffReader


def test_the_guard_sees_a_read_a_closing_a_first_fingerprint_and_a_look_at_the_disk(guard: Any, svs: Path) -> None:
    guard.folders = (str(svs.parent),)
    slide = open_slide(svs)
    assert isinstance(slide, TiffReader)
    guard.on = True
    slide.read(0, 0, 0, 10, 10)
    _ = slide.fingerprint
    slide.read_associated("label")
    svs.exists()
    svs.read_bytes()
    slide.close()
    open_slide(svs)
    guard.on = False
    seen = " | ".join(guard.violations)
    for what in ("TiffReader.read ", "TiffReader.fingerprint", "TiffReader.read_associated", "os.stat scanned.svs",
                 "open scanned.svs", "TiffReader.close", "OpenSlideReader.__init__"):  # fmt: skip
        assert what in seen, what


def test_the_guard_sees_a_readers_lock_taken_here(guard: Any, svs: Path) -> None:
    slide = open_slide(svs)
    guard.on = True
    reader = threading.Thread(target=lambda: slide.read(0, 5, 5, 300, 300))
    reader.start()
    reader.join()
    assert guard.violations == []
    slide._recent.get((0, 0, 0))  # type: ignore[attr-defined]
    guard.on = False
    assert "recent_tiles" in " ".join(guard.violations)


def test_the_guard_is_around_every_reader(guard: Any) -> None:
    names = {kind.__name__ for kind in guard.kinds}
    assert names >= {"ArraySlide", "OpenSlideReader", "TiffReader", "WatchedSlide", "BuiltSlide"}
    guard.on = True
    ArraySlide(np.zeros((8, 8, 3), np.uint8)).read(0, 0, 0, 4, 4)
    guard.on = False
    assert any("ArraySlide.read" in one for one in guard.violations)
