"""Progress: slow work reports its steps here, and learns here that nobody wants the result any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace


class Cancelled(Exception):
    """The work was given up on request; not an error."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a stage of work has come; `remaining` is in seconds, None while unknown.

    `thing` says on which of several things, "slide 2 of 7, a.svs"; empty where there is but one.
    """

    stage: str
    done: int
    total: int
    remaining: float | None
    thing: str = ""


class Progress:
    """Passed down into slow functions; thread-safe.

    Parameters
    ----------
    listener
        Called with a Step at every report, on the working thread.
    """

    def __init__(self, listener: Callable[[Step], None] | None = None) -> None:
        self._listener = listener
        self._cancelled = threading.Event()
        self._stage = ""
        self._started = 0.0
        self._first = 0

    def of(self, thing: str) -> Progress:
        """For the work on one of several things, whose name its steps carry; cancelling either cancels both."""
        listener = self._listener
        part = Progress(None if listener is None else lambda step: listener(replace(step, thing=thing)))
        part._cancelled = self._cancelled
        return part

    def cancel(self) -> None:
        """Ask the work to stop at its next report."""
        self._cancelled.set()

    def check(self) -> None:
        """Raise Cancelled if the work is no longer wanted."""
        if self._cancelled.is_set():
            raise Cancelled

    def report(self, stage: str, done: int, total: int) -> None:
        """Tell the listener; the time left is reckoned from the stage's first report, so resumed work counts right."""
        self.check()
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._started, self._first = stage, now, done
        fresh = done - self._first
        remaining = (now - self._started) / fresh * (total - done) if fresh > 0 else None
        if self._listener is not None:
            self._listener(Step(stage, done, total, remaining))
