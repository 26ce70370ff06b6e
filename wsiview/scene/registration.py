"""Registration: how the places of one slide lie on another, from points clicked in both, and the same view of both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wsiview.errors import WsiviewError
from wsiview.geometry import Affine, Point, Region
from wsiview.scene.viewport import Viewport

CLOSEST = 32.0
"""Level-0 pixels that two points must be apart: a click is a few pixels off, which turns a short line too far."""
FLATTEST = 0.1
"""Least height of a triangle, as a share of its longest side."""
MOST_STRETCH = 2.0
"""Longest over shortest of one length in all directions; cutting and mounting stretch tissue by far less."""
NEARLY = 0.25
"""Degrees: a view that would be turned by so little beside a quarter turn is shown without, sharp and fast."""
_PLACES = 6  # decimals of an angle, so that it comes back the same from the other view


class PointsDontFit(WsiviewError):
    """Clicked points from which no registration can be made; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The same place in both slides, in level-0 pixels of each."""

    first: Point
    second: Point

    @property
    def turned_round(self) -> Pair:
        """With the slides exchanged."""
        return Pair(self.second, self.first)


@dataclass(frozen=True, slots=True)
class Registration:
    """Where the places of a first slide lie on a second one.

    Parameters
    ----------
    to_second
        From level-0 pixels of the first slide to those of the second.
    pairs
        The points it was made from; none where the slides were laid upon each other by hand.
    """

    to_second: Affine
    pairs: tuple[Pair, ...] = ()

    @property
    def inverse(self) -> Registration:
        """The same with the slides exchanged."""
        return Registration(self.to_second.inverse(), tuple(pair.turned_round for pair in self.pairs))

    @property
    def mirrored(self) -> bool:
        """Whether one slide shows the other's mirror image."""
        return _determinant(self.to_second) < 0

    @property
    def scale(self) -> float:
        """Level-0 pixels of the second slide per level-0 pixel of the first, over all directions."""
        return math.sqrt(abs(_determinant(self.to_second)))

    @property
    def angle(self) -> float:
        """Degrees, clockwise as seen on screen, by which the second slide's tissue is turned (after the mirror)."""
        to = self.to_second
        a, c = (-to.a, -to.c) if self.mirrored else (to.a, to.c)
        return round(math.degrees(math.atan2(c - to.b, a + to.d)), _PLACES) % 360

    @property
    def turn(self) -> float:
        """The angle as views are turned: quarters of a turn where it is nearly one."""
        quarter = 90.0 * round(self.angle / 90)
        return quarter % 360 if abs(self.angle - quarter) <= NEARLY else self.angle

    @property
    def stretch(self) -> float:
        """Longest over shortest image of one length; 1 where shapes are kept."""
        return _stretch(self.to_second)

    @property
    def misfit(self) -> float:
        """Root mean square distance (level-0 px of the second slide) of the points from a turn and one scale alone.

        0 for two points, which a turn and a scale always meet.
        """
        if len(self.pairs) < 3:
            return 0.0
        plain = _similarity(self.pairs, mirrored=self.mirrored)
        return math.sqrt(float(np.mean([_distance(_moved(plain, p.first), p.second) ** 2 for p in self.pairs])))

    def in_second(self, place: Point) -> Point:
        """Where a place of the first slide lies on the second."""
        return _moved(self.to_second, place)

    def in_first(self, place: Point) -> Point:
        """Where a place of the second slide lies on the first."""
        return _moved(self.to_second.inverse(), place)

    def view_of_second(self, view: Viewport) -> Viewport:
        """The view of the second slide that shows what a view of the first one shows, on as many pixels.

        A view can't be stretched: the middle is exact, scale and turn are those nearest to the registration, or
        nearly so.
        """
        flipped = view.flipped != self.mirrored
        turned = view.rotation + self.turn if flipped else view.rotation - self.turn
        return replace(
            view,
            center=self.in_second(view.center),
            downsample=float(f"{view.downsample * self.scale:.9g}"),
            rotation=round(turned, _PLACES) % 360,
            flipped=flipped,
        )

    def adjusted(self, first: Viewport, second: Viewport) -> Registration:
        """Moved, turned and scaled so that what two views of the slides show now lies upon each other."""
        expected = self.view_of_second(first)
        correction = second.resized(expected.size).to_level0.after(expected.to_device)
        return replace(self, to_second=correction.after(self.to_second))

    def view_of_first(self, view: Viewport) -> Viewport:
        """The view of the first slide that shows what a view of the second one shows, on as many pixels."""
        return self.inverse.view_of_second(view)


