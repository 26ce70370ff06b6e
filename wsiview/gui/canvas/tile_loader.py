"""Tile loader: a few worker threads and the newest list of what is wanted from them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from wsiview.errors import WsiviewError
from wsiview.gui.canvas.tile_source import Unwanted
from wsiview.gui.post import Address
from wsiview.gui.timers import single_shot
from wsiview.gui.workers import Workers

THREADS = 2
_GATHER_MS = 4
_GLANCE = 0.001
_LONGEST_HOLD = 0.02  # s, after which threads read though the window has not painted
_PATIENCE = 1.0  # s that closing waits for what is being read; a read from a dead share may never end


class Request:
    """Work for a thread; it is handed a function that says whether the result is still wanted.

    That function is to be called now and then: it also waits while the window paints.
    """

    __slots__ = ("_untaken", "key", "wanted", "work")

    def __init__(self, key: Hashable, work: Callable[[Callable[[], bool]], object]) -> None:
        """Wanted from now on."""
        self.key, self.work, self.wanted = key, work, True
        self._untaken = threading.Lock()

    def take(self) -> bool:
        """Whether the caller is the first to take it; on any thread, and never waits."""
        return self._untaken.acquire(blocking=False)


_Outcome = tuple[Request | None, object, BaseException | None]
"""A request with its result or error; without one, a thread has stopped serving."""


class _Line:
    """What the threads know of a loader: what is to be done, what they have done, and whom to tell."""

    __slots__ = ("_address", "_places", "done", "held", "most", "queue", "told")

    def __init__(self, address: Address, threads: int) -> None:
        self.queue: deque[Request] = deque()
        self.done: deque[_Outcome] = deque()
        self.told = self.held = False
        self.most = threads  # that may serve now
        self._places = tuple(threading.Lock() for _ in range(threads))
        self._address = address

    def serve(self) -> None:
        """On a worker: do what is wanted until nothing is left, or fewer are to serve."""
        for index, place in enumerate(self._places[: self.most]):
            if place.acquire(blocking=False):
                try:
                    while index < self.most and self._serve_one():
                        pass
                finally:
                    place.release()
                break
        self.done.append((None, None, None))
        self._tell()

    def _serve_one(self) -> bool:
        try:
            request = self.queue.popleft()
        except IndexError:
            return False
        if request.take():
            try:
                self.done.append((request, request.work(partial(self._still_wanted, request)), None))
            except BaseException as error:
                self.done.append((request, None, error))
            self._tell()
        return True

    def _still_wanted(self, request: Request) -> bool:
        """Whether anybody waits for it; looked at again and again while the window paints.

        A thread that the window woke up by itself would often be put in its place.
        """
        until = time.monotonic() + _LONGEST_HOLD
        while self.held and time.monotonic() < until:
            time.sleep(_GLANCE)
        return request.wanted

    def _tell(self) -> None:
        if not self.told:
            self.told = True
            self._address.post()


class TileLoader(QObject):
    """Runs requests, newest list first; results arrive on the thread that the loader belongs to.

    Threads take one request after another from the list, so no more are under way than there are threads, and a new
    view never waits behind an old one. No thread waits for a lock that another one holds.

    Signals
    -------
    loaded(key, result)
        A request is done.
    failed(key, error)
        A request raised a WsiviewError.
    delivered()
        All that had arrived was told.

    Attributes
    ----------
    late, dropped
        Counts of results that nobody wanted any more, and of requests given up before anything was done for them.
    """

    loaded = Signal(object, object)
    failed = Signal(object, object)
    delivered = Signal()

    def __init__(self, parent: QObject | None = None, threads: int = THREADS) -> None:
        """Start no thread yet."""
        super().__init__(parent)
        self.late = self.dropped = 0
        self._threads = threads
        self._workers: Workers | None = None
        self._serving = 0  # threads that serve, or are about to
        self._line = _Line(Address(self._deliver), threads)
        self._gather = single_shot(self, _GATHER_MS, self._deliver, precise=True)
        self._painted = single_shot(self, 0, self._let_go)
        self._wanted: dict[Hashable, Request] = {}
        self._unwanted: dict[Hashable, Request] = {}  # under way, for a view that is gone

    @property
    def idle(self) -> bool:
        """Whether nothing is queued or under way."""
        return not self._wanted and not self._unwanted

    @property
    def waiting(self) -> int:
        """Requests that are wanted and not done."""
        return len(self._wanted)

    def want(self, requests: Sequence[Request], threads: int | None = None) -> None:
        """Replace all that was wanted before; what is under way and still wanted goes on.

        So many threads do it, by default all.
        """
        before, self._wanted = self._wanted, {}
        for request in requests:
            known = before.pop(request.key, None) or self._unwanted.pop(request.key, None)
            if known is None or known.take():  # what nobody has begun is done as it is wanted now
                known = request
            known.wanted = True
            self._wanted[request.key] = known
        for key, request in before.items():
            request.wanted = False
            if request.take():
                self.dropped += 1
            else:
                self._unwanted[key] = request
        self._line.queue = deque(self._wanted.values())
        self._line.most = self._threads if threads is None else min(threads, self._threads)
        self._start()

    def hold(self) -> None:
        """The window is about to paint: threads that read now would only make it wait for the interpreter."""
        self._line.held = True

    def go_on(self) -> None:
        """The canvas is painted; threads go on as soon as all of the window is."""
        if self._line.held:
            self._painted.start()

    def _let_go(self) -> None:
        self._line.held = False

    def close(self, patience: float = _PATIENCE) -> None:
        """Give up all work and wait so many seconds for the threads to end; a later `want` starts new ones."""
        for request in (*self._wanted.values(), *self._unwanted.values()):
            request.wanted = False
        self._line.queue = deque()
        self._line.held = False
        workers, self._workers = self._workers, None
        if workers is not None:
            workers.close(patience)
        self._wanted, self._unwanted, self._serving = {}, {}, 0
        self._gather.stop()
        self._painted.stop()
        self._line = _Line(Address(self._deliver), self._threads)  # threads that hang have the old one

    def _start(self) -> None:
        """Have threads serve; one that just found the list empty says so, and this is called again."""
        line = self._line
        if line.queue and self._workers is None:
            self._workers = Workers(self._threads, "tile")
        for _ in range(min(len(line.queue), line.most - self._serving)):
            if self._workers is not None:
                self._serving += 1
                self._workers.submit(line.serve)

    def _deliver(self) -> None:
        line = self._line
        if self._gather.isActive():
            return
        line.told = False
        if not line.done:
            return
        line.told = True  # what comes within the next moment is heard together: each time the threads have to wait
        self._gather.start()
        while line.done:
            request, result, error = line.done.popleft()
            if request is None:
                self._serving -= 1
                continue
            if self._wanted.get(request.key) is request:
                del self._wanted[request.key]
                self._tell(request, result, error)
            elif self._unwanted.pop(request.key, None) is not None:
                self.late += not isinstance(error, Unwanted)
                if error is None:
                    self.loaded.emit(request.key, result)
        self._start()
        self.delivered.emit()

    def _tell(self, request: Request, result: object, error: BaseException | None) -> None:
        if error is None:
            self.loaded.emit(request.key, result)
        elif isinstance(error, WsiviewError):
            self.failed.emit(request.key, error)
        elif isinstance(error, Unwanted):  # given up, and then wanted again before that was heard
            again = Request(request.key, request.work)
            self._wanted[request.key] = again
            self._line.queue.appendleft(again)
        else:
            self._start()
            raise error
