"""Overlay: cluster maps over the slide, composed tile by tile on workers, recoloured by tables on the spot."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter, QRegion

from wsiview.cache import Cache
from wsiview.geometry import Region, Size
from wsiview.gui.canvas.overlay_tile import OverlayTile, Tables
from wsiview.gui.canvas.slide_layer import Backdrop
from wsiview.gui.canvas.tile_source import Unwanted
from wsiview.scene.compose import compose_each, drawing_key
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.plane import Appearance
from wsiview.scene.visible_tiles import TILE, TileKey, Window, tiles_in

_BYTES = 96 << 20
_REACH = 48
"""Pixels around a change that look different: an outline reaches into the next cells, a contour as far as averages."""
_CHANGES = 512
NOTHING = LayerStack((), strongest=False)
"""The stack before there is one: no tile is drawn for it."""
Drawing = tuple[object, ...]
"""What of a stack planes depend on; the rest is tables."""


class OverlayLayer:
    """Overlays of one map on one slide; lives on the window's thread.

    Tiles are kept for each drawing, so that a reader who goes back to one finds it there.
    """

    def __init__(self) -> None:
        """Start with no map."""
        self.grids: MapGrids | None = None
        self.stack = NOTHING
        self.tiles: Cache[tuple[Drawing, TileKey], OverlayTile] = Cache(_BYTES)
        self.backdrop: Backdrop | None = None
        self._drawing = self._drawing_before = drawing_key(self.stack)
        self._tables: Tables | None = None
        self._version = self._oldest = 0
        self._changes: deque[tuple[int, Region | None]] = deque(maxlen=_CHANGES)

    @property
    def visible(self) -> bool:
        """Whether there is a map, and a wish to see it."""
        return self.grids is not None and self.stack.shows_anything

    def set_grids(self, grids: MapGrids | None) -> None:
        """Show another map."""
        self.grids = grids
        self.forget()

    def forget(self) -> None:
        """Drop all pictures, and what is being drawn."""
        self.tiles.clear()
        self.backdrop = None
        self._changes.clear()
        self._version += 1
        self._oldest = self._version

    def set_stack(self, stack: LayerStack, visible: Iterable[TileKey] = ()) -> list[TileKey]:
        """Show it differently; colours, thresholds and visibility are tables, all else is drawn anew on workers.

        Returns those of the visible tiles that look different at once.
        """
        before, seen_before, drawing_before = self.stack, self.visible, self._drawing
        self.stack, self._drawing = stack, drawing_key(stack)
        if self._drawing != drawing_before:
            self._drawing_before = drawing_before
        if stack.classes != before.classes:
            self.backdrop = None  # which is in the former colours
        faded = stack.opacity != before.opacity or self.visible != seen_before or self._drawing != drawing_before
        return [key for key in visible if self._looks_different(key, faded)]

    def _looks_different(self, key: TileKey, faded: bool) -> bool:
        tile = self._tile(key)
        if tile is None or not self.visible:
            return faded
        return tile.tint(self._tables_for(tile.look)) or (faded and not tile.empty)

    def changed(self, region: Region | None) -> None:
        """Draw anew what a level-0 region touches, or everything; until then the old pictures stay."""
        for (_, key), tile in self.tiles.items():
            if region is None or key.window.grown(_REACH).region.intersects(region):
                tile.stale = True
        self._version += 1
        if len(self._changes) == _CHANGES:
            self._changes = deque([(self._version, None)], _CHANGES)
        self._changes.append((self._version, region))

    def needs(self, key: TileKey) -> bool:
        """Whether a tile is missing or shows what is no longer so."""
        tile = self.tiles.get((self._drawing, key))
        return tile is None or tile.stale

    def work(self, key: TileKey, look: Appearance) -> Callable[[Callable[[], bool]], tuple[Drawing, OverlayTile]]:
        """What a worker does for a tile."""
        grids, stack, drawing, version = self.grids, self.stack, self._drawing, self._version

        def draw(wanted: Callable[[], bool]) -> tuple[Drawing, OverlayTile]:
            if not wanted():
                raise Unwanted
            planes = []
            for plane in compose_each(grids, stack, key.window, look) if grids is not None else ():
                planes.append(plane)
                if not wanted():
                    raise Unwanted
            return drawing, OverlayTile(planes, Tables(stack, look), version)

        return draw

    def take(self, key: TileKey, drawn: tuple[Drawing, OverlayTile]) -> None:
        """Keep a tile that arrived, unless it was drawn for what is forgotten."""
        drawing, tile = drawn
        if tile.version < self._oldest:
            return
        around = key.window.grown(_REACH).region
        # What has changed while it was drawn may have been read before or after.
        tile.stale = any(
            version > tile.version and (region is None or around.intersects(region))
            for version, region in self._changes
        )
        self.tiles.put((drawing, key), tile, tile.nbytes)

    def keep(self, keys: Iterable[TileKey]) -> None:
        """Keep these rather than others: they are on screen, though not painted anew with every frame."""
        for key in keys:
            self.tiles.get((self._drawing, key))

    def make_room(self, window: Window) -> None:
        """Let the cache hold at least twice what one view needs."""
        across, down = window.width // TILE + 2, window.height // TILE + 2
        self.tiles.limit = max(_BYTES, 2 * across * down * TILE * TILE * 9)

    def remember(self, window: Window, dimensions: Size) -> None:
        """Keep what is on screen as the backdrop, if most of it is drawn."""
        keys = tiles_in(window, dimensions)
        if not self.visible or not keys or 2 * sum(self._tile(key) is not None for key in keys) < len(keys):
            return
        image = QImage(window.width, window.height, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        painter = QPainter(image)
        self.paint(painter, window, keys, opacity=1.0)
        painter.end()
        self.backdrop = Backdrop(window, image)

    def paint(self, painter: QPainter, window: Window, keys: Sequence[TileKey], opacity: float | None = None) -> None:
        """Paint a window, in which these tiles lie, with its corner at the painter's origin.

        The master opacity is applied here, once.
        """
        if not self.visible:
            return
        painter.setOpacity(self.stack.opacity if opacity is None else opacity)
        missing, clip = QRegion(), QRect(0, 0, window.width, window.height)
        for key in keys:
            x, y = key.col * TILE - window.x, key.row * TILE - window.y
            tile = self._tile(key)
            if tile is None:
                missing += QRect(x, y, TILE, TILE)
                continue
            tile.tint(self._tables_for(tile.look))
            tile.paint(painter, x, y, clip)
        if self.backdrop is not None and not missing.isEmpty():
            painter.save()
            painter.setClipRegion(missing, Qt.ClipOperation.IntersectClip)
            painter.drawImage(self.backdrop.target(window), self.backdrop.image)
            painter.restore()
        painter.setOpacity(1.0)

    def _tile(self, key: TileKey) -> OverlayTile | None:
        """What there is to paint: drawn as it should be, or as it was before."""
        tile = self.tiles.get((self._drawing, key))
        return tile if tile is not None else self.tiles.get((self._drawing_before, key))

    def _tables_for(self, look: Appearance) -> Tables:
        known = self._tables
        if known is None or known.stack.classes != self.stack.classes or known.look != look:
            known = self._tables = Tables(self.stack, look)
        return known
