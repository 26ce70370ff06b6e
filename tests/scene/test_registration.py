"""Registrations put the places of one slide on another, and the views of both go together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from wsiview.geometry import Affine, Point, Region, Size
from wsiview.scene.registration import (
    SAME,
    Pair,
    PointsDontFit,
    Registration,
    middle_on_middle,
    registered,
)
from wsiview.scene.viewport import Viewport

PLACES = (Point(1000, 800), Point(5200, 1400), Point(2600, 6100))


def turned(degrees: float, scale: float, *, mirrored: bool = False, shear: float = 0.0) -> Affine:
    """First a mirror of left and right, then a turn clockwise on screen, then a scale and a shift."""
    angle, flip = math.radians(degrees), -1.0 if mirrored else 1.0
    a, b = scale * flip * math.cos(angle), scale * -math.sin(angle)
    c, d = scale * flip * math.sin(angle), scale * math.cos(angle)
    return Affine(a, b + shear * a, 700.0, c, d + shear * c, -300.0)


def pairs(to: Affine, count: int) -> list[Pair]:
    return [Pair(place, Point(*to.apply(place.x, place.y))) for place in PLACES[:count]]


def seen_at(view: Viewport, place: Point) -> tuple[float, float]:
    return view.to_device.apply(place.x, place.y)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0.0, 90.0, 203.5])
def test_two_points_find_turn_scale_shift_and_mirror(degrees: float, mirrored: bool) -> None:
    to = turned(degrees, 0.46, mirrored=mirrored)
    found = registered(pairs(to, 2), mirrored=mirrored)
    for row, known in zip(found.to_second.rows, to.rows, strict=True):
        assert row == pytest.approx(known, abs=1e-6)
    assert found.mirrored is mirrored
    assert found.scale == pytest.approx(0.46)
    assert found.angle == pytest.approx(degrees)
    assert found.stretch == pytest.approx(1)


def test_three_points_find_a_stretch_and_say_how_far_a_plain_turn_would_miss() -> None:
    to = turned(30, 1.2, shear=0.08)
    found = registered(pairs(to, 3))
    for place in (*PLACES, Point(9000, 50)):
        there = found.in_second(place)
        assert (there.x, there.y) == pytest.approx(to.apply(place.x, place.y))
    assert found.stretch == pytest.approx(1.083, abs=1e-3)
    assert found.misfit > 50
    assert registered(pairs(turned(30, 1.2), 3)).misfit == pytest.approx(0, abs=1e-6)


def test_three_points_tell_themselves_that_the_second_slide_is_mirrored() -> None:
    found = registered(pairs(turned(140, 1, mirrored=True), 3))
    assert found.mirrored
    assert found.angle == pytest.approx(140)


@pytest.mark.parametrize(
    ("clicked", "words"),
    [
        ([Pair(Point(0, 0), Point(0, 0)), Pair(Point(900, 0), Point(5, 3))], "Points 1 and 2 lie too close"),
        ([Pair(Point(0, 0), Point(0, 0)), Pair(Point(3, 1), Point(900, 0))], "Points 1 and 2 lie too close"),
        ([Pair(p, p) for p in (Point(0, 0), Point(4000, 100), Point(8000, 300))], "nearly on one line"),
        (
            [
                Pair(Point(0, 0), Point(0, 0)),
                Pair(Point(1000, 0), Point(3000, 0)),
                Pair(Point(0, 1000), Point(0, 1000)),
            ],
            "twice its shape",
        ),
    ],
)
def test_points_that_make_no_sense_are_refused_in_a_sentence(clicked: list[Pair], words: str) -> None:
    with pytest.raises(PointsDontFit, match=words):
        registered(clicked)


@pytest.mark.parametrize("rotation", [0.0, 90.0, 37.0])
@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_same_tissue_lies_at_the_same_pixels_of_both_views(rotation: float, flipped: bool, mirrored: bool) -> None:
    found = Registration(turned(123, 2.17, mirrored=mirrored))
    first = Viewport(Point(3000, 2000), 1.5, Size(801, 600), rotation, flipped)
    second = found.view_of_second(first)
    for place in PLACES:
        assert seen_at(second, found.in_second(place)) == pytest.approx(seen_at(first, place), abs=1e-3)


@pytest.mark.parametrize("shear", [0.0, 0.06])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_view_comes_back_from_the_other_slide(mirrored: bool, shear: float) -> None:
    found = Registration(turned(211.123, 0.4567, mirrored=mirrored, shear=shear))
    view = Viewport(Point(3000.25, 2000.5), 1.5, Size(801, 600), 37, flipped=True)
    back = found.view_of_first(found.view_of_second(view))
    assert (back.center.x, back.center.y) == pytest.approx((view.center.x, view.center.y))
    assert back.downsample == pytest.approx(view.downsample, rel=1e-8)
    assert (back.rotation, back.flipped, back.size) == (view.rotation, view.flipped, view.size)


def test_the_inverse_leads_back() -> None:
    found = registered(pairs(turned(77, 1.9, shear=0.05), 3))
    for place in PLACES:
        back = found.inverse.in_second(found.in_second(place))
        assert (back.x, back.y) == pytest.approx((place.x, place.y))
        there = found.in_first(found.in_second(place))
        assert (there.x, there.y) == pytest.approx((place.x, place.y))
    assert found.inverse.inverse.pairs == found.pairs


def test_the_same_slide_is_seen_the_same_to_the_last_bit() -> None:
    view = Viewport(Point(1234.567, 89.1), 3.7, Size(640, 481), 0)
    assert SAME.view_of_second(view) == view
    assert SAME.view_of_first(view) == view


def turn_both(view: Viewport) -> Viewport:
    return replace(view, rotation=(view.rotation + 90) % 360)


def flip_both(view: Viewport) -> Viewport:
    return replace(view, rotation=-view.rotation % 360, flipped=not view.flipped)


@pytest.mark.parametrize("change", [turn_both, flip_both])
def test_turning_and_mirroring_the_screen_goes_with_both(change: Callable[[Viewport], Viewport]) -> None:
    found = Registration(turned(25, 1.1, mirrored=True))
    first = Viewport(Point(3000, 2000), 1.5, Size(800, 600), 10)
    wanted, seen = change(found.view_of_second(first)), found.view_of_second(change(first))
    assert (seen.rotation, seen.flipped) == (pytest.approx(wanted.rotation), wanted.flipped)


@pytest.mark.parametrize(("degrees", "shown"), [(89.8, 90), (0.2, 0), (359.9, 0), (180.2, 180), (89.5, 89.5)])
def test_pixels_lie_on_pixels_where_a_turn_is_nearly_a_quarter(degrees: float, shown: float) -> None:
    found = Registration(turned(degrees, 1.0))
    view = Viewport(Point(3000, 2000), 1.5, Size(800, 600))
    second = found.view_of_second(view)
    assert second.rotation == pytest.approx(-shown % 360)
    assert found.view_of_first(second).rotation == 0
    there = found.in_second(view.center)
    assert (second.center.x, second.center.y) == pytest.approx((there.x, there.y))
    assert found.angle == pytest.approx(degrees)


def test_what_was_moved_into_place_by_hand_stays_there() -> None:
    found = registered(pairs(turned(20, 1.3, shear=0.05), 3))
    first = Viewport(Point(3000, 2000), 1.5, Size(800, 600), 10)
    by_hand = Viewport(Point(100, 7000), 3.0, Size(641, 480), 300, flipped=True)
    kept = found.adjusted(first, by_hand)
    seen = kept.view_of_second(first)
    assert (seen.center.x, seen.center.y) == (pytest.approx(100), pytest.approx(7000))
    assert (seen.downsample, seen.rotation, seen.flipped) == (pytest.approx(3.0), pytest.approx(300), True)
    assert kept.pairs == found.pairs


def test_a_mere_shift_by_hand_keeps_the_stretch() -> None:
    found = registered(pairs(turned(20, 1.3, shear=0.05), 3))
    first = Viewport(Point(3000, 2000), 1.5, Size(800, 600), 10)
    kept = found.adjusted(first, found.view_of_second(first).panned(40, -7))
    assert kept.stretch == pytest.approx(found.stretch, rel=1e-6)
    assert kept.to_second.rows[0][:2] == pytest.approx(found.to_second.rows[0][:2], rel=1e-6)


def test_slides_of_which_nothing_is_known_lie_middle_on_middle() -> None:
    found = middle_on_middle(Region(0, 0, 1000, 800), Region(100, 50, 400, 300), 0.5)
    there = found.in_second(Point(500, 400))
    assert (there.x, there.y) == (300, 200)
    assert (found.scale, found.angle, found.mirrored) == (0.5, 0, False)
