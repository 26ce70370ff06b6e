"""Heap: where the process takes its memory from and how long it keeps it, for glibc; others do as they do."""

from __future__ import annotations

import ctypes
import sys

import psutil

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""glibc's M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_ARENA_MAX."""
_LARGEST = 1 << 30  # bytes; outputs of 1,216 px windows are 100 to 380 MB


def keep_memory() -> None:
    """Take outputs of layers from one heap that is kept, for the rest of the process.

    Otherwise each of them is mapped anew and every page of it cleared by the system, which takes up to a third of the
    time of a small network. The largest need of memory stays what it was, it is only not given back in between.
    """
    _choose(_MMAP_THRESHOLD, _LARGEST)
    _choose(_TRIM_THRESHOLD, _LARGEST)


def share_heap() -> None:
    """Let threads that are started from now on share the heap.

    Tiles are made on one thread and dropped on another. With a heap for each thread what is dropped is not used again
    before long, and a session of a thousand moves takes a quarter more memory than it holds.
    """
    _choose(_ARENA_MAX, 1)


class Slack:
    """Memory that the process holds and doesn't use: pieces between those that are in use, which add up.

    Parameters
    ----------
    most
        Bytes that the process may grow by before free memory is given back to the system.
    """

    def __init__(self, most: int) -> None:
        """Count from the first check on."""
        self._most = most
        self._least: int | None = None

    def check(self) -> None:
        """Give free memory back if the process has grown; takes microseconds, or then a few milliseconds."""
        now = resident()
        if self._least is None or now <= self._least:
            self._least = now
        elif now > self._least + self._most:
            trim = getattr(_library(), "malloc_trim", None)
            if trim is not None:
                trim(0)
            self._least = resident()  # what has been used since is needed


def resident() -> int:
    """Bytes of memory that the process takes."""
    return int(psutil.Process().memory_info().rss)


def _choose(option: int, value: int) -> None:
    """Tell glibc; do nothing where there is another C library."""
    mallopt = getattr(_library(), "mallopt", None)
    if mallopt is not None:
        mallopt(option, value)


def _library() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None
