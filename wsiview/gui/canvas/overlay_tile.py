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
from wsiview.scene.plane import Appearance, Plane

_FIXED = ("marks", "prediction", "difference")
"""Roles whose tables are the same for every stack."""
_FORMAT = QImage.Format.Format_ARGB32_Premultiplied
Colors = NDArray[np.uint32]


class Tables:
    """Colour tables of one stack, each made once."""

    def __init__(self, stack: LayerStack, look: Appearance) -> None:
        """Start with none."""
        self.stack, self.look = stack, look
        self._tables: dict[tuple[str, int], tuple[Colors, list[int]]] = {}

    def of(self, plane: Plane) -> tuple[Colors, list[int]]:
        """The table of a plane: 256 times straight ARGB, as an array and as Qt takes it."""
        key = plane.role, plane.class_index
        found = self._tables.get(key)
        if found is None:
            red, green, blue, alpha = table(plane, self.stack, self.look).astype(np.uint32).T
            argb: Colors = ((alpha << 24) | (red << 16) | (green << 8) | blue).astype(np.uint32)
            found = argb, [int(color) for color in argb]
            self._tables[key] = found
        return found


@dataclass(slots=True, eq=False)
class _Fixed:
    """Colours that no stack changes."""

    picture: QImage

    def colored(self, tables: Tables, rect: QRect) -> QImage:
        """A part of its one picture, which shares memory until it is painted on."""
        return QImage(self.picture) if rect == self.picture.rect() else self.picture.copy(rect)

    def lay(self, tables: Tables, rect: QRect, below: QImage) -> None:
        """Paint a part of it over a picture of that part."""
        _lay(self.picture, below, rect)


@dataclass(slots=True, eq=False)
class _Coded:
    """A picture of codes that a table colours, which of them occur, and the colours of those when last shown."""

    plane: Plane
    picture: QImage
    used: NDArray[np.intp]
    colors: Colors | None = None

    @property
    def seen(self) -> bool:
        """Whether any colour is more than clear."""
        return self.colors is not None and bool((self.colors >> 24).any())

    def colored(self, tables: Tables, rect: QRect) -> QImage:
        """A new picture of a part."""
        codes = self.picture if rect == self.picture.rect() else self.picture.copy(rect)
        codes.setColorTable(tables.of(self.plane)[1])
        return codes.convertToFormat(_FORMAT)

    def lay(self, tables: Tables, rect: QRect, below: QImage) -> None:
        """Paint a part of it over a picture of that part."""
        _lay(self.colored(tables, rect), below)


class OverlayTile:
    """The planes of one tile and the picture made of them.

    `version` tells of which state of the map it was drawn; a tile that is `stale` shows what has changed since.
    """

    def __init__(self, planes: Sequence[Plane], tables: Tables, version: int = 0) -> None:
        """Draw it; on any thread."""
        self.look, self.version, self.stale = tables.look, version, False
        self._parts = _parts(planes, tables)
        self._rect = self._parts[0].picture.rect() if self._parts else QRect()
        self._tables = tables
        self._recolor()
        self._painted, self._outdated = self._rect, False
        self._image = self._picture(self._rect)

    @property
    def empty(self) -> bool:
        """Whether nothing is to be seen."""
        return not any(isinstance(part, _Fixed) or part.seen for part in self._parts)

    def paint(self, painter: QPainter, x: int, y: int, clip: QRect) -> None:
        """Paint with the corner at x, y what may be seen within `clip`, in its present colours.

        It is coloured when it is painted, and at first no more of it than that: what is laid over the slide at once is
        still in the processor's cache.
        """
        part = self._rect & clip.translated(-x, -y)
        if self._outdated or not self._painted.contains(part):
            self._painted = part if self._outdated else self._rect
            self._image, self._outdated = self._picture(self._painted), False
        if self._image is not None:
            painter.drawImage(x + self._painted.x(), y + self._painted.y(), self._image)

    @property
    def nbytes(self) -> int:
        """Memory of codes and pictures."""
        held = 256 if self._image is None else self._image.sizeInBytes()
        for part in self._parts:
            if self._image is None or part.picture.cacheKey() != self._image.cacheKey():
                held += part.picture.sizeInBytes()
        return held

    def tint(self, tables: Tables) -> bool:
        """Colour it by other tables, for the same look; whether it looks different now."""
        if tables is self._tables:
            return False
        self._tables = tables
        differs = self._recolor()
        self._outdated |= differs
        return differs

    def _recolor(self) -> bool:
        tables, differs = self._tables, False
        for part in self._parts:
            if isinstance(part, _Coded) and part.plane.class_index < len(tables.stack.classes):
                colors = tables.of(part.plane)[0][part.used]
                if part.colors is None or not np.array_equal(colors, part.colors):
                    part.colors, differs = colors, True
        return differs

    def _picture(self, rect: QRect) -> QImage | None:
        shown = [part for part in self._parts if isinstance(part, _Fixed) or part.seen]
        if not shown or rect.isEmpty():
            return None
        result = shown[0].colored(self._tables, rect)
        for part in shown[1:]:
            part.lay(self._tables, rect, result)
        return result


def _parts(planes: Sequence[Plane], tables: Tables) -> list[_Fixed | _Coded]:
    """Planes as pictures; what never changes and lies together is one."""
    parts: list[_Fixed | _Coded] = []
    for plane in planes:
        if plane.codes is not None and plane.role not in _FIXED:
            used = np.flatnonzero(np.bincount(plane.codes.ravel(), minlength=256))
            parts.append(_Coded(plane, _indexed(plane), used))
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
        indexed = _indexed(plane)
        indexed.setColorTable(tables.of(plane)[1])
        return indexed.convertToFormat(_FORMAT)
    rgba = np.ascontiguousarray(plane.rgba)
    height, width = rgba.shape[:2]
    image = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied)
    return image.convertToFormat(_FORMAT)


def _indexed(plane: Plane) -> QImage:
    """The codes' own memory as a picture; lives as long as the plane."""
    codes = plane.codes
    assert codes is not None, "only planes of codes have tables"
    height, width = codes.shape
    return QImage(codes.data, width, height, codes.strides[0], QImage.Format.Format_Indexed8)


def _lay(above: QImage, below: QImage, rect: QRect | None = None) -> None:
    """Paint a picture, or a part of it, over another."""
    painter = QPainter(below)
    painter.drawImage(QPoint(), above, above.rect() if rect is None else rect)
    painter.end()
