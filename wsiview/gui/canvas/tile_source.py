"""Tile source: pixels of a slide at screen scale, read and resampled on worker threads.

Each screen pixel is the weighted mean of exactly the slide pixels below it, whatever the ratio of the levels, so marks
lie where they belong and neighbouring tiles meet without a seam.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wsiview.gui.canvas.tile_cache import TileCache
from wsiview.scene.plane import stripes
from wsiview.scene.visible_tiles import Window, slide_window
from wsiview.slide.pyramid import Pyramid
from wsiview.slide.slide import Slide, SlideVanished, TileUnreadable
from wsiview.slide.wrapped_slide import Unreadable, WrappedSlide

Pixels = NDArray[np.uint8]
Natural = tuple[int, int, int]
"""Level, column and row of a tile as the file has it."""

OUTSIDE = (92, 96, 102)
"""Neutral grey around the slide."""
_DECODED_BYTES = 96 << 20
_LARGEST_SOURCE = 2048 * 2048
_USUAL_TILE, _LARGEST_TILE, _SMALLEST_TILE = 512, 1024, 128


class Unwanted(Exception):
    """Nobody looks at this tile any more."""


@dataclass(frozen=True, slots=True)
class ScreenTile:
    """Pixels (h, w, 3) of a window and the unreadable tiles below it."""

    pixels: Pixels
    bad: frozenset[Natural]


class TileSource:
    """Reads one slide; every method may be called from any thread but the window's own."""

    def __init__(self, slide: Slide) -> None:
        """Keep the slide, which the caller closes; `vanished` is the sentence about a file that went away."""
        self.pyramid = Pyramid.of(slide)
        self._slide = slide
        self._built: frozenset[int] = slide.built_levels if isinstance(slide, WrappedSlide) else frozenset()
        self._known: tuple[Unreadable, ...] = slide.unreadable if isinstance(slide, WrappedSlide) else ()
        self._decoded: TileCache[Natural, Pixels] = TileCache(_DECODED_BYTES)
        self._bad: set[Natural] = set()
        self._marked: set[Natural] = set()
        self._again: set[Natural] = set()
        self.vanished = ""
        self._lock = threading.Lock()

    @property
    def bad(self) -> frozenset[Natural]:
        """Tiles that could not be read."""
        with self._lock:
            return frozenset(self._bad | self._marked)

    def try_again(self) -> None:
        """Give every unreadable tile one more chance when it is next wanted."""
        with self._lock:
            self._again |= self._bad

    def render(self, window: Window, wanted: Callable[[], bool]) -> ScreenTile:
        """Paint a window, outside the slide in neutral grey.

        Raises
        ------
        Unwanted
            Once `wanted` says no.
        SlideError
            If the slide fails in another way than by a damaged tile.
        """
        bad: set[Natural] = set()
        pixels = self._resampled(window, wanted, bad)
        slide = slide_window(self.pyramid.dimensions, window.downsample)
        pixels[:, max(0, slide.width - window.x) :] = OUTSIDE
        pixels[max(0, slide.height - window.y) :] = OUTSIDE
        pixels[:, : max(0, -window.x)] = OUTSIDE
        pixels[: max(0, -window.y)] = OUTSIDE
        return ScreenTile(pixels, frozenset(bad))

    def _resampled(self, window: Window, wanted: Callable[[], bool], bad: set[Natural]) -> Pixels:
        if not wanted():
            raise Unwanted
        level = self.pyramid.best_level(window.downsample)
        scales = tuple(window.downsample / d for d in self.pyramid.level_downsamples[level])
        area = window.width * scales[0] * window.height * scales[1]
        if area > _LARGEST_SOURCE and max(window.width, window.height) > 16:
            # A level that is much too fine is read piece by piece, or one tile would take all memory.
            return self._halves(window, wanted, bad)
        x0, x1 = window.x * scales[0], (window.x + window.width) * scales[0]
        y0, y1 = window.y * scales[1], (window.y + window.height) * scales[1]
        margins = [math.ceil(max(2.0, 2 * scale)) for scale in scales]
        left, top = math.floor(x0) - margins[0], math.floor(y0) - margins[1]
        right, bottom = math.ceil(x1) + margins[0], math.ceil(y1) + margins[1]
        source, mask = self._region(level, left, top, right, bottom, bad)
        box = (x0 - left, y0 - top, x1 - left, y1 - top)
        pixels = _resized(source, box, window, max(scales))
        if mask is not None:
            flag = Image.fromarray(mask.astype(np.uint8) * 255)
            flag = flag.resize((window.width, window.height), Image.Resampling.NEAREST, box=box)
            _hatch(pixels, np.asarray(flag) > 0, window)
        return pixels

    def _halves(self, window: Window, wanted: Callable[[], bool], bad: set[Natural]) -> Pixels:
        x, y, width, height = window.x, window.y, window.width, window.height
        if width >= height:
            cut = width // 2
            parts = (x, y, cut, height), (x + cut, y, width - cut, height)
        else:
            cut = height // 2
            parts = (x, y, width, cut), (x, y + cut, width, height - cut)
        pieces = [self._resampled(Window(window.downsample, *part), wanted, bad) for part in parts]
        return np.concatenate(pieces, axis=1 if width >= height else 0)

    def _region(
        self, level: int, left: int, top: int, right: int, bottom: int, bad: set[Natural]
    ) -> tuple[Pixels, NDArray[np.bool_] | None]:
        """Pixels of one level, cut from its own tiles, and where they are stand-ins for unreadable ones."""
        out = np.empty((bottom - top, right - left, 3), np.uint8)
        out[...] = self.pyramid.background
        mask: NDArray[np.bool_] | None = None
        size, (tile_w, tile_h) = self.pyramid.level_dimensions[level], self._tile(level)
        for row in range(max(0, top) // tile_h, -(-min(bottom, size.height) // tile_h)):
            for col in range(max(0, left) // tile_w, -(-min(right, size.width) // tile_w)):
                x, y = col * tile_w, row * tile_h
                pixels = self._natural((level, col, row))
                if pixels is None:
                    bad.add((level, col, row))
                    pixels = self._stand_in(level, col, row, bad)
                    mask = np.zeros(out.shape[:2], bool) if mask is None else mask
                height, width = pixels.shape[:2]
                x0, x1 = max(x, left), min(x + width, right)
                y0, y1 = max(y, top), min(y + height, bottom)
                out[y0 - top : y1 - top, x0 - left : x1 - left] = pixels[y0 - y : y1 - y, x0 - x : x1 - x]
                if mask is not None and (level, col, row) in bad:
                    mask[y0 - top : y1 - top, x0 - left : x1 - left] = True
        if level in self._built:
            mask = self._mark_known(level, left, top, right, bottom, bad, mask)
        _extend_edges(out, -left, -top, size.width - left, size.height - top)
        return out, mask

    def _mark_known(
        self, level: int, left: int, top: int, right: int, bottom: int, bad: set[Natural],
        mask: NDArray[np.bool_] | None,
    ) -> NDArray[np.bool_] | None:  # fmt: skip
        """Mark what could not be read when a level was built that the file lacks."""
        (across, down), met = self.pyramid.level_downsamples[level], set[Natural]()
        for part in self._known:
            (step_x, step_y), (tile_w, tile_h) = self.pyramid.level_downsamples[part.level], self._tile(part.level)
            x0, x1 = math.floor(part.x * step_x / across), math.ceil((part.x + part.width) * step_x / across)
            y0, y1 = math.floor(part.y * step_y / down), math.ceil((part.y + part.height) * step_y / down)
            if x0 < right and left < x1 and y0 < bottom and top < y1:
                mask = np.zeros((bottom - top, right - left), bool) if mask is None else mask
                mask[max(0, y0 - top) : y1 - top, max(0, x0 - left) : x1 - left] = True
                met.add((part.level, part.x // tile_w, part.y // tile_h))
        bad |= met
        if met:
            with self._lock:
                self._marked |= met
        return mask

    def _tile(self, level: int) -> tuple[int, int]:
        """The file's own tile, or a usual one where the file has strips or a single giant."""
        tile = self.pyramid.level_tiles[level]
        usable = all(_SMALLEST_TILE <= side <= _LARGEST_TILE for side in (tile.width, tile.height))
        return (tile.width, tile.height) if usable else (_USUAL_TILE, _USUAL_TILE)

    def _natural(self, key: Natural) -> Pixels | None:
        """One tile as the file has it (cut at the level's edge), None where it is unreadable."""
        found = self._decoded.get(key)
        if found is not None:
            return found
        with self._lock:
            if key in self._bad and key not in self._again:
                return None
            self._again.discard(key)
        level, col, row = key
        (tile_w, tile_h), size = self._tile(level), self.pyramid.level_dimensions[level]
        x, y = col * tile_w, row * tile_h
        try:
            pixels = self._slide.read(level, x, y, min(tile_w, size.width - x), min(tile_h, size.height - y))
        except TileUnreadable as error:
            with self._lock:
                self._bad.add(key)
                self.vanished = str(error) if isinstance(error, SlideVanished) else self.vanished
            return None
        with self._lock:
            self._bad.discard(key)
            self.vanished = ""
        self._decoded.put(key, pixels, pixels.nbytes)
        return pixels

    def _stand_in(self, level: int, col: int, row: int, bad: set[Natural]) -> Pixels:
        """What the next coarser level shows in place of an unreadable tile; the background at the coarsest."""
        (tile_w, tile_h), size = self._tile(level), self.pyramid.level_dimensions[level]
        x, y = col * tile_w, row * tile_h
        width, height = min(tile_w, size.width - x), min(tile_h, size.height - y)
        here, coarser = self.pyramid.level_downsamples[level], self._coarser(level)
        if coarser is None:
            return np.full((height, width, 3), self.pyramid.background, np.uint8)
        scale_x, scale_y = (a / b for a, b in zip(here, self.pyramid.level_downsamples[coarser], strict=True))
        x0, x1, y0, y1 = x * scale_x, (x + width) * scale_x, y * scale_y, (y + height) * scale_y
        left, top = math.floor(x0) - 2, math.floor(y0) - 2
        pixels, _ = self._region(coarser, left, top, math.ceil(x1) + 2, math.ceil(y1) + 2, bad)
        box = (x0 - left, y0 - top, x1 - left, y1 - top)
        return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR, box=box))

    def _coarser(self, level: int) -> int | None:
        scale = self.pyramid.level_downsamples
        coarser = [other for other in range(len(scale)) if scale[other][0] > scale[level][0]]
        return min(coarser, key=lambda other: scale[other][0], default=None)


def _extend_edges(pixels: Pixels, left: int, top: int, right: int, bottom: int) -> None:
    """Repeat the slide's outermost pixels beyond its edges, or resampling would mix the edge with what is not there."""
    height, width = pixels.shape[:2]
    if left >= width or top >= height or right <= 0 or bottom <= 0:
        return
    if left > 0:
        pixels[:, :left] = pixels[:, left : left + 1]
    if right < width:
        pixels[:, right:] = pixels[:, right - 1 : right]
    if top > 0:
        pixels[:top] = pixels[top]
    if bottom < height:
        pixels[bottom:] = pixels[bottom - 1]


def _resized(source: Pixels, box: tuple[float, float, float, float], window: Window, scale: float) -> Pixels:
    x, y = round(box[0]), round(box[1])
    exact = abs(box[0] - x) < 1e-6 and abs(box[1] - y) < 1e-6
    if exact and abs(box[2] - box[0] - window.width) < 1e-6 and abs(box[3] - box[1] - window.height) < 1e-6:
        return source[y : y + window.height, x : x + window.width].copy()
    # Sharper than a plain mean at the same cost; magnified, a cubic keeps edges without blocks.
    kind = Image.Resampling.HAMMING if scale > 1 else Image.Resampling.BICUBIC
    return np.array(Image.fromarray(source).resize((window.width, window.height), kind, box=box))


def _hatch(pixels: Pixels, where: NDArray[np.bool_], window: Window) -> None:
    """Mark an unreadable place: dark and light diagonals over what stands in for it."""
    dark = stripes(window, 16, 3, rising=True) & where
    light = stripes(Window(window.downsample, window.x - 3, window.y, window.width, window.height), 16, 2, rising=True)
    pixels[dark] = (40, 40, 44)
    pixels[light & where & ~dark] = (240, 240, 240)
