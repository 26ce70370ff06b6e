"""Slides: a real one of the shared folder, and a big one made of it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("WSIVIEW_SHARED", ROOT.parent / "shared"))
REAL = SHARED / "data/slides/aperio/CMU-1-Small-Region.svs"
KEPT = Path(tempfile.gettempdir()) / "wsiview-benchmarks"


def big_slide(width: int = 100_000, height: int = 80_000) -> Path:
    """Made once and kept."""
    path = KEPT / f"big-{width}-{height}.svs"
    if not path.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        make = [sys.executable, str(SHARED / "tools/make_big_slide.py"), str(REAL), str(part)]
        subprocess.run([*make, "--width", str(width), "--height", str(height)], check=True)
        part.rename(path)
    return path
