"""Jobs: slow steps off the interface's thread, of which only the newest is heard."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QObject, Signal

from wsiview.errors import WsiviewError
from wsiview.gui.post import Address
from wsiview.gui.workers import Workers
from wsiview.progress import Cancelled, Progress, Step

log = logging.getLogger(__name__)
PATIENCE = 2.0  # s that closing waits for work to end; what reads from a dead share never does


class Job(QObject):
    """One kind of slow work; starting it again silences the start before.

    Parameters
    ----------
    discard
        Called with a result that nobody wants any more (on the interface's thread), to close what it holds.
    """

    succeeded = Signal(object)
    failed = Signal(object)
    progressed = Signal(object)

    def __init__(self, parent: QObject | None = None, discard: Callable[[Any], None] | None = None) -> None:
        """Wait for work."""
        super().__init__(parent)
        self._workers = Workers(4, "wsiview-job")
        self._discard = discard
        self._generation = 0
        self._progress = Progress()
        self._running = False
        self._finished, self._stepped = Address(self._deliver), Address(self._step)

    @property
    def running(self) -> bool:
        """Whether an answer is awaited."""
        return self._running

    def start(self, work: Callable[[Progress], object]) -> None:
        """Run the work on a thread; what was started before is no longer heard."""
        self.cancel()
        generation, finished, stepped = self._generation, self._finished, self._stepped
        self._progress = Progress(lambda step: stepped.post(generation, step))
        self._running = True
        future = self._workers.submit(work, self._progress)
        future.add_done_callback(lambda done: finished.post(generation, done))

    def cancel(self) -> None:
        """No longer wait for an answer."""
        self._progress.cancel()
        self._generation += 1
        self._running = False

    def close(self) -> None:
        """Cancel, and wait with patience for the threads to end."""
        self.cancel()
        self._workers.close(PATIENCE)

    def _step(self, generation: int, step: Step) -> None:
        if generation == self._generation:
            self.progressed.emit(step)

    def _deliver(self, generation: int, done: Future[object]) -> None:
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or generation != self._generation:
            if not done.cancelled() and error is None and self._discard is not None:
                self._discard(done.result())
            return
        self._running = False
        if error is None:
            self.succeeded.emit(done.result())
        elif not isinstance(error, Cancelled):
            if not isinstance(error, WsiviewError):
                log.error("a job died", exc_info=error)
            self.failed.emit(error)
