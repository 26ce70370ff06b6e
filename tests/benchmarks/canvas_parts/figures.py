"""Figures: a line of the table, and the plain copy that painting is compared to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

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
    """The baseline of painting: a window that copies one picture of its size, and does nothing else.

    It is asked for in the way the canvas is: what `update` asks for has been painted when the events are through.
    A copy from the same place of a line of memory (8 pixels) takes half as long as one from elsewhere. For a picture
    that is panned each pixel changes that, so all eight places are taken in turn; their mean is the baseline.
    """

    def __init__(self) -> None:
        self._window = _Picture()
        self.times: list[float] = []

    def once(self) -> None:
        self._window.place = len(self.times) % _PLACES
        self._window.update()
        self.times.append(milliseconds(QApplication.processEvents))

    def median(self) -> float:
        """The median of each place, and of these the mean."""
        places = range(min(_PLACES, len(self.times)))
        return float(np.mean([np.median(self.times[place::_PLACES]) for place in places]))


class _Picture(QWidget):
    """A window with a picture, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.place = 0
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._picture = QImage(SIZE.width + _PLACES, SIZE.height, QImage.Format.Format_RGB32)
        self._picture.fill(0x445566)
        self.resize(SIZE.width, SIZE.height)
        self.show()
        QApplication.processEvents()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(-self.place, 0, self._picture)
        painter.end()


def row_of(name: str, times: Sequence[float], blit: Blit, limit: float | None, high: float | None = None) -> Row:
    return Row(name, float(np.median(times)), float(np.percentile(times, 99)), blit.median(), limit, high)


def milliseconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - started)
