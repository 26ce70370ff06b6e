"""Read-ahead: pixels that are likely to be wanted next, read on a thread of their own while the network runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

_MOST = 4  # read and not asked for: what was expected before the reader looked elsewhere

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ReadAhead(Generic[Key, Value]):
    """Calls `read` in the order asked for, one at a time; used as a context, at whose end the thread is gone."""

    def __init__(self, read: Callable[[Key], Value], name: str) -> None:
        self._read = read
        self._thread = ThreadPoolExecutor(1, name)
        self._ahead: dict[Key, Future[Value]] = {}

    def expect(self, key: Key) -> None:
        """Begin to read what will probably be wanted next."""
        if key not in self._ahead:
            while len(self._ahead) >= _MOST:
                self._ahead.pop(next(iter(self._ahead))).cancel()
            self._ahead[key] = self._thread.submit(self._read, key)

    def get(self, key: Key) -> Value:
        """What was read, or is read now; an error of the reading is raised here."""
        self.expect(key)
        return self._ahead.pop(key).result()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)
