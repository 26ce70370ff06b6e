"""Frame times: how long the window's thread was busy with each of the last pictures."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

KEPT = 120


@dataclass(frozen=True, slots=True)
class FrameSummary:
    """Milliseconds: half of the frames, and nineteen of twenty, took no longer; and the longest."""

    count: int
    median: float
    high: float
    worst: float


class FrameTimes:
    """Adds up what a frame costs, from the first step of the hand to the finished picture, and keeps the last ones."""

    def __init__(self) -> None:
        """No frame yet."""
        self._last: deque[float] = deque(maxlen=KEPT)
        self._spent = 0.0

    def spend(self, seconds: float, painted: bool) -> None:
        """Add what an event took; once it has painted, the frame is finished."""
        self._spent += seconds
        if painted:
            self._last.append(self._spent)
            self._spent = 0.0

    def summary(self) -> FrameSummary | None:
        """The last frames, None before the first."""
        times = sorted(1000 * seconds for seconds in self._last)
        if not times:
            return None
        last = len(times) - 1
        return FrameSummary(len(times), times[last // 2], times[round(0.95 * last)], times[last])
