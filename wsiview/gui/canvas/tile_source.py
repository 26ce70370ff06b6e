"""Tile source: pixels of a slide at screen scale, read and resampled on worker threads.

Each screen pixel is the weighted mean of exactly the slide pixels below it, whatever the ratio of the levels, so marks
lie where they belong and neighbouring tiles meet without a seam.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wsiview.gui.canvas.file_tiles import FileTiles, Natural, ScreenPixels
from wsiview.gui.canvas.tile_memory import TileMemory
from wsiview.scene.plane import stripes
from wsiview.scene.visible_tiles import Window, slide_window
from wsiview.slide.pyramid import Pyramid
from wsiview.slide.slide import Slide
from wsiview.slide.wrapped_slide import Unreadable, WrappedSlide

OUTSIDE = (92, 96, 102)
"""Neutral grey around the slide."""
_LARGEST_SOURCE = 2048 * 2048


class Unwanted(Exception):
    """Nobody looks at this tile any more."""


@dataclass(frozen=True, slots=True)
class ScreenTile:
    """Pixels (h, w) of a window and the tiles below it that are unreadable or not there yet."""

    pixels: ScreenPixels
    bad: frozenset[Natural]


class TileSource:
    """Reads one slide on worker threads; the window's thread may ask its `tiles` what they know."""

    def __init__(self, slide: Slide) -> None:
        """Keep the slide, which the caller closes."""
        self.pyramid = Pyramid.of(slide)
        self.memory = TileMemory()
        self.tiles = FileTiles(slide, self.pyramid, self.memory)
        self._built: frozenset[int] = slide.built_levels if isinstance(slide, WrappedSlide) else frozenset()
        self._known: tuple[Unreadable, ...] = slide.unreadable if isinstance(slide, WrappedSlide) else ()

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
        inside = window.shared(slide_window(self.pyramid.dimensions, window.downsample))
        if inside == window:
            return ScreenTile(self._resampled(window, wanted, bad), frozenset(bad))
        pixels, _ = self.memory.tile(window.width, window.height)
        pixels[...] = _screen(OUTSIDE)
        if inside is not None:
            top, left = inside.y - window.y, inside.x - window.x
            pixels[top : top + inside.height, left : left + inside.width] = self._resampled(inside, wanted, bad)
        return ScreenTile(pixels, frozenset(bad))

    def _resampled(self, window: Window, wanted: Callable[[], bool], bad: set[Natural]) -> ScreenPixels:
        if not wanted():
            raise Unwanted
        level = self.pyramid.best_level(window.downsample)
        scales = tuple(window.downsample / d for d in self.pyramid.level_downsamples[level])
        area = window.width * scales[0] * window.height * scales[1]
        if area > _LARGEST_SOURCE and max(window.width, window.height) > 16:
            # A level that is much too fine is read piece by piece, or one tile would take all memory.
            return self._halves(window, wanted, bad)
        if max(scales) == min(scales) == 1:  # pixels of the level as they are
            right, bottom = window.x + window.width, window.y + window.height
            pixels, mask = self._region(level, window.x, window.y, right, bottom, bad, wanted)
            box = (0.0, 0.0, float(window.width), float(window.height))
        else:
            x0, x1 = window.x * scales[0], (window.x + window.width) * scales[0]
            y0, y1 = window.y * scales[1], (window.y + window.height) * scales[1]
            margins = [math.ceil(max(2.0, 2 * scale)) for scale in scales]
            left, top = math.floor(x0) - margins[0], math.floor(y0) - margins[1]
            right, bottom = math.ceil(x1) + margins[0], math.ceil(y1) + margins[1]
            source, mask = self._region(level, left, top, right, bottom, bad, wanted)
            box = (x0 - left, y0 - top, x1 - left, y1 - top)
            # Sharper than a plain mean at the same cost; magnified, a cubic keeps edges without blocks.
            kind = Image.Resampling.HAMMING if max(scales) > 1 else Image.Resampling.BICUBIC
            pixels = self._resized(source, box, window.width, window.height, kind)
        if mask is not None:
            flag = Image.fromarray(mask.astype(np.uint8) * 255)
            flag = flag.resize((window.width, window.height), Image.Resampling.NEAREST, box=box)
            _hatch(pixels, np.asarray(flag) > 0, window)
        return pixels

    def _halves(self, window: Window, wanted: Callable[[], bool], bad: set[Natural]) -> ScreenPixels:
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
        self, level: int, left: int, top: int, right: int, bottom: int, bad: set[Natural], wanted: Callable[[], bool]
    ) -> tuple[ScreenPixels, NDArray[np.bool_] | None]:
        """Pixels of one level, cut from its own tiles, and where they are stand-ins for unreadable ones.

        Without stand-ins they may be a tile that is kept, and are only to be read.
        """
        size, (tile_w, tile_h) = self.pyramid.level_dimensions[level], self.tiles.size(level)
        found = self._whole_tile(level, left, top, right, bottom)
        if found is not None:
            return found, None
        out = self.memory.array((bottom - top, right - left), np.uint32)
        if right <= 0 or bottom <= 0 or left >= size.width or top >= size.height:
            out[...] = _screen(self.pyramid.background)  # elsewhere the slide's edge is repeated
        mask: NDArray[np.bool_] | None = None
        for key in self._keys(level, left, top, right, bottom):
            if not wanted():
                raise Unwanted
            x, y = key[1] * tile_w, key[2] * tile_h
            found, whole = self.tiles.get(key)
            if found is None or not whole:
                bad.add(key)
            if found is None and mask is None:
                mask = np.zeros(out.shape[:2], bool)
            pixels = self._stand_in(*key, bad, wanted) if found is None else found
            height, width = pixels.shape[:2]
            x0, x1 = max(x, left), min(x + width, right)
            y0, y1 = max(y, top), min(y + height, bottom)
            out[y0 - top : y1 - top, x0 - left : x1 - left] = pixels[y0 - y : y1 - y, x0 - x : x1 - x]
            if mask is not None and found is None:
                mask[y0 - top : y1 - top, x0 - left : x1 - left] = True
        if level in self._built:
            mask = self._mark_known(level, left, top, right, bottom, bad, mask)
        _extend_edges(out, -left, -top, size.width - left, size.height - top)
        return out, mask

    def _whole_tile(self, level: int, left: int, top: int, right: int, bottom: int) -> ScreenPixels | None:
        """The tile of the file that a rectangle is, if it is one and sound."""
        size, (tile_w, tile_h) = self.pyramid.level_dimensions[level], self.tiles.size(level)
        is_one = (right - left, bottom - top) == (tile_w, tile_h) and not (left % tile_w or top % tile_h)
        if not is_one or left < 0 or top < 0 or right > size.width or bottom > size.height or level in self._built:
            return None
        return self.tiles.get((level, left // tile_w, top // tile_h))[0]

    def _keys(self, level: int, left: int, top: int, right: int, bottom: int) -> Iterator[Natural]:
        """The file's tiles in a rectangle; those that another thread is reading come last."""
        size, (tile_w, tile_h) = self.pyramid.level_dimensions[level], self.tiles.size(level)
        others: list[Natural] = []
        for row in range(max(0, top) // tile_h, -(-min(bottom, size.height) // tile_h)):
            for col in range(max(0, left) // tile_w, -(-min(right, size.width) // tile_w)):
                if self.tiles.is_being_read((level, col, row)):
                    others.append((level, col, row))
                else:
                    yield level, col, row
        yield from others

    def _mark_known(
        self, level: int, left: int, top: int, right: int, bottom: int, bad: set[Natural],
        mask: NDArray[np.bool_] | None,
    ) -> NDArray[np.bool_] | None:  # fmt: skip
        """Mark what could not be read when a level was built that the file lacks."""
        (across, down), met = self.pyramid.level_downsamples[level], set[Natural]()
        for part in self._known:
            (step_x, step_y), (tile_w, tile_h) = self.pyramid.level_downsamples[part.level], self.tiles.size(part.level)
            x0, x1 = math.floor(part.x * step_x / across), math.ceil((part.x + part.width) * step_x / across)
            y0, y1 = math.floor(part.y * step_y / down), math.ceil((part.y + part.height) * step_y / down)
            if x0 < right and left < x1 and y0 < bottom and top < y1:
                mask = np.zeros((bottom - top, right - left), bool) if mask is None else mask
                mask[max(0, y0 - top) : y1 - top, max(0, x0 - left) : x1 - left] = True
                met.add((part.level, part.x // tile_w, part.y // tile_h))
        bad |= met
        self.tiles.mark(met)
        return mask

    def _stand_in(
        self, level: int, col: int, row: int, bad: set[Natural], wanted: Callable[[], bool]
    ) -> ScreenPixels:
        """What the next coarser level shows in place of an unreadable tile; the background at the coarsest."""
        (tile_w, tile_h), size = self.tiles.size(level), self.pyramid.level_dimensions[level]
        x, y = col * tile_w, row * tile_h
        width, height = min(tile_w, size.width - x), min(tile_h, size.height - y)
        here, coarser = self.pyramid.level_downsamples[level], self._coarser(level)
        if coarser is None:
            return np.full((height, width), _screen(self.pyramid.background))
        scale_x, scale_y = (a / b for a, b in zip(here, self.pyramid.level_downsamples[coarser], strict=True))
        x0, x1, y0, y1 = x * scale_x, (x + width) * scale_x, y * scale_y, (y + height) * scale_y
        left, top = math.floor(x0) - 2, math.floor(y0) - 2
        pixels, _ = self._region(coarser, left, top, math.ceil(x1) + 2, math.ceil(y1) + 2, bad, wanted)
        box = (x0 - left, y0 - top, x1 - left, y1 - top)
        return self._resized(pixels, box, width, height, Image.Resampling.BILINEAR)

    def _resized(
        self, source: ScreenPixels, box: tuple[float, float, float, float], width: int, height: int,
        kind: Image.Resampling,
    ) -> ScreenPixels:  # fmt: skip
        # Four samples that mean nothing to Pillow; as RGB it would copy them twice, as RGBA weigh them by the fourth.
        image = Image.frombuffer("RGBX", (source.shape[1], source.shape[0]), source, "raw", "RGBX", 0, 1)
        out, _ = self.memory.tile(width, height)
        out[...] = np.frombuffer(image.resize((width, height), kind, box=box).tobytes(), np.uint32).reshape(out.shape)
        return out

    def _coarser(self, level: int) -> int | None:
        scale = self.pyramid.level_downsamples
        coarser = [other for other in range(len(scale)) if scale[other][0] > scale[level][0]]
        return min(coarser, key=lambda other: scale[other][0], default=None)


def _extend_edges(pixels: ScreenPixels, left: int, top: int, right: int, bottom: int) -> None:
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


def _screen(color: tuple[int, int, int]) -> np.uint32:
    red, green, blue = color
    return np.uint32(0xFF000000 | red << 16 | green << 8 | blue)


def _hatch(pixels: ScreenPixels, where: NDArray[np.bool_], window: Window) -> None:
    """Mark an unreadable place: dark and light diagonals over what stands in for it."""
    dark = stripes(window, 16, 3, rising=True) & where
    light = stripes(Window(window.downsample, window.x - 3, window.y, window.width, window.height), 16, 2, rising=True)
    pixels[dark] = _screen((40, 40, 44))
    pixels[light & where & ~dark] = _screen((240, 240, 240))
