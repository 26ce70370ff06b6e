"""Write-behind: finished blocks are stored on a thread of their own while the next ones are computed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

_MOST = 2  # waiting to be stored: what a kill loses, and what memory they take


class WriteBehind:
    """Calls what it is given in that order, one at a time; a context, at whose end all of it has been done."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "block-writer")
        self._waiting: deque[Future[None]] = deque()

    def add(self, write: Callable[[], None]) -> None:
        """Have `write` called soon; an error of an earlier one is raised here, and then `write` is left out."""
        while self._waiting and (self._waiting[0].done() or len(self._waiting) >= _MOST):
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(write))

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for all; an error of the writing is raised unless the block itself ends with one."""
        self._thread.shutdown(wait=True)
        if kind is None:
            for one in self._waiting:
                one.result()
