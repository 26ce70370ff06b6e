"""Slide layer: the slide itself, from sharp tiles where they are there and coarser pictures where they are not."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QRegion

from wsiview.geometry import Region, Size
from wsiview.gui.canvas.tile_cache import TileCache
from wsiview.gui.canvas.tile_source import OUTSIDE, Natural, ScreenTile, TileSource
from wsiview.scene.schedule import PARENT_FACTOR
from wsiview.scene.visible_tiles import TILE, TileKey, Window, slide_window, tiles_in

_BASE_SIDE = 1024
_CHEAP_BASE = 48 << 20
_BYTES = 160 << 20


@dataclass(frozen=True, slots=True)
class SlideTile:
    """A tile as it is painted, and the unreadable tiles of the file below it."""

    image: QImage
    bad: frozenset[Natural]


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What was on screen at another scale; stands in while sharp tiles are on their way."""

    window: Window
    image: QImage

    def target(self, window: Window) -> QRectF:
        """Where it belongs in another window."""
        times = self.window.downsample / window.downsample
        x, y = self.window.x * times - window.x, self.window.y * times - window.y
        return QRectF(x, y, self.window.width * times, self.window.height * times)


def slide_tile(tile: ScreenTile) -> SlideTile:
    """Bring a tile into the format that is painted fastest; made on a worker."""
    height, width = tile.pixels.shape[:2]
    image = QImage(tile.pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return SlideTile(image.convertToFormat(QImage.Format.Format_RGB32), tile.bad)


class SlideLayer:
    """Pictures of one slide; lives on the window's thread and reads nothing itself.

    A picture of all that was scanned, the base, is pinned: it is always painted under tiles that are missing.
    """

    def __init__(self, source: TileSource) -> None:
        """Start with no tiles."""
        self.source = source
        self.dimensions: Size = source.pyramid.dimensions
        self.base_window = _base_window(self.dimensions, source.pyramid.bounds)
        self.base_downsample = self.base_window.downsample
        self.tiles: TileCache[TileKey, SlideTile] = TileCache(_BYTES)
        self.backdrop: Backdrop | None = None
        self.base = QImage(self.base_window.width, self.base_window.height, QImage.Format.Format_RGB32)
        self.base.fill(QColor(*source.pyramid.background))
        self.base_missing = set(tiles_in(self.base_window, self.dimensions))
        self._stale: set[TileKey] = set()

    @property
    def base_is_cheap(self) -> bool:
        """Whether the base can be read at once; without a pyramid that takes long and comes last."""
        pyramid, window = self.source.pyramid, self.base_window
        across, down = pyramid.level_downsamples[pyramid.best_level(self.base_downsample)]
        return window.region.width / across * window.region.height / down <= _CHEAP_BASE

    def needs(self, key: TileKey) -> bool:
        """Whether a tile is missing or to be read again."""
        return key not in self.tiles or key in self._stale

    def replace_source(self, source: TileSource) -> None:
        """Read from somewhere else; pictures stay until they have been read anew."""
        self.source = source
        self._stale = {key for key, _ in self.tiles.items()}
        self.base_missing = set(tiles_in(self.base_window, self.dimensions))

    def take(self, key: TileKey, tile: SlideTile) -> None:
        """Keep a tile that arrived."""
        self._stale.discard(key)
        self.tiles.put(key, tile, tile.image.sizeInBytes())

    def take_base(self, key: TileKey, tile: SlideTile) -> None:
        """Paint a tile of the base."""
        self.base_missing.discard(key)
        painter = QPainter(self.base)
        painter.drawImage(key.window.x - self.base_window.x, key.window.y - self.base_window.y, tile.image)
        painter.end()

    def doubt_bad(self) -> None:
        """Read tiles with unreadable parts again; until then they are shown as they are."""
        self._stale |= {key for key, tile in self.tiles.items() if tile.bad}

    def make_room(self, window: Window) -> None:
        """Let the cache hold at least twice what one view needs."""
        across, down = window.width // TILE + 2, window.height // TILE + 2
        self.tiles.limit = max(_BYTES, 2 * across * down * TILE * TILE * 4)

    def remember(self, window: Window) -> None:
        """Keep what is on screen as the backdrop, if most of it is sharp."""
        keys = tiles_in(window, self.dimensions)
        if not keys or 2 * sum(key in self.tiles for key in keys) < len(keys):
            return
        image = QImage(window.width, window.height, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        self.paint(painter, window)
        painter.end()
        self.backdrop = Backdrop(window, image)

    def paint(self, painter: QPainter, window: Window) -> None:
        """Paint a window with its top left corner at the painter's origin; never leaves a hole."""
        whole = slide_window(self.dimensions, window.downsample)
        view = QRect(0, 0, window.width, window.height)
        slide = QRect(-window.x, -window.y, whole.width, whole.height)
        missing = QRegion()
        found: list[tuple[int, int, QImage]] = []
        for key in tiles_in(window, self.dimensions):
            place, tile = key.window, self.tiles.get(key)
            x, y = place.x - window.x, place.y - window.y
            if tile is None:
                missing += QRect(x, y, TILE, TILE)
            else:
                found.append((x, y, tile.image))
        if not missing.isEmpty():
            self._paint_below(painter, window, slide, missing & slide & view)
        for x, y, image in found:
            painter.drawImage(x, y, image)
        _paint_around(painter, slide, view)

    def _paint_below(self, painter: QPainter, window: Window, slide: QRect, missing: QRegion) -> None:
        painter.save()
        # A region of several rectangles makes clipping slow, and what is painted twice is opaque.
        painter.setClipRect(missing.boundingRect())
        painter.fillRect(missing.boundingRect(), QColor(*self.source.pyramid.background))
        base = Backdrop(self.base_window, self.base)
        painter.drawImage(base.target(window), base.image)
        for key in tiles_in(_parent_window(window), self.dimensions):
            tile = self.tiles.get(key)
            if tile is not None:
                x, y = key.window.x * PARENT_FACTOR - window.x, key.window.y * PARENT_FACTOR - window.y
                painter.drawImage(QRect(x, y, TILE * PARENT_FACTOR, TILE * PARENT_FACTOR), tile.image)
        if self.backdrop is not None:
            painter.drawImage(self.backdrop.target(window), self.backdrop.image)
        painter.restore()


def _base_window(dimensions: Size, bounds: Region | None) -> Window:
    """The scanned part, or the whole slide, at the scale at which it is about a thousand pixels large."""
    part = bounds or Region(0, 0, dimensions.width, dimensions.height)
    step = max(1.0, max(part.width, part.height) / _BASE_SIDE)
    x, y = math.floor(part.x / step), math.floor(part.y / step)
    whole = slide_window(dimensions, step)
    right, bottom = min(math.ceil(part.right / step), whole.width), min(math.ceil(part.bottom / step), whole.height)
    return Window(step, x, y, max(1, right - x), max(1, bottom - y))


def _parent_window(window: Window) -> Window:
    factor = PARENT_FACTOR
    x, y = window.x // factor, window.y // factor
    right, bottom = math.ceil((window.x + window.width) / factor), math.ceil((window.y + window.height) / factor)
    return Window(window.downsample * factor, x, y, right - x, bottom - y)


def _paint_around(painter: QPainter, slide: QRect, view: QRect) -> None:
    """Neutral grey where the slide is not, and a line around the slide, one pixel outside it."""
    grey, right, bottom = QColor(*OUTSIDE), slide.left() + slide.width(), slide.top() + slide.height()
    painter.fillRect(QRect(0, 0, view.width(), slide.top()), grey)
    painter.fillRect(QRect(0, bottom, view.width(), view.height() - bottom), grey)
    painter.fillRect(QRect(0, slide.top(), slide.left(), slide.height()), grey)
    painter.fillRect(QRect(right, slide.top(), view.width() - right, slide.height()), grey)
    dark = QColor(52, 54, 58)
    painter.fillRect(slide.left() - 1, slide.top() - 1, slide.width() + 2, 1, dark)
    painter.fillRect(slide.left() - 1, slide.top() + slide.height(), slide.width() + 2, 1, dark)
    painter.fillRect(slide.left() - 1, slide.top(), 1, slide.height(), dark)
    painter.fillRect(slide.left() + slide.width(), slide.top(), 1, slide.height(), dark)
