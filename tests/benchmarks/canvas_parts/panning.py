"""Panning: a hand that drags the slide, and what each step takes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from canvas_parts.bench import CLASSES, Bench, forget, until
from canvas_parts.figures import SIZE, Blit, Row, row_of
from wsiview.geometry import Point
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.layers import default_looks
from wsiview.scene.probe import probe_marks

FRAME = 1 / 60
LETTERS = tuple(look.letter for look in default_looks(CLASSES))


class Hand:
    """Drags a widget with the mouse."""

    def __init__(self, widget: QWidget) -> None:
        self._widget, self._at = widget, QPointF(SIZE.width / 2, SIZE.height / 2)
        self._send(QEvent.Type.MouseButtonPress)

    def move(self, dx: float, dy: float) -> None:
        self._at += QPointF(dx, dy)
        self._send(QEvent.Type.MouseMove)

    def release(self) -> None:
        self._send(QEvent.Type.MouseButtonRelease)

    def _send(self, kind: QEvent.Type) -> None:
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        at = QPointF(self._widget.mapToGlobal(QPoint(0, 0))) + self._at
        event = QMouseEvent(kind, self._at, at, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self._widget, event)


def pan_frames(canvas: SlideCanvas, steps: Sequence[tuple[float, float]], blit: Blit) -> list[float]:
    """ms of the window's thread for each step: the mouse, the tiles that have arrived, and the picture."""
    hand, frames = Hand(canvas), []
    for dx, dy in steps:
        started = time.perf_counter()
        hand.move(dx, dy)
        QApplication.processEvents()
        frames.append(1000 * (time.perf_counter() - started))
        blit.once()
        # The hand is slower than the program; meanwhile tiles are read.
        time.sleep(max(0.0, FRAME - (time.perf_counter() - started)))
    hand.release()
    return frames


def circle(steps: int, radius: float) -> list[tuple[float, float]]:
    angles = np.linspace(0, 2 * np.pi, steps + 1)
    moves = np.diff(np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius, axis=0)
    return [(float(x), float(y)) for x, y in moves]


def measure_panning(bench: Bench, rounds: int, window: QWidget | None = None) -> Iterator[Row]:
    canvas, place = bench.canvas, bench.places(1)[0]
    if window is None:  # else the window does it
        canvas.hovered.connect(lambda at: canvas.set_probe(at and probe_marks(bench.grids, at, LETTERS)))
    bench.go(place.x, place.y)
    bench.settle()
    blit = Blit()
    pan_frames(canvas, circle(60, 200), Blit())
    bench.settle()
    frames = [ms for _ in range(rounds) for ms in pan_frames(canvas, circle(200, 300), blit)]
    yield row_of("pan over visited ground", frames, blit, 3, 6)
    frames, blit = [], Blit()
    for _ in range(rounds):
        forget(canvas)
        frames += pan_frames(canvas, straight(bench), blit)
        bench.settle()
    yield row_of("pan into unvisited ground, 30 px a frame", frames, blit, 3, 6)


def straight(bench: Bench) -> list[tuple[float, float]]:
    """Steps across the slide from where it can be gone farthest."""
    size, canvas = bench.slide.dimensions, bench.canvas
    steps = int(min(400, max(size.width - SIZE.width, size.height - SIZE.height) // 30))
    along = size.width - SIZE.width >= size.height - SIZE.height
    start = Point(SIZE.width / 2, size.height / 2) if along else Point(size.width / 2, SIZE.height / 2)
    if size.width > 20_000:
        start = bench.places(1)[0]
        start = Point(min(start.x, size.width - 400 * 30 - SIZE.width), start.y)
    canvas.set_viewport(replace(canvas.viewport, center=start, downsample=1.0))
    until(lambda: canvas.is_sharp)
    return [(-30.0, 0.0) if along else (0.0, -30.0)] * steps
