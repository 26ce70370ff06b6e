"""A preview shows the scanned tissue and nothing that was photographed beside it."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsiview.slide import trial_process
from wsiview.slide.opening import open_checked, open_slide
from wsiview.slide.slide import SlideUnopenable
from wsiview.tiling.preview import preview


def test_a_preview_is_the_scanned_part_shrunk_and_the_slide_counts_as_tried(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "leica.scn"  # a small scan on a large canvas, with a photograph of the whole glass
    shutil.copy(shared / "slides/re-encoded/cmu-1-small-region-leica.scn", path)
    found = preview(path, 64)
    made = np.asarray(Image.open(io.BytesIO(found.png)).convert("RGB"), int)
    assert made.shape == (64, 48, 3)
    with open_slide(path) as slide:
        known = (slide.name, slide.fingerprint, slide.reader, slide.mpp)
        part = slide.bounds
        whole = slide.read(0, int(part.x), int(part.y), int(part.width), int(part.height))
    wanted = np.asarray(Image.fromarray(whole).resize((48, 64), Image.Resampling.BOX), int)
    assert np.abs(made - wanted).mean() < 12
    assert (found.name, found.fingerprint, found.reader, found.mpp) == known
    monkeypatch.setattr(trial_process, "command", lambda *words: [sys.executable, "-c", "import os; os.abort()"])
    open_checked(path).close()


def test_a_damaged_file_is_refused_with_its_reason(shared: Path) -> None:
    with pytest.raises(SlideUnopenable, match="unknown or damaged"):
        preview(shared / "broken/made/truncated-50-percent.svs", 64)