SAME = Registration(Affine.identity())
"""A slide upon itself."""


def registered(pairs: Sequence[Pair], *, mirrored: bool = False) -> Registration:
    """Two points give a turn, a scale and a shift; three also stretch.

    Parameters
    ----------
    mirrored
        Of two points, whether the second slide is to be seen as the first one's mirror image; three tell themselves.

    Raises
    ------
    PointsDontFit
        If the points lie too close together, on one line, or can't be the same places.
    ValueError
        If they are neither two nor three.
    """
    if len(pairs) == 2:
        _refuse_close(pairs)
        return Registration(_similarity(pairs, mirrored=mirrored), tuple(pairs))
    if len(pairs) == 3:
        _refuse_close(pairs)
        _refuse_flat(pairs)
        to = _affine(pairs)
        if _stretch(to) > MOST_STRETCH:
            raise PointsDontFit(
                "These points would stretch the tissue to twice its shape; "
                "check that 1, 2 and 3 are the same places in both views"
            )
        return Registration(to, tuple(pairs))
    raise ValueError(f"{len(pairs)} points, not 2 or 3")


def middle_on_middle(first: Region, second: Region, scale: float) -> Registration:
    """Two slides with nothing known but `scale`, level-0 pixels of the second per pixel of the first."""
    a, b = first.center, second.center
    return Registration(Affine.scaling(scale, scale, b.x - scale * a.x, b.y - scale * a.y))


def _similarity(pairs: Sequence[Pair], *, mirrored: bool) -> Affine:
    """Least squares in complex numbers: second = factor · first + shift; a mirror takes the conjugate of the first."""
    first = np.array([complex(pair.first.x, pair.first.y) for pair in pairs])
    second = np.array([complex(pair.second.x, pair.second.y) for pair in pairs])
    if mirrored:
        first = first.conj()
    middle, goal = first.mean(), second.mean()
    factor = complex(np.vdot(first - middle, second - goal) / np.vdot(first - middle, first - middle).real)
    shift = complex(goal - factor * middle)
    u, v = factor.real, factor.imag
    if mirrored:
        return Affine(u, v, shift.real, v, -u, shift.imag)
    return Affine(u, -v, shift.real, v, u, shift.imag)


def _affine(pairs: Sequence[Pair]) -> Affine:
    """The map that meets three points."""
    first = np.array([(pair.first.x, pair.first.y, 1.0) for pair in pairs])
    second = np.array([(pair.second.x, pair.second.y) for pair in pairs])
    rows: NDArray[np.float64] = np.linalg.solve(first, second).T
    return Affine.from_rows(rows.tolist())


def _refuse_close(pairs: Sequence[Pair]) -> None:
    for points in _sides(pairs):
        for index, point in enumerate(points):
            for other in range(index):
                if _distance(point, points[other]) < CLOSEST:
                    raise PointsDontFit(
                        f"Points {other + 1} and {index + 1} lie too close together; "
                        "take one back (Backspace) and click further away"
                    )


def _refuse_flat(pairs: Sequence[Pair]) -> None:
    for a, b, c in _sides(pairs):
        twice_area = abs((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x))
        longest = max(_distance(a, b), _distance(b, c), _distance(a, c))
        if twice_area / longest**2 < FLATTEST:
            raise PointsDontFit(
                "The three points lie nearly on one line; take the last back (Backspace) and click aside of it"
            )


def _sides(pairs: Sequence[Pair]) -> tuple[list[Point], list[Point]]:
    return [pair.first for pair in pairs], [pair.second for pair in pairs]


def _stretch(to: Affine) -> float:
    longest, shortest = np.linalg.svd(np.array([[to.a, to.b], [to.c, to.d]]), compute_uv=False)
    return float(longest / shortest)


def _determinant(to: Affine) -> float:
    return to.a * to.d - to.b * to.c


def _moved(to: Affine, place: Point) -> Point:
    return Point(*to.apply(place.x, place.y))


def _distance(one: Point, other: Point) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)
