"""Letters: the letters of classes painted on their large regions, from places worked out on a worker."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtCore import QObject, QPointF, Slot
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from wsiview.gui.canvas.plate import bold_font
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.jobs import Job
from wsiview.gui.timers import single_shot
from wsiview.progress import Progress
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.letters import Letter, Square, fitting, in_view, letters_in, squares_in
from wsiview.scene.viewport import Viewport

_SIZE, _CASING = 17, 3.5
_REACH = 0.75
"""Of a square's side: as far around it cells may move its letters."""
_PAUSE = 700  # ms between two rounds of work on a map that is filling
_REST = 120  # ms after the last movement before letters are worked out for what came into view
_KEPT, _VIEWS = 4000, 8

Found = Mapping[Square, tuple[Letter, ...]]


class Letters(QObject):
    """A decoration of one canvas; `close` it with its window."""

    def __init__(self, canvas: SlideCanvas) -> None:
        """Ask for nothing until something is to be painted."""
        super().__init__(canvas)
        self._canvas = canvas
        self._grids: MapGrids | None = None
        self._found: dict[Square, tuple[Letter, ...]] = {}
        self._stale: set[Square] = set()
        self._fitting: dict[tuple[object, ...], tuple[Letter, ...]] = {}  # of squares and scale, for frame after frame
        self._pictures: dict[tuple[str, float], tuple[QImage, float, float]] = {}
        self._job = Job(self)
        self._job.succeeded.connect(self._take)
        self._pause = single_shot(self, _PAUSE, canvas.update)
        self._view: Viewport | None = None
        self._rest = single_shot(self, _REST, canvas.update)
        canvas.add_decoration(self)

    @property
    def settled(self) -> bool:
        """Whether no letter is being worked out, or is about to be."""
        return not (self._job.running or self._pause.isActive() or self._rest.isActive())

    @Slot(int, int)
    def block_arrived(self, row: int, col: int) -> None:
        """Work out anew, before long, what one block of the map may have changed."""
        grids = self._canvas.grids
        if grids is None or grids is not self._grids:
            return
        region = grids.block_region(row, col)
        self._stale |= {
            square for square in self._found if _around(square, region.x, region.y, region.right, region.bottom)
        }
        if self._stale and not self._pause.isActive():
            self._pause.start()

    def close(self) -> None:
        """End the worker."""
        self._pause.stop()
        self._rest.stop()
        self._job.close()

    def shown(self, view: Viewport, pixel_ratio: float, stack: LayerStack) -> list[tuple[Letter, float, float]]:
        """The letters of a view that are known by now, with their device positions; the others are asked for."""
        grids = self._canvas.grids
        if grids is not self._grids:
            self._grids, self._found, self._stale = grids, {}, set()
            self._fitting.clear()
            self._job.cancel()
        if grids is None or not stack.shows_letters:
            return []
        squares = squares_in(view, pixel_ratio, grids.region)
        if view != self._view:
            self._view = view
            self._rest.start()
        if not self._rest.isActive():
            self._ask(grids, squares)
        key = squares, stack.classes, view.downsample, view.size, pixel_ratio
        if key not in self._fitting:
            if len(self._fitting) >= _VIEWS:
                self._fitting.clear()
            known = {square: self._found[square] for square in squares if square in self._found}
            self._fitting[key] = fitting(known, stack, view, pixel_ratio)
        return in_view(self._fitting[key], view)

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Paint them, each side of a curtain for its own layers."""
        canvas = self._canvas
        width, height = view.size.width / pixel_ratio, view.size.height / pixel_ratio
        for stack, part in canvas.comparison.parts(canvas.layers, width, height):
            if stack is not canvas.layers and canvas.comparison.grids is not canvas.grids:
                continue  # another map's regions are not known here
            painter.setOpacity(stack.opacity)
            pictures = [self._picture(look.letter, pixel_ratio) for look in stack.classes]
            left, right = part.left() * pixel_ratio, part.right() * pixel_ratio
            for letter, across, down in self.shown(view, pixel_ratio, stack):
                if left <= across <= right:
                    picture, wide, high = pictures[letter.class_index]
                    # Whole device pixels keep it crisp.
                    at = QPointF(round(across - wide) / pixel_ratio, round(down - high) / pixel_ratio)
                    painter.drawImage(at, picture)

    def _picture(self, letter: str, ratio: float) -> tuple[QImage, float, float]:
        """With half its width and height in device pixels."""
        if (letter, ratio) not in self._pictures:
            picture = letter_picture(letter, ratio)
            self._pictures[letter, ratio] = picture, picture.width() / 2, picture.height() / 2
        return self._pictures[letter, ratio]

    def _ask(self, grids: MapGrids, squares: tuple[Square, ...]) -> None:
        ready = () if self._pause.isActive() else self._stale
        missing = [square for square in squares if square not in self._found or square in ready]
        if not missing or self._job.running:
            return
        self._stale.difference_update(missing)

        def work(progress: Progress) -> tuple[MapGrids, Found]:
            found = {}
            for square in missing:
                progress.check()
                found[square] = letters_in(grids, square)
            return grids, found

        self._job.start(work)

    @Slot(object)
    def _take(self, answer: tuple[MapGrids, Found]) -> None:
        grids, found = answer
        if grids is self._grids:
            if len(self._found) > _KEPT:
                self._found.clear()
            self._found |= found
            self._fitting.clear()
            self._canvas.update()


def _around(square: Square, left: float, top: float, right: float, bottom: float) -> bool:
    region = square.region
    reach = _REACH * region.width
    return (
        left < region.right + reach and right > region.x - reach
        and top < region.bottom + reach and bottom > region.y - reach
    )  # fmt: skip


def letter_picture(letter: str, pixel_ratio: float) -> QImage:
    """A white letter in a thin dark casing, which is read on tissue and on every colour of a class."""
    face = bold_font()
    face.setPixelSize(_SIZE)
    metrics = QFontMetricsF(face)
    box = metrics.tightBoundingRect(letter)
    width, height = math.ceil(box.width() + 2 * _CASING), math.ceil(box.height() + 2 * _CASING)
    image = QImage(round(width * pixel_ratio), round(height * pixel_ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(pixel_ratio)
    image.fill(0)
    path = QPainterPath()
    path.addText((width - box.width()) / 2 - box.left(), (height - box.height()) / 2 - box.top(), face, letter)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    pen = QPen(QColor(16, 16, 18, 220), _CASING)
    painter.strokePath(path, pen)
    painter.fillPath(path, QColor(255, 255, 255))
    painter.end()
    return image
