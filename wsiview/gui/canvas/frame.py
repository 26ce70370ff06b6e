"""Frame: the picture on screen, kept from one painting to the next, so that a pan composes only what it uncovers.

A pixel of the lattice (turned as the view is) always lies at the same place of the buffer: row after row, and modulo
the buffer's length. So nothing is ever moved: what a pan uncovers takes the place of what it hides, and the right end
of a row that of the left end of the next. All rows of a view are thus copied whole; in halves they take twice as long.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint
from PySide6.QtGui import QBrush, QImage, QPainter, QTransform

from wsiview.geometry import Size
from wsiview.scene.turn import Rect, Turn
from wsiview.scene.viewport import Viewport
from wsiview.scene.visible_tiles import Window

Compose = Callable[[QPainter, Window], None]
"""Paints a window of the upright slide, opaque, with its corner at the painter's origin."""
_FORMAT = QImage.Format.Format_RGB32
_FEW, _MANY = 4, 64
"""So many spoilt places are composed together, and so many are all there is."""


class _Piece(NamedTuple):
    """Pixels of consecutive rows: the first one's place in the buffer, their corner on the lattice, and their size."""

    place: int
    x: int
    y: int
    width: int
    height: int


class Frame:
    """One opaque picture at one scale; its pixels are those of a view, whose tiles may come and change one by one."""

    def __init__(self, compose: Compose) -> None:
        """Start with no memory taken."""
        self._compose = compose
        self._valid: Rect | None = None
        self._spoilt: list[Rect] = []
        self.release()

    def release(self) -> None:
        """Let go of the memory."""
        self._form: tuple[float, Turn, int, int] = (0.0, Turn(), 0, 0)
        self._origin = 0  # of the buffer: the number of its first pixel, counted row after row
        self._pixels: NDArray[np.uint32] = np.empty(0, np.uint32)
        self.spoil()

    def spoil(self, window: Window | None = None) -> None:
        """Compose a window of the upright slide, of any scale, anew before it is shown again; None: everything."""
        if self._valid is None:
            return
        if window is None or len(self._spoilt) >= _MANY:
            self._valid = None
            self._spoilt.clear()
            return
        step, turn = self._form[:2]
        if window.downsample == step:
            rect = window.x, window.y, window.width, window.height
        else:
            part = window.region
            x, y = math.floor(part.x / step) - 1, math.floor(part.y / step) - 1
            rect = x, y, math.ceil(part.right / step) + 1 - x, math.ceil(part.bottom / step) + 1 - y
        self._spoilt.append(turn.rect(rect))

    def show(self, painter: QPainter, at: QPoint, window: Window, turn: Turn, whole: Size) -> None:
        """Paint a window, counted along the screen, with its corner at a device position.

        `whole` is the largest that is shown at this scale.
        """
        self._take_form(window.downsample, turn, whole)
        self._cover((window.x, window.y, window.width, window.height))
        self._copy(painter, at, window)

    def _copy(self, painter: QPainter, at: QPoint, window: Window) -> None:
        for piece in self._pieces((window.x, window.y, window.width, window.height)):
            painter.drawImage(at + QPoint(piece.x - window.x, piece.y - window.y), self._picture(piece))

    def show_at_angle(self, painter: QPainter, view: Viewport, window: Window) -> None:
        """Paint a view that is turned by no quarter of a circle; the window is all that it needs."""
        # Turned pictures are put together upright and turned once, or their tiles would part at the seams.
        self._take_form(window.downsample, Turn(), Size(window.width, window.height))
        self._cover((window.x, window.y, window.width, window.height))
        whole = QImage(window.width, window.height, _FORMAT)
        with _painting(whole) as copier:
            self._copy(copier, QPoint(0, 0), window)
        to, step = view.to_device, window.downsample
        x, y = to.apply(window.x * step, window.y * step)
        painter.save()
        painter.setTransform(QTransform(to.a * step, to.c * step, to.b * step, to.d * step, x, y), combine=True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.fillRect(whole.rect(), QBrush(whole))
        painter.restore()

    def _take_form(self, step: float, turn: Turn, whole: Size) -> None:
        form = step, turn, whole.width, whole.height
        if form == self._form:
            return
        if form[2:] != self._form[2:]:
            self._pixels = np.empty(whole.height * whole.width, np.uint32)
        self._form, self._valid = form, None
        self._spoilt.clear()

    def _cover(self, window: Rect) -> None:
        """Compose what of the window is not there yet, or spoilt."""
        known = self._valid
        if known is not None and not _shared(known, window):
            known = None
        wanted: list[Rect] = []
        if known is not None:
            wanted = _together([rect for spoilt in self._spoilt if (rect := _shared(spoilt, known))])
            wanted += _gaps(window, known)
        if known is None or 4 * sum(map(_area, wanted)) >= 3 * _area(window):
            known, wanted = None, [window]
            self._origin = window[1] * self._form[2] + window[0]  # so that all of it lies in one piece
        self._spoilt.clear()
        if wanted:
            self._fill(wanted)
        self._valid = _joined(known, window, self._form[2]) if known is not None else window

    def _fill(self, rects: list[Rect]) -> None:
        step, turn = self._form[:2]
        for rect in rects:
            for piece in self._pieces(rect):
                window = Window(step, piece.x, piece.y, piece.width, piece.height)
                if turn.upright:
                    self._paint(self._picture(piece), window)
                else:
                    self._block(piece)[...] = turn.pixels(self._upright(turn, window))

    def _paint(self, picture: QImage, window: Window) -> None:
        with _painting(picture) as painter:
            painter.setClipRect(0, 0, window.width, window.height)
            self._compose(painter, window)

    def _upright(self, turn: Turn, seen: Window) -> NDArray[np.uint32]:
        window = Window(seen.downsample, *turn.back((seen.x, seen.y, seen.width, seen.height)))
        pixels = np.empty((window.height, window.width), np.uint32)
        self._paint(QImage(pixels.data, window.width, window.height, 4 * window.width, _FORMAT), window)
        return pixels

    def _pieces(self, rect: Rect) -> Iterator[_Piece]:
        """Where the pixels of a rectangle of the lattice lie, in up to four pieces.

        More than one where the buffer ends: all rows before it, the two parts of the row that it cuts, and all after.
        """
        x, y, width, height = rect
        stride, length = self._form[2], self._pixels.size
        while height:
            place = (y * stride + x - self._origin) % length
            left = length - place
            rows = min(height, (left - width) // stride + 1) if width <= left else 0
            if rows:
                yield _Piece(place, x, y, width, rows)
            else:
                rows = 1
                yield _Piece(place, x, y, left, 1)
                yield _Piece(0, x + left, y, width - left, 1)
            y, height = y + rows, height - rows

    def _block(self, piece: _Piece) -> NDArray[np.uint32]:
        return np.ndarray((piece.height, piece.width), np.uint32, self._pixels, 4 * piece.place, (4 * self._form[2], 4))

    def _picture(self, piece: _Piece) -> QImage:
        return QImage(self._pixels[piece.place :].data, piece.width, piece.height, 4 * self._form[2], _FORMAT)


@contextmanager
def _painting(image: QImage) -> Iterator[QPainter]:
    """A painter that ends whatever happens: an image that goes while it is painted on takes the program with it."""
    painter = QPainter(image)
    try:
        yield painter
    finally:
        painter.end()


def _shared(one: Rect, other: Rect) -> Rect | None:
    x, y = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[0] + one[2], other[0] + other[2]), min(one[1] + one[3], other[1] + other[3])
    return (x, y, right - x, bottom - y) if x < right and y < bottom else None


def _together(rects: list[Rect]) -> list[Rect]:
    """One rectangle around many, where that is not much more to compose."""
    if len(rects) < _FEW:
        return rects
    x, y = min(rect[0] for rect in rects), min(rect[1] for rect in rects)
    width = max(rect[0] + rect[2] for rect in rects) - x
    height = max(rect[1] + rect[3] for rect in rects) - y
    return [(x, y, width, height)] if width * height <= 2 * sum(map(_area, rects)) else rects


def _area(rect: Rect) -> int:
    return rect[2] * rect[3]


def _gaps(window: Rect, known: Rect) -> list[Rect]:
    """What of a window lies outside a rectangle that it shares something with."""
    x, y, width, height = window
    top, bottom = max(y, known[1]), min(y + height, known[1] + known[3])
    left, right = max(x, known[0]), min(x + width, known[0] + known[2])
    strips = (
        (x, y, width, top - y),
        (x, bottom, width, y + height - bottom),
        (x, top, left - x, bottom - top),
        (right, top, x + width - right, bottom - top),
    )
    return [strip for strip in strips if strip[2] > 0 and strip[3] > 0]


def _joined(known: Rect, window: Rect, width: int) -> Rect:
    """What is known now: of the same rows also what lies beside the window, as far as the buffer holds it."""
    if (known[1], known[3]) != (window[1], window[3]):
        return window
    left = max(min(known[0], window[0]), window[0] + window[2] - width)
    right = min(max(known[0] + known[2], window[0] + window[2]), left + width)
    return left, window[1], right - left, window[3]
