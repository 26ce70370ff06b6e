"""Explainer: the one thread that brings the open slide's cluster map, from disk or from the child that computes it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal, SignalInstance, Slot

from wsiview.geometry import Region
from wsiview.gui.child import COMMAND, REST
from wsiview.gui.map_worker import MapWish, MapWorker
from wsiview.gui.workers import leave

PATIENCE = 5.0  # s that closing waits for the thread; the child is killed after 2


class Explainer(QObject):
    """The window's side of the thread: say which map is wanted, hear how it comes; the newest wish wins.

    Parameters
    ----------
    log_file
        Where the child's standard error goes.
    command
        How the child is started.
    """

    opened = Signal(object)  # ClusterMap
    placed = Signal(object)  # Placement of the map that was opened, None where nobody looked
    blocks_read = Signal(object)  # list of BlockArrival
    settled = Signal()  # all that is done by now has been read
    progressed = Signal(object)  # Step
    computing_changed = Signal(bool)
    finished = Signal(int)  # unreadable patches
    failed = Signal(str)  # a sentence
    cancelled = Signal()
    _want = Signal(int, object)
    _look_at = Signal(object)
    _make_way = Signal()
    _cancel = Signal(int)
    _close = Signal()

    def __init__(self, log_file: Path, command: Sequence[str] = COMMAND, parent: QObject | None = None) -> None:
        """Start the thread; no child yet."""
        super().__init__(parent)
        self._log_file, self._command = log_file, command
        self._number = 0
        self._computing = False
        self._told_until = 0.0  # s, monotonic: to make way, asked for less often than frames come
        self._thread = QThread()
        self._thread.setObjectName("explainer")
        self._worker = MapWorker(log_file, command)
        self._worker.moveToThread(self._thread)
        self._want.connect(self._worker.want)
        self._look_at.connect(self._worker.look_at)
        self._make_way.connect(self._worker.make_way)
        self._cancel.connect(self._worker.cancel)
        self._close.connect(self._worker.close)
        self._worker.said.connect(self._pass_on)
        self._thread.start()

    def another(self) -> Explainer:
        """One more of the same, for a map beside this one's."""
        return Explainer(self._log_file, self._command)

    @property
    def computing(self) -> bool:
        """Whether the child works on the present wish."""
        return self._computing

    def want(self, wish: MapWish | None) -> None:
        """Bring this map, and no other; None for no map at all."""
        self._number += 1
        self._set_computing(False)
        self._want.emit(self._number, wish)

    def look_at(self, region: Region) -> None:
        """Tell what is in view (level-0 px): it is computed and read first."""
        self._look_at.emit(region)

    def make_way(self) -> None:
        """The reader moves a slide: compute nothing for a moment, and read little, so that the pictures come first."""
        now = time.monotonic()
        if now > self._told_until:
            self._told_until = now + REST / 3000
            self._make_way.emit()

    def cancel(self) -> None:
        """Stop computing; what is done stays."""
        self._cancel.emit(self._number)

    def close(self) -> None:
        """End the child and the thread."""
        if self._thread.isRunning():
            self._number += 1
            self._close.emit()
            if not self._thread.wait(round(1000 * PATIENCE)):
                leave(self._thread, self._worker)

    def _set_computing(self, computing: bool) -> None:
        if computing != self._computing:
            self._computing = computing
            self.computing_changed.emit(computing)

    @Slot(int, str, object)
    def _pass_on(self, number: int, what: str, payload: object) -> None:
        """Hand an answer on, unless something newer has been asked since."""
        if number != self._number:
            return
        if what == "computing":
            self._set_computing(bool(payload))
        elif what == "cancelled":
            self.cancelled.emit()
        elif what == "settled":
            self.settled.emit()
        else:
            signal: SignalInstance = getattr(self, what)
            signal.emit(payload)
