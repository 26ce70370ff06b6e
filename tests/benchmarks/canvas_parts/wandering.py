"""Wandering: a thousand moves, and what they leave behind."""

from __future__ import annotations

import gc
import random

import psutil
from PySide6.QtWidgets import QApplication

from canvas_parts.bench import Bench, caches, until


def wander(bench: Bench, moves: int = 1000) -> list[str]:
    """Random pans and zooms; what is in flight, cached and resident at the end."""
    canvas, process, rng = bench.canvas, psutil.Process(), random.Random(5)
    resident, highest = 0, 0.0
    for n in range(moves):
        if rng.random() < 0.75:
            canvas.pan(rng.uniform(-900, 900), rng.uniform(-700, 700))
        elif rng.random() < 0.8:
            canvas.zoom(2 ** rng.uniform(-1, 1))
        else:
            place = bench.places(1)[0]
            bench.go(place.x, place.y, 2 ** rng.uniform(-1, 5))
        QApplication.processEvents()
        if rng.random() < 0.3:
            until(lambda: canvas.is_sharp)
        if n == moves // 5:
            bench.settle()
            gc.collect()
            resident = process.memory_info().rss
        highest = max(highest, *(cache.nbytes / cache.limit for cache in caches(canvas)))
    bench.settle()
    gc.collect()
    grown = process.memory_info().rss / resident - 1
    return [
        f"in flight after {moves} moves: {0 if canvas._renderer.idle else 'SOME'}",
        f"fullest cache: {highest:.0%} of its limit",
        f"resident: {resident / 2**20:.0f} MB after a fifth, {grown:+.1%} at the end "
        f"({'pass' if grown <= 0.1 else 'OVER'})",
        f"grids: {bench.grids.nbytes / 2**20:.0f} MB",
    ]
