"""Heap: one for all threads, where the C library would give each its own.

Tiles are made on one thread and dropped on another. With a heap for each thread what is dropped is not used again
before long, and a session of a thousand moves takes a quarter more memory than it holds.
"""

from __future__ import annotations

import ctypes
import sys

_MOST_ARENAS = -8
"""glibc's M_ARENA_MAX."""


def share_heap() -> None:
    """Let threads that are started from now on share the heap; where the C library has no such choice, do nothing."""
    if sys.platform != "linux":
        return
    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    if choose is not None:
        choose(_MOST_ARENAS, 1)
