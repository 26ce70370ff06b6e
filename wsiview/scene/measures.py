"""Measures: lengths and areas of what is drawn on a slide, and how they are told.

Points are level-0 pixels, (n, 2) or pairs; `mpp` is µm per level-0 pixel along x and y, which need not be equal. Where
it is None everything counts in level-0 pixels, and the words say so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wsiview.geometry import Point

Mpp = tuple[float, float] | None

_MILLIMETRE = 1000.0
_TAIL = 0.1
"""Share of a loop's length that may lie beyond the place where it meets itself."""
_LARGE_AREA = 1e5
"""µm² from which an area is told in mm²."""


def length(points: Sequence[Point], mpp: Mpp) -> float:
    """Of the way from the first point to the last; µm, or pixels."""
    scaled = _scaled(points, mpp)
    return float(np.hypot(*np.diff(scaled, axis=0).T).sum()) if len(scaled) > 1 else 0.0


def perimeter(points: Sequence[Point], mpp: Mpp) -> float:
    """Of the outline that leads from the last point back to the first; µm, or pixels."""
    return length([*points, points[0]], mpp) if len(points) > 1 else 0.0


def area(points: Sequence[Point], mpp: Mpp) -> float:
    """Inside an outline that does not cross itself, whichever way it runs; µm², or square pixels.

    Gauss's formula, from the first point: far from the slide's corner the products would else lose their last figures.
    """
    if len(points) < 3:
        return 0.0
    x, y = (_scaled(points, mpp) - _scaled(points[:1], mpp)).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def crosses_itself(points: Sequence[Point]) -> bool:
    """Whether two sides of the closed outline meet anywhere but in a corner that they share."""
    if len(points) < 4:
        return False
    start = _scaled(points, None)
    end = np.roll(start, -1, axis=0)
    count = len(start)
    for i in range(count - 2):
        # Neighbours share a corner; the last side is the first one's neighbour.
        others = np.arange(i + 2, count - (i == 0))
        if len(others) and _meet(start[i], end[i], start[others], end[others]).any():
            return True
    return False


def distance_to(points: Sequence[Point], place: Point, *, closed: bool = False) -> float:
    """From a place to the nearest point of the line, level-0 pixels; infinite without points."""
    line = _scaled([*points, points[0]] if closed and points else points, None)
    if not len(line):
        return math.inf
    at = np.array([place.x, place.y])
    if len(line) == 1:
        return math.dist(line[0], at)
    return float(_away(line[:-1], line[1:], at).min())


def thinned(points: Sequence[Point], tolerance: float) -> tuple[Point, ...]:
    """A drawn line without points that matter by no more than the tolerance (level-0 pixels); Douglas and Peucker."""
    if len(points) < 3:
        return tuple(points)
    line = _scaled(points, None)
    keep = np.zeros(len(line), bool)
    keep[[0, -1]] = True
    open_parts = [(0, len(line) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        if last - first < 2:
            continue
        away = _away(line[first], line[last], line[first + 1 : last])
        farthest = first + 1 + int(away.argmax())
        if away.max() > tolerance:
            keep[farthest] = True
            open_parts += [(first, farthest), (farthest, last)]
    return tuple(point for point, kept in zip(points, keep, strict=True) if kept)


def without_tails(points: Sequence[Point]) -> tuple[Point, ...]:
    """A loop drawn by hand, cut where its last tenth crosses its first: hands begin and end beside the line."""
    if len(points) < 4:
        return tuple(points)
    line = _scaled(points, None)
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    for i in range(len(points) - 3):
        if walked[i] > _TAIL * walked[-1]:
            break
        others = np.arange(i + 2, len(points) - 1)
        for j in others[_meet(line[i], line[i + 1], line[others], line[others + 1])].tolist():
            meeting = _crossing(line[i], line[i + 1], line[j], line[j + 1])
            begun = walked[i] + math.dist((meeting.x, meeting.y), line[i])
            ended = walked[j] + math.dist((meeting.x, meeting.y), line[j])
            if begun <= _TAIL * walked[-1] and ended >= (1 - _TAIL) * walked[-1]:
                return (meeting, *points[i + 1 : j + 1])
    return tuple(points)


def length_text(value: float, mpp: Mpp) -> str:
    """For example "412.3 µm", "1.234 mm", "1650 px, uncalibrated"."""
    if mpp is None:
        return f"{value:.0f} px, uncalibrated"
    if value >= _MILLIMETRE:
        return f"{value / _MILLIMETRE:.3f} mm"
    return f"{value:.1f} µm" if value >= 10 else f"{value:.2f} µm"


def area_text(value: float, mpp: Mpp) -> str:
    """For example "8412 µm²", "0.1234 mm²", "165000 px², uncalibrated"."""
    if mpp is None:
        return f"{value:.0f} px², uncalibrated"
    if value >= _LARGE_AREA:
        millimetres = value / _MILLIMETRE**2
        return f"{millimetres:.4f} mm²" if millimetres < 1 else f"{millimetres:.3f} mm²"
    return f"{value:.0f} µm²" if value >= 100 else f"{value:.1f} µm²"


def _scaled(points: Sequence[Point], mpp: Mpp) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = np.array([(point.x, point.y) for point in points], float).reshape(-1, 2)
    return scaled if mpp is None else scaled * np.array(mpp)


def _away(start: NDArray[np.float64], end: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """From places to segments; each may be one (2,) or many (n, 2)."""
    along = end - start
    squared = (along**2).sum(axis=-1)
    share = np.clip(((at - start) * along).sum(axis=-1) / np.where(squared > 0, squared, 1), 0, 1)
    nearest = start + np.asarray(share)[..., None] * along
    away: NDArray[np.float64] = np.hypot(*np.moveaxis(nearest - at, -1, 0))
    return away


def _meet(
    start: NDArray[np.float64], end: NDArray[np.float64], starts: NDArray[np.float64], ends: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether one segment meets each of the others (n, 2), touching included."""
    one = _side(start, end, starts) * _side(start, end, ends)
    other = _side(starts, ends, start) * _side(starts, ends, end)
    overlap = np.all(
        (np.minimum(starts, ends) <= np.maximum(start, end)) & (np.maximum(starts, ends) >= np.minimum(start, end)),
        axis=1,
    )
    meet: NDArray[np.bool_] = (one <= 0) & (other <= 0) & overlap
    return meet


def _crossing(
    start: NDArray[np.float64], end: NDArray[np.float64], start2: NDArray[np.float64], end2: NDArray[np.float64]
) -> Point:
    """Where two segments that meet do so; an end where they lie on one line."""
    along, other = end - start, end2 - start2
    det = along[0] * other[1] - along[1] * other[0]
    to = start2 - start
    share = 0.0 if det == 0 else (to[0] * other[1] - to[1] * other[0]) / det
    return Point(float(start[0] + share * along[0]), float(start[1] + share * along[1]))


def _side(start: NDArray[np.float64], end: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    """On which side of the line from start to end a point lies: 1, -1, or 0 for on it."""
    along, to = end - start, point - start
    side: NDArray[np.float64] = np.sign(along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0])
    return side
