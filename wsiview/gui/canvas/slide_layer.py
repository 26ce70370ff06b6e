"""Slide layer: the slide itself, from sharp tiles where they are there and coarser pictures where they are not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from wsiview.cache import Cache
from wsiview.geometry import Region, Size
from wsiview.gui.canvas.file_tiles import Natural
from wsiview.gui.canvas.tile_source import OUTSIDE, ScreenTile, TileSource
from wsiview.scene.schedule import PARENT_FACTOR
from wsiview.scene.visible_tiles import TILE, TileKey, Window, slide_window, tiles_in

_BASE_SIDE = 1024
_CHEAP_BASE = 48 << 20
_BYTES = 96 << 20


@dataclass(frozen=True, slots=True)
class SlideTile:
    """A tile as it is painted, and the tiles of the file below it that are unreadable or not there yet."""

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
    """A picture of the same pixels."""
    height, width = tile.pixels.shape
    return SlideTile(QImage(tile.pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32), tile.bad)


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
        self.tiles: Cache[TileKey, SlideTile] = Cache(_BYTES)
        self.backdrop: Backdrop | None = None
        self.base = QImage(self.base_window.width, self.base_window.height, QImage.Format.Format_RGB32)
        self.base.fill(QColor(*source.pyramid.background))
        self.base_missing = set(tiles_in(self.base_window, self.dimensions))
        self._stale: set[TileKey] = set()
        self._base_begun = False
        self._base_bad: set[TileKey] = set()

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
        self._base_begun = True
        (self._base_bad.add if tile.bad else self._base_bad.discard)(key)
        painter = QPainter(self.base)
        painter.drawImage(key.window.x - self.base_window.x, key.window.y - self.base_window.y, tile.image)
        painter.end()

    def doubt_bad(self) -> None:
        """Read tiles with unreadable parts again; until then they are shown as they are."""
        self._stale |= {key for key, tile in self.tiles.items() if tile.bad}
        self.base_missing |= self._base_bad

    def make_room(self, window: Window) -> None:
        """Let the cache hold at least twice what one view needs."""
        across, down = window.width // TILE + 2, window.height // TILE + 2
        self.tiles.limit = max(_BYTES, 2 * across * down * TILE * TILE * 4)

    def keep(self, keys: Iterable[TileKey]) -> None:
        """Keep these rather than others: they are on screen, though not painted anew with every frame."""
        for key in keys:
            self.tiles.get(key)

    def remember(self, window: Window) -> None:
        """Keep what is on screen as the backdrop, if most of it is sharp."""
        keys = tiles_in(window, self.dimensions)
        if not keys or 2 * sum(key in self.tiles for key in keys) < len(keys):
            return
        image = QImage(window.width, window.height, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        self.paint(painter, window, keys)
        painter.end()
        self.backdrop = Backdrop(window, image)

    def paint(self, painter: QPainter, window: Window, keys: Sequence[TileKey]) -> None:
        """Paint a window, in which these tiles lie, with its corner at the painter's origin; never leaves a hole."""
        found: list[tuple[int, int, QImage]] = []
        missing = QRect()
        for key in keys:
            tile = self.tiles.get(key)
            x, y = key.col * TILE - window.x, key.row * TILE - window.y
            if tile is None:
                missing |= QRect(x, y, TILE, TILE)
            else:
                found.append((x, y, tile.image))
        whole = slide_window(self.dimensions, window.downsample)
        if not missing.isEmpty():
            slide = QRect(-window.x, -window.y, whole.width, whole.height)
            self._paint_below(painter, window, missing & slide & QRect(0, 0, window.width, window.height))
        for x, y, image in found:
            painter.drawImage(x, y, image)
        if (
            window.x < 1
            or window.y < 1
            or window.x + window.width >= whole.width
            or (window.y + window.height >= whole.height)
        ):
            _paint_around(painter, window, whole)

    def _paint_below(self, painter: QPainter, window: Window, missing: QRect) -> None:
        """Coarser pictures; what of them is painted twice is opaque."""
        painter.save()
        painter.setClipRect(missing, Qt.ClipOperation.IntersectClip)
        backdrop = None if self.backdrop is None else self.backdrop.target(window)
        if backdrop is None or not backdrop.contains(QRectF(missing)):
            painter.fillRect(missing, QColor(*self.source.pyramid.background))
            if self._base_begun:  # an empty one would take as long
                painter.drawImage(Backdrop(self.base_window, self.base).target(window), self.base)
            for key in tiles_in(_parent_window(window, missing), self.dimensions):
                tile = self.tiles.get(key)
                if tile is not None:
                    x, y = key.window.x * PARENT_FACTOR - window.x, key.window.y * PARENT_FACTOR - window.y
                    painter.drawImage(QRect(x, y, TILE * PARENT_FACTOR, TILE * PARENT_FACTOR), tile.image)
        if self.backdrop is not None and backdrop is not None:
            painter.drawImage(backdrop, self.backdrop.image)
        painter.restore()


def _base_window(dimensions: Size, bounds: Region | None) -> Window:
    """The scanned part, or the whole slide, at the scale at which it is about a thousand pixels large."""
    part = bounds or Region(0, 0, dimensions.width, dimensions.height)
    step = max(1.0, max(part.width, part.height) / _BASE_SIDE)
    x, y = math.floor(part.x / step), math.floor(part.y / step)
    whole = slide_window(dimensions, step)
    right, bottom = min(math.ceil(part.right / step), whole.width), min(math.ceil(part.bottom / step), whole.height)
    return Window(step, x, y, max(1, right - x), max(1, bottom - y))


def _parent_window(window: Window, part: QRect) -> Window:
    """What of the next coarser lattice lies below a part of a window."""
    factor = PARENT_FACTOR
    left, top = window.x + part.x(), window.y + part.y()
    x, y = left // factor, top // factor
    right, bottom = math.ceil((left + part.width()) / factor), math.ceil((top + part.height()) / factor)
    return Window(window.downsample * factor, x, y, right - x, bottom - y)


def _paint_around(painter: QPainter, window: Window, whole: Window) -> None:
    """Neutral grey where the slide is not, and a line around the slide, one pixel outside it."""
    grey, dark = QColor(*OUTSIDE), QColor(52, 54, 58)
    left, top, width, height = -window.x, -window.y, whole.width, whole.height
    right, bottom = left + width, top + height
    painter.fillRect(0, 0, window.width, top, grey)
    painter.fillRect(0, bottom, window.width, window.height - bottom, grey)
    painter.fillRect(0, top, left, height, grey)
    painter.fillRect(right, top, window.width - right, height, grey)
    painter.fillRect(left - 1, top - 1, width + 2, 1, dark)
    painter.fillRect(left - 1, bottom, width + 2, 1, dark)
    painter.fillRect(left - 1, top, 1, height, dark)
    painter.fillRect(right, top, 1, height, dark)
