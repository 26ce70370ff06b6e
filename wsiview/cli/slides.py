"""Slides: checks on what the commands that read slides were given."""

from __future__ import annotations

import math
import os
from pathlib import Path

from wsiview.errors import UsageError


def check_mpp(mpp: float | None) -> tuple[float, float] | None:
    """The scale given by hand, for both axes.

    Raises
    ------
    UsageError
        If it can't be a slide's scale.
    """
    if mpp is None:
        return None
    if not math.isfinite(mpp) or not 0.05 <= mpp <= 10:
        raise UsageError(f"--mpp {mpp:g}: µm per pixel lie between 0.05 and 10; 0.25 is 40×, 0.5 is 20×")
    return mpp, mpp


def check_threads(threads: int | None) -> None:
    """Refuse a number of threads below one."""
    if threads is not None and threads < 1:
        raise UsageError(f"--threads {threads}: give 1 or more")


def check_folder(folder: Path) -> None:
    """Make sure that a folder to write in is there, before hours of work.

    Raises
    ------
    UsageError
        If it can't be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} can't be made ({error.strerror}); choose another --out") from error
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{folder} can't be written; choose another --out")
