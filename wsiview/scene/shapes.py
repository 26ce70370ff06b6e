"""Shapes: rulers and outlines that a reader draws on a slide, what they measure, and how they are kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from wsiview.geometry import Point
from wsiview.scene import measures
from wsiview.scene.measures import Mpp
from wsiview.scene.viewport import Viewport

Kind = Literal["ruler", "polygon"]
_FEWEST = {"ruler": 2, "polygon": 3}
_STEP = math.pi / 4
"""Directions that a straight ruler keeps to, as seen on screen."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A ruler of two points, or a closed outline; points in level-0 pixels."""

    kind: Kind
    points: tuple[Point, ...]

    @property
    def closed(self) -> bool:
        """Whether the last point is joined to the first."""
        return self.kind == "polygon"

    @property
    def is_something(self) -> bool:
        """Whether there is anything to measure."""
        return len(self.points) >= _FEWEST[self.kind] and measures.length(self.points, None) > 0

    def words(self, mpp: Mpp, *, finished: bool = True) -> tuple[str, ...]:
        """What it measures, line by line; an outline that crosses itself has no area once it is finished."""
        if not self.closed:
            return (measures.length_text(measures.length(self.points, mpp), mpp),)
        around = f"perimeter {measures.length_text(measures.perimeter(self.points, mpp), mpp)}"
        if finished and _crosses(self.points):
            return "crosses itself: no area", around
        return measures.area_text(measures.area(self.points, mpp), mpp), around

    def distance_to(self, place: Point) -> float:
        """From a place to its line, level-0 pixels."""
        return measures.distance_to(self.points, place, closed=self.closed)

    def with_point(self, index: int, place: Point) -> Shape:
        """With one point elsewhere."""
        return replace(self, points=(*self.points[:index], place, *self.points[index + 1 :]))

    def moved(self, dx: float, dy: float) -> Shape:
        """The whole of it elsewhere."""
        return replace(self, points=tuple(Point(point.x + dx, point.y + dy) for point in self.points))

    @property
    def content(self) -> dict[str, Any]:
        """As JSON knows it; `shape_from` reads it back."""
        return {"shape": self.kind, "points": [[point.x, point.y] for point in self.points]}


def shape_from(content: Mapping[str, Any]) -> Shape | None:
    """What `Shape.content` gave; None for a shape of a later version.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    kind = content.get("shape")
    if kind not in _FEWEST:
        return None
    try:
        points = tuple(Point(float(x), float(y)) for x, y in content["points"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("a drawn shape's points can't be read") from error
    if len(points) < _FEWEST[kind] or not all(math.isfinite(point.x) and math.isfinite(point.y) for point in points):
        raise ValueError("a drawn shape's points can't be read")
    return Shape(kind, points)


def outline_by_hand(points: Sequence[Point], tolerance: float) -> Shape:
    """An outline from a hand's drag, without its tails and without points that nobody would miss."""
    return Shape("polygon", measures.without_tails(measures.thinned(points, tolerance)))


def straight(view: Viewport, start: Point, end: Point) -> Point:
    """The place nearest to `end` that lies across, down or along a diagonal of the screen, as seen from `start`."""
    x0, y0 = view.to_device.apply(start.x, start.y)
    x, y = view.to_device.apply(end.x, end.y)
    angle = round(math.atan2(y - y0, x - x0) / _STEP) * _STEP
    along = (x - x0) * math.cos(angle) + (y - y0) * math.sin(angle)
    return view.place(x0 + along * math.cos(angle), y0 + along * math.sin(angle))


@lru_cache(maxsize=256)
def _crosses(points: tuple[Point, ...]) -> bool:
    """Remembered, for it is asked of all outlines whenever one of them changes."""
    return measures.crosses_itself(points)
