"""Heap: keeps the memory of one layer's output for the next one's, where the C library would give it back each time."""

from __future__ import annotations

import ctypes
import sys

_TRIM, _MMAP = -1, -3  # glibc's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD
_LARGEST = 1 << 30  # bytes; outputs of 1,216 px windows are 100 to 380 MB


def keep_memory() -> None:
    """Take outputs of layers from one heap that is kept, for the rest of the process; does nothing but with glibc.

    Otherwise each of them is mapped anew and every page of it cleared by the system, which takes up to a third of the
    time of a small network. The largest need of memory stays what it was, it is only not given back in between.
    """
    choose = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform.startswith("linux") else None
    if choose is not None:
        choose(_MMAP, _LARGEST)
        choose(_TRIM, _LARGEST)
