"""Overlay tile: one tile of an overlay, kept so that other colours need no new drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter

from wsiview.scene.compose import table
from wsiview.scene.layers import LayerStack
from wsiview.scene.plane import Appearance, Codes, Plane
from wsiview.scene.visible_tiles import TILE

_FIXED = ("marks", "prediction", "difference")
"""Roles whose tables are the same for every stack."""
_FORMAT = QImage.Format.Format_ARGB32_Premultiplied
Colors = NDArray[np.uint32]


class Tables:
    """Colour tables of one stack, each made once; used by one thread at a time."""

    def __init__(self, stack: LayerStack, look: Appearance) -> None:
        """Start with none."""
        self.stack, self.look = stack, look
        self._tables: dict[tuple[str, int], Colors] = {}
        self._pads: dict[tuple[str, int], QImage] = {}

    def of(self, plane: Plane) -> Colors:
        """The table of a plane: 256 times straight ARGB."""
        key = plane.role, plane.class_index
        found = self._tables.get(key)
        if found is None:
            red, green, blue, alpha = table(plane, self.stack, self.look).astype(np.uint32).T
            found = self._tables[key] = ((alpha << 24) | (red << 16) | (green << 8) | blue).astype(np.uint32)
        return found

    def colored(self, plane: Plane, codes: Codes) -> QImage:
        """A picture of codes in the colours of a plane."""
        height, width = codes.shape
        key = plane.role, plane.class_index
        pad = self._pads.get(key)
        if pad is None or pad.width() < width or pad.height() < height:
            # One for many: to hand a table over to Qt takes half as long as to colour a tile.
            pad = self._pads[key] = QImage(max(width, TILE), max(height, TILE), QImage.Format.Format_Indexed8)
            pad.setColorTable([int(color) for color in self.of(plane)])
        np.frombuffer(pad.bits(), np.uint8).reshape(pad.height(), -1)[:height, :width] = codes
        part = pad if (pad.width(), pad.height()) == (width, height) else pad.copy(0, 0, width, height)
        return part.convertToFormat(_FORMAT)

    def rest(self) -> None:
        """Let go of what is only quicker to have."""
        self._pads.clear()


@dataclass(slots=True, eq=False)
class _Fixed:
    """Colours that no stack changes."""

    picture: QImage

    @property
    def rect(self) -> QRect:
        """All of it."""
        return self.picture.rect()

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.picture.sizeInBytes()

    @property
    def seen(self) -> bool:
        """Whether there is anything to see."""
        return True

    def colored(self, tables: Tables, rect: QRect) -> tuple[QPoint, QImage]:
        """Its one picture, and where on the tile that lies."""
        return QPoint(), self.picture


@dataclass(slots=True, eq=False)
class _Coded:
    """Codes that a table colours, which of them occur, and the colours of those when last shown."""

    plane: Plane
    codes: Codes
    used: NDArray[np.intp]
    colors: Colors | None = None
    seen: bool = False

    @property
    def rect(self) -> QRect:
        """All of it."""
        return QRect(0, 0, self.codes.shape[1], self.codes.shape[0])

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return int(self.codes.nbytes)

    def recolor(self, tables: Tables) -> bool:
        """Take other colours; whether it looks different then."""
        colors = tables.of(self.plane)[self.used]
        if self.colors is not None and np.array_equal(colors, self.colors):
            return False
        self.colors, self.seen = colors, bool(colors.max(initial=0) >> 24)
        return True

    def colored(self, tables: Tables, rect: QRect) -> tuple[QPoint, QImage]:
        """A new picture of a part, and where on the tile that lies."""
        left, top = rect.x(), rect.y()
        codes = self.codes[top : top + rect.height(), left : left + rect.width()]
        return rect.topLeft(), tables.colored(self.plane, codes)


class OverlayTile:
    """The planes of one tile and the picture made of them.

    `version` tells of which state of the map it was drawn; a tile that is `stale` shows what has changed since.
    """

    def __init__(self, planes: Sequence[Plane], tables: Tables, version: int = 0) -> None:
        """Draw it; on any thread."""
        self.look, self.version, self.stale = tables.look, version, False
        self._parts = _parts(planes, tables)
        self._rect = self._parts[0].rect if self._parts else QRect()
        self._tables = tables
        self._one: list[tuple[QPoint, QImage]] | None = None
        self._recolor()
        self._color(self._rect)
        if tables.stack.opacity < 1:
            self._as_one()
        tables.rest()

    @property
    def empty(self) -> bool:
        """Whether nothing is to be seen."""
        return not any(part.seen for part in self._parts)

    def paint(self, painter: QPainter, x: int, y: int, clip: QRect) -> None:
        """Paint with the corner at x, y what may be seen within `clip`, in its present colours.

        It is coloured when it is painted, and at first no more of it than that: what is laid over the slide at once is
        still in the processor's cache. Its planes are painted one after the other, unless the painter makes all of the
        tile fainter.
        """
        part = self._rect & clip.translated(-x, -y)
        if self._outdated or not self._painted.contains(part):
            self._color(part if self._outdated else self._rect)
        corner = QPoint(x, y)
        for place, image in self._images if painter.opacity() == 1 else self._as_one():
            painter.drawImage(corner + place, image)

    @property
    def nbytes(self) -> int:
        """Memory of codes and pictures."""
        own = {part.picture.cacheKey() for part in self._parts if isinstance(part, _Fixed)}
        images = {image.cacheKey(): image.sizeInBytes() for _, image in (*self._images, *(self._one or ()))}
        made = sum(size for key, size in images.items() if key not in own)
        return int(sum(part.nbytes for part in self._parts) + made)

    def tint(self, tables: Tables) -> bool:
        """Colour it by other tables, for the same look; whether it looks different now."""
        if tables is self._tables:
            return False
        self._tables = tables
        differs = self._recolor()
        self._outdated |= differs
        return differs

    def _recolor(self) -> bool:
        """Take the colours of the present tables; whether any part looks different then."""
        classes = len(self._tables.stack.classes)
        coded = [part for part in self._parts if isinstance(part, _Coded) and part.plane.class_index < classes]
        return sum(part.recolor(self._tables) for part in coded) > 0

    def _color(self, rect: QRect) -> None:
        """Make the pictures of a part of it."""
        shown = [part for part in self._parts if part.seen] if not rect.isEmpty() else []
        self._images = [part.colored(self._tables, rect) for part in shown]
        self._painted, self._one, self._outdated = rect, None, False

    def _as_one(self) -> list[tuple[QPoint, QImage]]:
        """The same pictures laid over each other, which is what may be made fainter."""
        if self._one is None:
            self._one = self._images
            if len(self._images) > 1:
                whole = QImage(self._painted.size(), _FORMAT)
                whole.fill(0)
                corner = self._painted.topLeft()
                for place, image in self._images:
                    _lay(image, whole, place - corner)
                self._one = [(corner, whole)]
        return self._one


def _parts(planes: Sequence[Plane], tables: Tables) -> list[_Fixed | _Coded]:
    """Planes as pictures; what never changes and lies together is one."""
    parts: list[_Fixed | _Coded] = []
    for plane in planes:
        if plane.codes is not None and plane.role not in _FIXED:
            used = np.flatnonzero(np.bincount(plane.codes.ravel(), minlength=256))
            parts.append(_Coded(plane, plane.codes, used))
            continue
        picture = _colored(plane, tables)
        below = parts[-1] if parts else None
        if isinstance(below, _Fixed):
            _lay(picture, below.picture)
        else:
            parts.append(_Fixed(picture))
    return parts


def _colored(plane: Plane, tables: Tables) -> QImage:
    if plane.codes is not None:
        return tables.colored(plane, plane.codes)
    rgba = np.ascontiguousarray(plane.rgba)
    height, width = rgba.shape[:2]
    image = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied)
    return image.convertToFormat(_FORMAT)


def _lay(above: QImage, below: QImage, place: QPoint | None = None) -> None:
    """Paint one picture over another."""
    painter = QPainter(below)
    painter.drawImage(place or QPoint(), above)
    painter.end()
