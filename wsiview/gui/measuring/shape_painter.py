"""Shape painter: the shapes on one canvas; the one in the hand is marked on the screen alone, not in screenshots."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPen

from wsiview.geometry import Point
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.measuring.shape_picture import CASING, HELD, ShapePicture
from wsiview.scene.viewport import Viewport

_HANDLE = 4.0
_MOST_HANDLES = 60
"""An outline of more points, drawn by hand, shows none; near to it they can be taken all the same."""
_PLATE_REACH = 140.0
"""Screen pixels from a shape within which its plate stands."""


class ShapePainter:
    """Adds its decorations to the canvas."""

    def __init__(self, canvas: SlideCanvas) -> None:
        """Paint nothing yet."""
        self._canvas = canvas
        self._resting, self._held = _Resting(), _Held()
        canvas.add_decoration(self._resting)
        canvas.add_decoration(self._held, screen_only=True)

    def show(self, resting: Mapping[str, ShapePicture], held: ShapePicture | None) -> None:
        """Paint these from now on."""
        self._resting.pictures, self._held.picture = dict(resting), held
        self._canvas.update()

    def covers(self, name: str, place: Point, reach: float) -> bool:
        """Whether a shape's line, no farther than so many screen pixels, or its plate lies at a place."""
        picture = self._resting.pictures.get(name)
        if picture is None:
            return False
        view, ratio = self._canvas.viewport, self._canvas.pixel_ratio
        at = QPointF(*view.to_device.apply(place.x, place.y)) / ratio
        around = _PLATE_REACH
        if not picture.bounds(view, ratio).adjusted(-around, -around, around, around).contains(at):
            return False
        if picture.shape.distance_to(place) <= reach * view.downsample * ratio:
            return True
        plate = picture.plate(view, ratio)
        return plate is not None and plate.contains(at)


class _Resting:
    def __init__(self) -> None:
        self.pictures: dict[str, ShapePicture] = {}

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Paint all that are in view."""
        for picture in self.pictures.values():
            picture.paint(painter, view, pixel_ratio, held=False)


class _Held:
    def __init__(self) -> None:
        self.picture: ShapePicture | None = None

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Paint the one that is drawn, dragged or selected, with its handles."""
        if self.picture is None:
            return
        self.picture.paint(painter, view, pixel_ratio, held=True)
        if len(self.picture.shape.points) <= _MOST_HANDLES:
            points = self.picture.points(view, pixel_ratio)
            painter.setPen(QPen(CASING, 1.2))
            painter.setBrush(HELD)
            for index in range(points.count()):
                painter.drawEllipse(points.at(index), _HANDLE, _HANDLE)
