"""Tile loader: a few worker threads and the newest list of what is wanted from them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal

from wsiview.errors import WsiviewError
from wsiview.gui.canvas.tile_source import Unwanted
from wsiview.gui.workers import Workers

THREADS = 2
_PATIENCE = 1.0  # s that closing waits for what is being read; a read from a dead share may never end
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """Work for a thread; it is handed a function that says whether the result is still wanted."""

    key: Hashable
    work: Callable[[Callable[[], bool]], object]


class TileLoader(QObject):
    """Runs requests, newest list first; results arrive on the thread that the loader belongs to.

    At most twice as many requests are under way as there are threads, so a new view never waits behind an old one.

    Signals
    -------
    loaded(key, result)
        A request is done.
    failed(key, error)
        A request raised a WsiviewError.
    """

    loaded = Signal(object, object)
    failed = Signal(object, object)
    _woken = Signal()

    def __init__(self, parent: QObject | None = None, threads: int = THREADS) -> None:
        """Start no thread yet."""
        super().__init__(parent)
        self._threads = threads
        self._workers: Workers | None = None
        self._queue: deque[Request] = deque()
        self._wanted: dict[Hashable, Request] = {}
        self._under_way: set[Hashable] = set()
        self._done: deque[tuple[Hashable, Future[object]]] = deque()
        self._woken.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def idle(self) -> bool:
        """Whether nothing is queued or under way."""
        return not self._queue and not self._under_way

    def want(self, requests: Sequence[Request]) -> None:
        """Replace all that was wanted before; what is under way and still wanted goes on."""
        self._wanted = {request.key: request for request in requests}
        self._queue = deque(request for request in requests if request.key not in self._under_way)
        self._start()

    def close(self, patience: float = _PATIENCE) -> None:
        """Give up all work and wait so many seconds for the threads to end; a later `want` starts new ones."""
        self._wanted, workers = {}, self._workers
        self._queue.clear()
        self._workers = None
        if workers is not None:
            workers.close(patience)
        self._under_way.clear()
        self._done.clear()

    def _start(self) -> None:
        while self._queue and len(self._under_way) < 2 * self._threads:
            if self._workers is None:
                self._workers = Workers(self._threads, "tile")
            request = self._queue.popleft()
            self._under_way.add(request.key)
            future = self._workers.submit(self._run, request)
            future.add_done_callback(lambda done, key=request.key: self._finish(key, done))  # type: ignore[misc]

    def _run(self, request: Request) -> object:
        """On a worker: looks whether the view still wants it before anything is decoded."""
        if request.key not in self._wanted:
            raise Unwanted
        return request.work(lambda: request.key in self._wanted)

    def _finish(self, key: Hashable, done: Future[object]) -> None:
        self._done.append((key, done))
        try:
            self._woken.emit()
        except RuntimeError:  # the window is gone, and with it everyone who wanted to know
            _log.debug("a tile arrived after its window was gone")

    def _deliver(self) -> None:
        while self._done:
            key, done = self._done.popleft()
            if key not in self._under_way:
                continue  # asked for before the threads were closed
            self._under_way.discard(key)
            if done.cancelled():
                continue
            error = done.exception()
            if error is None:
                self.loaded.emit(key, done.result())
            elif isinstance(error, WsiviewError):
                self.failed.emit(key, error)
            elif not isinstance(error, Unwanted):
                self._start()
                raise error
            elif key in self._wanted:  # given up, and then wanted again before that was heard
                self._queue.appendleft(self._wanted[key])
        self._start()
