"""Cache: what was used lately, bounded in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    """A mapping that forgets what was used longest ago; safe to share between threads.

    Parameters
    ----------
    limit
        Bytes to keep at most.
    """

    def __init__(self, limit: int) -> None:
        """Start empty."""
        self.limit = limit
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __contains__(self, key: Key) -> bool:
        """Whether there is such an entry; doesn't count as a use."""
        return key in self._entries

    def __len__(self) -> int:
        """Entries kept."""
        return len(self._entries)

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        return self._bytes

    def get(self, key: Key) -> Value | None:
        """A value, used now; None where there is none."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: Key, value: Value, nbytes: int) -> None:
        """Keep a value and forget the oldest ones beyond the limit (never the value itself)."""
        with self._lock:
            self._drop(key)
            self._entries[key] = value, nbytes
            self._bytes += nbytes
            while self._bytes > self.limit and len(self._entries) > 1:
                _, (_, freed) = self._entries.popitem(last=False)
                self._bytes -= freed

    def discard(self, key: Key) -> None:
        """Forget one entry, if it is there."""
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def items(self) -> Iterator[tuple[Key, Value]]:
        """Entries as they are now."""
        with self._lock:
            entries = list(self._entries.items())
        return ((key, value) for key, (value, _) in entries)

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry[1]
