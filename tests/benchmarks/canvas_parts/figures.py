"""Figures: a line of the table, and the plain copy that painting is compared to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QImage, QPainter

from wsiview.geometry import Size

SIZE = Size(1920, 1080)
HEAD = f"{'':<46}{'median':>9}{'p99':>9}{'base':>8}{'median':>9}{'p99':>8}{'budget':>12}"


@dataclass(frozen=True)
class Row:
    """One line of the table: what it is, ms (median, 99th percentile) and the ratios with their limits."""

    name: str
    median: float
    high: float
    base: float
    limit: float | None = None
    high_limit: float | None = None

    @property
    def passes(self) -> bool | None:
        if self.limit is None:
            return None
        return self.median <= self.limit * self.base and (
            self.high_limit is None or self.high <= self.high_limit * self.base
        )

    def __str__(self) -> str:
        words = f"{self.name:<46}{self.median:9.2f}{self.high:9.2f}{self.base:8.2f}"
        words += f"{self.median / self.base:8.1f}×{self.high / self.base:7.1f}×"
        if self.limit is not None:
            limits = f"{self.limit:g}×" + (f" / {self.high_limit:g}×" if self.high_limit else "")
            words += f"{limits:>12}  {'pass' if self.passes else 'OVER'}"
        return words


_PLACES = 8


class Blit:
    """The baseline of painting: one picture of a window copied into another.

    Where both begin at the same place of a line of memory (8 pixels) a copy takes half as long as elsewhere. For a
    picture that is panned each pixel changes that, so copies to all eight places are measured in turn, and the mean of
    the eight is the baseline.
    """

    def __init__(self) -> None:
        self._from = QImage(SIZE.width, SIZE.height, QImage.Format.Format_RGB32)
        self._to = QImage(SIZE.width + _PLACES, SIZE.height, QImage.Format.Format_RGB32)
        self._from.fill(0x445566)
        self.times: list[float] = []

    def once(self) -> None:
        painter = QPainter(self._to)
        started = time.perf_counter()
        painter.drawImage(len(self.times) % _PLACES, 0, self._from)
        self.times.append(1000 * (time.perf_counter() - started))
        painter.end()

    def median(self) -> float:
        """The median of each place, and of these the mean."""
        places = range(min(_PLACES, len(self.times)))
        return float(np.mean([np.median(self.times[place::_PLACES]) for place in places]))


def row_of(name: str, times: Sequence[float], blit: Blit, limit: float | None, high: float | None = None) -> Row:
    return Row(name, float(np.median(times)), float(np.percentile(times, 99)), blit.median(), limit, high)


def milliseconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - started)
