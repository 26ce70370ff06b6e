"""Slides: checks on what the commands that read slides were given."""

from __future__ import annotations

import math
import os
from pathlib import Path

from wsiview.errors import UsageError
from wsiview.explain.request import SALIENCY_METHODS

_THREADS = 256  # more than that fail to start on small computers, and then nothing can be said any more


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
    """Refuse a number of threads that is none, or that no computer would start."""
    most = max(_THREADS, os.cpu_count() or 1)
    if threads is not None and not 1 <= threads <= most:
        raise UsageError(f"--threads {threads}: give 1 to {most}")


def check_seed(seed: int) -> None:
    """Refuse a seed that no random number generator takes."""
    if not 0 <= seed < 2**63:
        raise UsageError(f"--seed {seed}: give a whole number from 0 to {2**63 - 1}")


def check_saliency(methods: str) -> tuple[str, ...]:
    """The saliency methods of a list with commas, each once; "none" for none.

    Raises
    ------
    UsageError
        If one is unknown.
    """
    if methods == "none":
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in methods.split(",")))
    for name in names:
        if name not in SALIENCY_METHODS:
            raise UsageError(f"--saliency {name}: there is {', '.join(SALIENCY_METHODS)}, or none")
    return names


def check_file(path: Path) -> None:
    """Make sure that a file can be written, before hours of work.

    Raises
    ------
    UsageError
        If its folder can't be made or written, or it is a folder itself.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; choose another --out")
    check_folder(path.parent)


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
