"""Overlay: cluster maps over the slide, composed tile by tile on workers, recoloured by tables on the spot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter, QRegion

from wsiview.geometry import Region, Size
from wsiview.gui.canvas.slide_layer import Backdrop
from wsiview.gui.canvas.tile_cache import TileCache
from wsiview.scene.compose import compose, drawing_key, table
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.plane import Appearance, Plane
from wsiview.scene.visible_tiles import TILE, TileKey, Window, tiles_in

_BYTES = 128 << 20


@dataclass(slots=True, eq=False)
class OverlayTile:
    """Planes of one tile, the picture made of them (None where nothing is to be seen), and what both were made for."""

    planes: tuple[Plane, ...]
    drawn: int
    look: Appearance
    image: QImage | None
    tinted: int

    @property
    def nbytes(self) -> int:
        """Memory of the planes and a picture."""
        grids = [grid for plane in self.planes for grid in (plane.codes, plane.rgba) if grid is not None]
        return sum(grid.nbytes for grid in grids) + 4 * TILE * TILE if grids else 256


class OverlayLayer:
    """Overlays of one map on one slide; lives on the window's thread.

    `drawn` counts changes of what the planes show, `tinted` changes of the tables alone.
    """

    def __init__(self) -> None:
        """Start with no map."""
        self.grids: MapGrids | None = None
        self.stack = LayerStack(())
        self.tiles: TileCache[TileKey, OverlayTile] = TileCache(_BYTES)
        self.backdrop: Backdrop | None = None
        self._drawn = 0
        self._tinted = 0
        self._tables: Tables | None = None

    @property
    def visible(self) -> bool:
        """Whether there is a map, and a wish to see it."""
        return self.grids is not None and self.stack.shows_anything

    def set_grids(self, grids: MapGrids | None) -> None:
        """Show another map."""
        self.grids = grids
        self.forget()

    def forget(self) -> None:
        """Drop all pictures."""
        self.tiles.clear()
        self.backdrop = None
        self._drawn += 1

    def set_stack(self, stack: LayerStack) -> None:
        """Show it differently; colours, thresholds and visibility are tables, all else is drawn anew on workers."""
        if drawing_key(stack) != drawing_key(self.stack):
            self._drawn += 1
        if stack.classes != self.stack.classes:
            self._tinted += 1
        self.stack = stack

    def changed(self, region: Region | None) -> None:
        """Draw anew what a level-0 region touches, or everything; until then the old pictures stay."""
        for key, tile in self.tiles.items():
            # An outline reaches into the next cells, a contour as far as the next averaged ones.
            around = key.window.grown(48).region
            if region is None or around.intersects(region):
                tile.drawn = -1

    def needs(self, key: TileKey) -> bool:
        """Whether a tile is missing or shows what is no longer wanted."""
        tile = self.tiles.get(key)
        return tile is None or tile.drawn != self._drawn

    def work(self, key: TileKey, look: Appearance) -> Callable[[Callable[[], bool]], OverlayTile]:
        """What a worker does for a tile."""
        grids, stack, drawn, tinted = self.grids, self.stack, self._drawn, self._tinted

        def draw(_wanted: Callable[[], bool]) -> OverlayTile:
            planes = compose(grids, stack, key.window, look) if grids is not None else ()
            return OverlayTile(planes, drawn, look, tint(planes, Tables(stack, look)), tinted)

        return draw

    def take(self, key: TileKey, tile: OverlayTile) -> None:
        """Keep a tile that arrived."""
        self.tiles.put(key, tile, tile.nbytes)

    def make_room(self, window: Window) -> None:
        """Let the cache hold at least twice what one view needs."""
        across, down = window.width // TILE + 2, window.height // TILE + 2
        self.tiles.limit = max(_BYTES, 2 * across * down * TILE * TILE * 6)

    def remember(self, window: Window, dimensions: Size) -> None:
        """Keep what is on screen as the backdrop, if most of it is drawn."""
        keys = tiles_in(window, dimensions)
        if not self.visible or not keys or 2 * sum(key in self.tiles for key in keys) < len(keys):
            return
        image = QImage(window.width, window.height, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        painter = QPainter(image)
        self.paint(painter, window, dimensions, opacity=1.0)
        painter.end()
        self.backdrop = Backdrop(window, image)

    def paint(self, painter: QPainter, window: Window, dimensions: Size, opacity: float | None = None) -> None:
        """Paint a window with its top left corner at the painter's origin; the master opacity is applied here, once."""
        if not self.visible:
            return
        painter.setOpacity(self.stack.opacity if opacity is None else opacity)
        missing = QRegion()
        for key in tiles_in(window, dimensions):
            x, y = key.window.x - window.x, key.window.y - window.y
            tile = self.tiles.get(key)
            if tile is None:
                missing += QRect(x, y, TILE, TILE)
                continue
            if tile.tinted != self._tinted:
                self._retint(tile)
            if tile.image is not None:
                painter.drawImage(x, y, tile.image)
        if not missing.isEmpty() and self.backdrop is not None:
            painter.save()
            painter.setClipRegion(missing, Qt.ClipOperation.IntersectClip)  # never beyond a curtain
            painter.drawImage(self.backdrop.target(window), self.backdrop.image)
            painter.restore()
        painter.setOpacity(1.0)

    def _retint(self, tile: OverlayTile) -> None:
        tile.tinted = self._tinted
        if all(plane.class_index < len(self.stack.classes) for plane in tile.planes):
            if self._tables is None or self._tables.stack is not self.stack or self._tables.look != tile.look:
                self._tables = Tables(self.stack, tile.look)
            tile.image = tint(tile.planes, self._tables)


class Tables:
    """Colour tables of one stack as the painter wants them, each made once."""

    def __init__(self, stack: LayerStack, look: Appearance) -> None:
        """Start with none."""
        self.stack, self.look = stack, look
        self._tables: dict[tuple[str, int], list[int]] = {}

    def of(self, plane: Plane) -> list[int]:
        """The table of a plane: 256 times straight ARGB."""
        key = plane.role, plane.class_index
        if key not in self._tables:
            wide = table(plane, self.stack, self.look).astype(np.uint32)
            argb = (wide[:, 3] << 24) | (wide[:, 0] << 16) | (wide[:, 1] << 8) | wide[:, 2]
            self._tables[key] = argb.tolist()
        return self._tables[key]


def tint(planes: tuple[Plane, ...], tables: Tables) -> QImage | None:
    """One picture of all planes, None where there are none; any thread."""
    result: QImage | None = None
    for plane in planes:
        image = _picture(plane, tables)
        if result is None:
            result = image
            continue
        painter = QPainter(result)
        painter.drawImage(0, 0, image)
        painter.end()
    return result


def _picture(plane: Plane, tables: Tables) -> QImage:
    if plane.codes is not None:
        codes = np.ascontiguousarray(plane.codes)
        height, width = codes.shape
        indexed = QImage(codes.data, width, height, width, QImage.Format.Format_Indexed8)
        indexed.setColorTable(tables.of(plane))
        return indexed.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    rgba = np.ascontiguousarray(plane.rgba)
    height, width = rgba.shape[:2]
    image = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
