"""Overlay tile: one tile of an overlay, kept so that other colours need no new drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
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

    def colored(self, tables: Tables) -> QImage:
        """Its one picture."""
        return self.picture


@dataclass(slots=True, eq=False)
class _Coded:
    """Codes that a table colours, which of them occur, and the colours (in that order) they were last shown in."""

    plane: Plane
    indexed: QImage
    used: NDArray[np.intp]
    colors: Colors | None = None

    @property
    def seen(self) -> bool:
        """Whether any colour is more than clear."""
        return self.colors is not None and bool((self.colors >> 24).any())

    def colored(self, tables: Tables) -> QImage:
        """A new picture."""
        self.indexed.setColorTable(tables.of(self.plane)[1])
        return self.indexed.convertToFormat(_FORMAT)


class OverlayTile:
    """The planes of one tile and the picture made of them.

    `version` tells of which state of the map it was drawn; a tile that is `stale` shows what has changed since.
    """

    def __init__(self, planes: Sequence[Plane], tables: Tables, version: int = 0) -> None:
        """Draw it; on any thread."""
        self.look, self.version, self.stale = tables.look, version, False
        self._parts = _parts(planes, tables)
        self._tables: Tables | None = None
        self._outdated = False
        self.tint(tables)
        self._image = self._painted(tables)
        self._outdated = False

    @property
    def empty(self) -> bool:
        """Whether nothing is to be seen."""
        return not any(isinstance(part, _Fixed) or part.seen for part in self._parts)

    @property
    def image(self) -> QImage | None:
        """The picture in its present colours; None where nothing is to be seen.

        It is painted when it is asked for: what is laid over the slide at once is still in the processor's cache.
        """
        if self._outdated and self._tables is not None:
            self._image, self._outdated = self._painted(self._tables), False
        return self._image

    @property
    def nbytes(self) -> int:
        """Memory of codes and pictures."""
        held = 256 if self._image is None else self._image.sizeInBytes()
        for part in self._parts:
            if isinstance(part, _Coded):
                held += part.indexed.sizeInBytes()
            elif part.picture is not self._image:
                held += part.picture.sizeInBytes()
        return held

    def tint(self, tables: Tables) -> bool:
        """Colour it by other tables, for the same look; whether it looks different now."""
        if tables is self._tables:
            return False
        self._tables, differs = tables, False
        for part in self._parts:
            if isinstance(part, _Coded) and part.plane.class_index < len(tables.stack.classes):
                colors = tables.of(part.plane)[0][part.used]
                if part.colors is None or not np.array_equal(colors, part.colors):
                    part.colors, differs = colors, True
        self._outdated |= differs
        return differs

    def _painted(self, tables: Tables) -> QImage | None:
        shown = [part for part in self._parts if isinstance(part, _Fixed) or part.seen]
        if not shown:
            return None
        result = shown[0].colored(tables)
        if len(shown) > 1 and isinstance(shown[0], _Fixed):
            result = result.copy()  # its own stays as it is
        for part in shown[1:]:
            _lay(part.colored(tables), result)
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


def _lay(above: QImage, below: QImage) -> None:
    """Paint one picture over another."""
    painter = QPainter(below)
    painter.drawImage(0, 0, above)
    painter.end()
