"""Kept: finished results up to so many bytes; the one that was longest not asked for goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """Results by key; the newest stays whatever its size.

    Parameters
    ----------
    most
        Bytes that all of them may take.
    """

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0
        self._results: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    def __contains__(self, key: Key) -> bool:
        return key in self._results

    def get(self, key: Key) -> Value | None:
        """What is kept under `key`, which counts as asked for; None for nothing."""
        if key not in self._results:
            return None
        self._results.move_to_end(key)
        return self._results[key][0]

    def add(self, key: Key, value: Value, size: int) -> None:
        """Keep a result of `size` bytes that is not kept yet, and let go what no longer has room."""
        self._results[key] = value, size
        self._bytes += size
        while self._bytes > self._most and len(self._results) > 1:
            _, (_, freed) = self._results.popitem(last=False)
            self._bytes -= freed
