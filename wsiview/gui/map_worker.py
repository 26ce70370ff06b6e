"""Map worker: lives on the explainer's thread, reads maps from disk and drives the child that computes them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from wsiview.errors import MapError, WsiviewError
from wsiview.explain import protocol
from wsiview.geometry import Point, Region
from wsiview.gui.child import REST, Child
from wsiview.maps.cluster_map import BlockView, ClusterMap
from wsiview.maps.registration import Placement
from wsiview.progress import Step

log = logging.getLogger(__name__)

SLICE = 0.02  # s of reading before the thread looks for newer wishes
PAUSE = 0.05  # s between two blocks that are read while the slide is moved
GO_ON = "press Explain to go on from where it stopped"


@dataclass(frozen=True)
class MapWish:
    """The cluster map that the window wants.

    Attributes
    ----------
    path
        Where the map lies, or will lie.
    request
        What to compute where the map is missing or unfinished; None to show only what is there.
    check
        Raises MapError when the map at `path` does not fit what is open; else how it lies on the slide, None where
        nobody looked.
    held
        Blocks (row, col) that the window has already.
    """

    path: Path
    request: dict[str, Any] | None
    check: Callable[[ClusterMap], Placement | None]
    held: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class BlockArrival:
    """One block of a map, read from disk, with positions (n, 2) and logits (n, targets) of its own patches."""

    row: int
    col: int
    view: BlockView
    positions: NDArray[np.int64]
    logits: NDArray[np.float32]


class MapWorker(QObject):
    """The explainer's half that lives on its thread; what it says carries the number of the wish it answers."""

    said = Signal(int, str, object)

    def __init__(self, log_file: Path, command: Sequence[str]) -> None:
        """Hold nothing; run on whatever thread it is moved to."""
        super().__init__()
        self._log_file, self._command = log_file, command
        self._child: Child | None = None
        self._number = 0
        self._wish: MapWish | None = None
        self._map: ClusterMap | None = None
        self._focus: Region | None = None
        self._waiting: deque[tuple[int, int]] = deque()
        self._known: set[tuple[int, int]] = set()
        self._busy = 0  # number of the wish that the child works on; 0 for none
        self._next: int = 0  # number of the wish that the child is to work on after that
        self._moved_until = 0.0  # s, monotonic
        self._reading = QTimer(self)
        self._reading.timeout.connect(self._read_some)

    @Slot(int, object)
    def want(self, number: int, wish: MapWish | None) -> None:
        """Forget the wish before; show and compute this one."""
        self._number, self._wish, self._map = number, wish, None
        self._next = 0
        self._waiting.clear()
        self._known = set() if wish is None else set(wish.held)
        self._reading.stop()
        if self._busy:
            self._ask_to_stop()
        if wish is None:
            return
        try:
            complete = self._open(wish.path) if wish.path.exists() else False
        except WsiviewError as error:
            self.said.emit(number, "failed", str(error))
            return
        except Exception as error:
            log.exception("a map could not be opened")
            reason = f"{wish.path} could not be read ({type(error).__name__}); the log has the details"
            self.said.emit(number, "failed", reason)
            return
        if wish.request is None or complete:
            return
        self._next = number
        if not self._busy:
            self._compute()

    @Slot(object)
    def look_at(self, region: Region) -> None:
        """The part of the slide that is in view: computed and read first."""
        self._focus = region
        if self._busy and self._child is not None:
            self._child.tell(_focus_message(region))

    @Slot()
    def make_way(self) -> None:
        """Compute nothing for a moment, and read little."""
        self._moved_until = monotonic() + REST / 1000
        self._reading.setInterval(round(1000 * PAUSE))
        if self._busy and self._child is not None:
            self._child.make_way()

    @Slot(int)
    def cancel(self, number: int) -> None:
        """Stop computing; what is done stays."""
        if number != self._number:
            return
        if self._next == number and self._busy != number:
            self._next = 0
            self.said.emit(number, "computing", False)
            self.said.emit(number, "cancelled", None)
        elif self._busy:
            self._ask_to_stop()

    @Slot()
    def close(self) -> None:
        """End the child; nothing is said any more."""
        self._reading.stop()
        if self._child is not None:
            self._child.close()
        self.thread().quit()

    # The child

    def _compute(self) -> None:
        wish, self._busy, self._next = self._wish, self._next, 0
        if wish is None or wish.request is None:
            self._busy = 0
            return
        if self._child is None:
            self._child = Child(self._log_file, self._command, self)
            self._child.received.connect(self._hear)
            self._child.died.connect(self._mourn)
        self.said.emit(self._busy, "computing", True)
        self._child.send({"do": protocol.MAP, "request": wish.request, "out": str(wish.path.parent)})
        if self._focus is not None:
            self._child.send(_focus_message(self._focus))

    def _ask_to_stop(self) -> None:
        if self._child is not None:
            self._child.tell({"do": protocol.CANCEL})
            self._child.kill_soon()

    @Slot(object)
    def _hear(self, message: dict[str, Any]) -> None:
        event = message.get("event")
        current = self._busy == self._number and self._busy != 0
        try:
            if event in (protocol.FINISHED, protocol.FAILED, protocol.CANCELLED):
                self._end(str(event), message, current)
            elif not current:
                return
            elif event == protocol.OPENED:
                self._open(Path(message["map"]))
            elif event == protocol.BLOCK:
                self._queue([(int(message["row"]), int(message["col"]))])
            elif event == protocol.PROGRESS:
                step = Step(message["stage"], message["done"], message["total"], message.get("remaining"))
                self.said.emit(self._number, "progressed", step)
        except WsiviewError as error:
            self._ask_to_stop()
            self.said.emit(self._number, "failed", str(error))

    def _end(self, event: str, message: dict[str, Any], current: bool) -> None:
        number, self._busy = self._busy, 0
        if self._child is not None:
            self._child.spare()
        if current:
            self.said.emit(number, "computing", False)
            if event == protocol.FAILED:
                self.said.emit(number, "failed", str(message.get("message", "the computation failed")))
            elif event == protocol.CANCELLED:
                self.said.emit(number, "cancelled", None)
            else:
                self._finish(int(message.get("unreadable", 0)))
        if self._next:
            self._compute()

    def _finish(self, unreadable: int) -> None:
        if self._map is not None:
            self._open(self._map.path)  # again: its attributes say now that it is complete
        self.said.emit(self._number, "finished", unreadable)

    @Slot(str)
    def _mourn(self, how: str) -> None:
        number, self._busy = self._busy, 0
        if number and number == self._number:
            self.said.emit(number, "computing", False)
            if how:
                self.said.emit(number, "failed", f"The computation {how}; {GO_ON}.")
            else:
                self.said.emit(number, "cancelled", None)
        if self._next:
            self._compute()

    # The disk

    def _open(self, path: Path) -> bool:
        """Open the map if it is new, and queue what is done of it; returns whether it is complete."""
        fresh = ClusterMap.open(path)
        placement = self._wish.check(fresh) if self._wish is not None else None
        first = self._map is None
        self._map = fresh
        if first or fresh.complete:
            self.said.emit(self._number, "opened", fresh)
            self.said.emit(self._number, "placed", placement)
        self._queue(list(zip(*(index.tolist() for index in np.nonzero(fresh.done())), strict=True)))
        return fresh.complete

    def _queue(self, blocks: Sequence[tuple[int, int]]) -> None:
        new = [block for block in blocks if block not in self._known]
        self._known.update(new)
        self._waiting.extend(new)
        if len(new) > 1:
            self._waiting = deque(_nearest_first(self._waiting, self._map, self._focus))
        if self._waiting:
            self._reading.start()

    @Slot()
    def _read_some(self) -> None:
        """Read blocks for a moment; the rest waits for the next turn, so that newer wishes come through."""
        if self._map is None or not self._waiting:
            self._reading.stop()
            return
        until, arrivals = monotonic() + SLICE, list[BlockArrival]()
        moved = monotonic() < self._moved_until
        self._reading.setInterval(round(1000 * PAUSE) if moved else 0)
        try:
            while self._waiting and monotonic() < until and not (moved and arrivals):
                row, col = self._waiting.popleft()
                view = self._map.block(row, col)
                arrivals.append(BlockArrival(row, col, view, *self._map.block_patches(row, col)))
            self.said.emit(self._number, "blocks_read", arrivals)
            if not self._waiting:
                self._reading.stop()
                self.said.emit(self._number, "settled", None)
        except Exception as error:
            self._reading.stop()
            self._waiting.clear()
            if not isinstance(error, MapError):
                log.exception("a block could not be read")
            reason = str(error) if isinstance(error, MapError) else f"{self._map.path} could not be read"
            self.said.emit(self._number, "failed", f"{reason}; {GO_ON}")


def _focus_message(region: Region) -> dict[str, Any]:
    return {"do": protocol.FOCUS, "region": [region.x, region.y, region.width, region.height]}


def _nearest_first(
    blocks: Sequence[tuple[int, int]] | deque[tuple[int, int]], cluster_map: ClusterMap | None, focus: Region | None
) -> list[tuple[int, int]]:
    """Blocks by distance to the middle of the view; in the map's order while nothing is known."""
    if cluster_map is None or focus is None or not blocks:
        return list(blocks)
    side, affine, middle = cluster_map.block_side, cluster_map.cell_to_level0, focus.center

    def distance(block: tuple[int, int]) -> float:
        place = Point(*affine.apply((block[1] + 0.5) * side, (block[0] + 0.5) * side))
        return (place.x - middle.x) ** 2 + (place.y - middle.y) ** 2

    return sorted(blocks, key=distance)
