"""Thumbnails: small pictures around cells, cut from the slide on threads of their own and kept."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from wsiview.errors import SlideError
from wsiview.geometry import Point, Region
from wsiview.gui.jobs import PATIENCE
from wsiview.gui.post import Address
from wsiview.gui.workers import Workers
from wsiview.slide.slide import Pixels, Slide
from wsiview.slide.virtual_level import VirtualLevel

THREADS = 2
KEPT = 240  # pictures
CACHE = 48 << 20  # bytes of the slide's pixels at the model's scale


@dataclass(frozen=True, slots=True)
class Cut:
    """What is cut out: the middle in level-0 pixels, and the side in the model's own pixels."""

    middle: Point
    side: int


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture and the level-0 rectangle that it shows; None where the slide can't be read."""

    image: QImage | None
    region: Region


class Thumbnails(QObject):
    """Cuts what is asked for, the newest wish first; lives on the window's thread."""

    arrived = Signal(object, object)  # Cut, Thumbnail

    def __init__(self, parent: QObject | None = None) -> None:
        """Cut from no slide."""
        super().__init__(parent)
        self._workers = Workers(THREADS, "wsiview-thumbnail")
        self._level: VirtualLevel | None = None
        self._source: tuple[Slide, float | None, tuple[float, float] | None] | None = None
        self._kept: OrderedDict[Cut, Thumbnail] = OrderedDict()
        self._waiting: dict[Cut, Future[Thumbnail]] = {}
        self._generation = 0
        self._done = Address(self._take)

    def cut_from(self, slide: Slide | None, spacing: float | None, mpp: tuple[float, float] | None) -> None:
        """Cut from this slide, at so many µm per pixel; level-0 pixels without a spacing."""
        source = None if slide is None else (slide, spacing, mpp)
        if source == self._source:
            return
        self._source, self._level = source, None
        self._generation += 1
        self._cancel(())
        self._kept.clear()
        if slide is not None:
            with contextlib.suppress(SlideError):  # without a scale there is nothing to cut by
                self._level = VirtualLevel(slide, spacing, mpp, allow_upsampling=True, cache_bytes=CACHE)

    def want(self, cuts: Sequence[Cut]) -> None:
        """Bring these, and nothing that was asked for before and is still to be cut."""
        self._cancel(cuts)
        level, generation = self._level, self._generation
        for cut in cuts:
            if level is None or cut in self._waiting:
                continue
            if cut in self._kept:
                self._kept.move_to_end(cut)
                self.arrived.emit(cut, self._kept[cut])
                continue
            future = self._workers.submit(cut_out, level, cut)
            self._waiting[cut] = future
            future.add_done_callback(_teller(self._done, generation, cut))

    def close(self) -> None:
        """End the threads."""
        self._generation += 1
        self._waiting.clear()
        self._workers.close(PATIENCE)

    def _cancel(self, wanted: Sequence[Cut]) -> None:
        for cut in [cut for cut in self._waiting if cut not in wanted]:
            self._waiting.pop(cut).cancel()

    def _take(self, generation: int, cut: Cut, done: Future[Thumbnail]) -> None:
        if generation != self._generation:
            return
        self._waiting.pop(cut, None)
        thumbnail = done.result()
        if thumbnail.image is not None:  # what can't be read is tried again when it is next wanted
            self._kept[cut] = thumbnail
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self.arrived.emit(cut, thumbnail)


def _teller(done: Address, generation: int, cut: Cut) -> Callable[[Future[Thumbnail]], None]:
    return lambda future: None if future.cancelled() else done.post(generation, cut, future)


def cut_out(level: VirtualLevel, cut: Cut) -> Thumbnail:
    """One picture; any thread."""
    scale, side = level.scale, cut.side
    x, y = round(cut.middle.x / scale[0] - side / 2), round(cut.middle.y / scale[1] - side / 2)
    region = Region(x * scale[0], y * scale[1], side * scale[0], side * scale[1])
    try:
        return Thumbnail(_image(level.read(x, y, side, side)), region)
    except SlideError:
        return Thumbnail(None, region)


def _image(pixels: Pixels) -> QImage:
    pixels = np.ascontiguousarray(pixels)
    height, width, _ = pixels.shape
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_RGB32
    )
