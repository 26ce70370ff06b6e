"""Workers: threads for work that may hang for good, such as reading from a share that is gone.

A thread that hangs inside a system call can't be ended. The standard pools wait for theirs when the program ends; these
are waited for with patience, and left behind when it runs out.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")
_Item = tuple[Future[Any], Callable[[], Any]]

_abandoned: list[threading.Thread] = []
_left: list[object] = []


def abandoned() -> tuple[threading.Thread, ...]:
    """Threads that were left behind and still hang."""
    return tuple(thread for thread in _abandoned if thread.is_alive())


def leave(*hanging: object) -> None:
    """Leave a thread of Qt and what lives on it behind: taking it down while it runs would abort the program."""
    _left.extend(hanging)


def must_exit_hard() -> bool:
    """Whether something hangs that an orderly end of the program would wait for, or fall over."""
    return bool(_left or abandoned())


class Workers:
    """A few threads that take work in its order; each is started when there is something for it.

    Parameters
    ----------
    count
        Threads at most.
    name
        What they are called.
    """

    def __init__(self, count: int, name: str) -> None:
        """Start no thread yet."""
        self._count, self._name = count, name
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)
        self._closed = False

    def submit(self, work: Callable[..., Result], *given: object) -> Future[Result]:
        """Have work done; called by the thread that closes the workers, and by no other."""
        if self._closed:
            raise RuntimeError("the workers were sent home")
        future: Future[Result] = Future()
        self._queue.put((future, lambda: work(*given)))
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._count:
            name = f"{self._name}_{len(self._threads)}"
            thread = threading.Thread(target=_serve, args=(self._queue, self._idle), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def close(self, patience: float = 0.0) -> bool:
        """Cancel what waits, let threads go after what they are doing; whether they ended within `patience` seconds."""
        self._closed = True
        with contextlib.suppress(Empty):
            while True:
                item = self._queue.get_nowait()
                if item is not None:
                    item[0].cancel()
        for _ in self._threads:
            self._queue.put(None)
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        left = [thread for thread in self._threads if thread.is_alive()]
        _abandoned[:] = [*abandoned(), *left]
        self._threads.clear()
        return not left


def _serve(queue: SimpleQueue[_Item | None], idle: threading.Semaphore) -> None:
    while (item := queue.get()) is not None:
        future, work = item
        if future.set_running_or_notify_cancel():
            try:
                result = work()
            except BaseException as error:
                _settle(future.set_exception, error)
                del error
            else:
                _settle(future.set_result, result)
                del result
        del item, future, work  # or the last picture would live as long as nothing else is wanted
        idle.release()


def _settle(tell: Callable[[Any], None], value: object) -> None:
    with contextlib.suppress(InvalidStateError):
        tell(value)


def apart(work: Callable[[], object], name: str) -> threading.Thread:
    """Do something on a thread of its own, for which nobody waits."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread
