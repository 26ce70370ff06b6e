"""Ours: one map by `map_slide`, with the time that convolutions and reading take of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

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
    with _timed_convolutions(classifier.module, found), _timed_reading(found):
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
def _timed_convolutions(module: nn.Module, found: Ours) -> Iterator[None]:
    begun: list[float] = []

    def before(part: nn.Module, inputs: object) -> None:
        begun.append(time.perf_counter())

    def after(part: nn.Conv2d, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        if output.device.type == "meta":
            begun.pop()
            return
        found.convolutions += time.perf_counter() - begun.pop()
        found.operations += 2 * output.numel() * part.weight[0].numel()

    convolutions = [part for part in module.modules() if isinstance(part, nn.Conv2d)]
    handles = [part.register_forward_pre_hook(before) for part in convolutions]
    handles += [part.register_forward_hook(after) for part in convolutions]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


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
