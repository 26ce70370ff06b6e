"""Ours: one map by `map_slide`, with the time that convolutions and reading take of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from wsiview.clustering.clustering import Clustering
from wsiview.explain.mapping import map_slide
from wsiview.explain.request import MapRequest
from wsiview.models.classifier import Classifier
from wsiview.progress import Progress
from wsiview.slide.slide import Pixels, Slide
from wsiview.slide.virtual_level import VirtualLevel


@dataclass
class Ours:
    """Seconds in all, in convolutions, and of reading on its own thread; operations of the convolutions; the map."""

    total: float = 0.0
    convolutions: float = 0.0
    reading: float = 0.0
    operations: float = 0.0
    path: Path = field(default_factory=Path)
    disk: int = 0


def our_map(request: MapRequest, slide: Slide, classifier: Classifier, clustering: Clustering, folder: Path) -> Ours:
    """Make the map and say where the time went."""
    found = Ours()
    with _timed_convolutions(found), _timed_reading(found):
        started = time.perf_counter()
        found.path = map_slide(request, slide, classifier, clustering, folder, Progress()).path
        found.total = time.perf_counter() - started
    found.disk = sum(file.stat().st_size for file in found.path.rglob("*") if file.is_file())
    return found


def matrix_peak(side: int = 2048, repeats: int = 6) -> float:
    """Operations a second of float32 matrix products on the threads that torch has."""
    a, b = torch.rand(side, side), torch.rand(side, side)
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - started)
    return 2 * side**3 / best


@contextmanager
def _timed_convolutions(found: Ours) -> Iterator[None]:
    convolve = functional.conv2d

    def timed(values: torch.Tensor, weight: torch.Tensor, *others: Any, **more: Any) -> torch.Tensor:
        started = time.perf_counter()
        output = convolve(values, weight, *others, **more)
        if output.device.type != "meta":
            found.convolutions += time.perf_counter() - started
            found.operations += 2 * output.numel() * weight[0].numel()
        return output

    functional.conv2d = timed
    try:
        yield
    finally:
        functional.conv2d = convolve


@contextmanager
def _timed_reading(found: Ours) -> Iterator[None]:
    read = VirtualLevel.read

    def timed(self: VirtualLevel, x: int, y: int, width: int, height: int) -> Pixels:
        started = time.perf_counter()
        try:
            return read(self, x, y, width, height)
        finally:
            found.reading += time.perf_counter() - started

    VirtualLevel.read = timed
    try:
        yield
    finally:
        VirtualLevel.read = read
