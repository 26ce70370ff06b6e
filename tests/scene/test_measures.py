"""Measures: lengths and areas are what a ruler on the glass would find."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wsiview.geometry import Point
from wsiview.scene.measures import (
    area,
    area_text,
    crosses_itself,
    distance_to,
    length,
    length_text,
    perimeter,
    thinned,
    without_tails,
)

SQUARE = (Point(10, 10), Point(110, 10), Point(110, 60), Point(10, 60))


def test_a_line_is_as_long_as_its_legs_in_micrometres() -> None:
    assert length((Point(0, 0), Point(300, 400)), None) == 500
    assert length((Point(0, 0), Point(300, 400)), (0.5, 0.5)) == 250
    assert length((Point(0, 0), Point(30, 0), Point(30, 40)), None) == 70
    assert length((Point(3, 4),), (0.5, 0.5)) == 0


def test_pixels_that_are_not_square_are_measured_along_each_side() -> None:
    mpp = (0.5, 0.25)
    assert length((Point(0, 0), Point(100, 0)), mpp) == 50
    assert length((Point(0, 0), Point(0, 100)), mpp) == 25
    assert length((Point(0, 0), Point(6, 16)), mpp) == 5
    assert area(SQUARE, mpp) == 100 * 50 * 0.5 * 0.25
    assert perimeter(SQUARE, mpp) == 2 * 100 * 0.5 + 2 * 50 * 0.25


@pytest.mark.parametrize("corner", [0.0, 4e6])
def test_an_area_is_the_same_whichever_way_it_is_drawn_and_wherever_it_lies(corner: float) -> None:
    turn = np.linspace(0, 2 * math.pi, 720, endpoint=False)
    ring = tuple(Point(corner + 100 * math.cos(a), corner + 100 * math.sin(a)) for a in turn)
    polygon = 720 / 2 * 100**2 * math.sin(2 * math.pi / 720)
    assert area(ring, None) == pytest.approx(polygon, rel=1e-9)
    assert area(ring[::-1], None) == pytest.approx(polygon, rel=1e-9)
    assert perimeter(ring, None) == pytest.approx(2 * 720 * 100 * math.sin(math.pi / 720))
    assert not crosses_itself(ring)


def test_a_hollow_is_not_counted() -> None:
    horseshoe = (Point(0, 0), Point(30, 0), Point(30, 30), Point(20, 30), Point(20, 10), Point(10, 10),
                 Point(10, 30), Point(0, 30))  # fmt: skip
    assert area(horseshoe, None) == 30 * 30 - 10 * 20
    assert not crosses_itself(horseshoe)


@pytest.mark.parametrize(
    ("outline", "crosses"),
    [
        ((Point(0, 0), Point(10, 10), Point(10, 0), Point(0, 10)), True),
        (SQUARE, False),
        (SQUARE[::-1], False),
        ((*SQUARE, Point(60, -20)), True),
        ((*SQUARE, Point(5, 30)), False),
        ((Point(0, 0), Point(10, 0), Point(5, 0), Point(5, 10)), True),  # it touches itself
        (SQUARE[:3], False),
    ],
)
def test_an_outline_that_crosses_itself_has_no_area_to_tell(outline: tuple[Point, ...], crosses: bool) -> None:
    assert crosses_itself(outline) is crosses


def test_the_nearest_point_of_a_line_is_found_between_its_ends_and_beyond() -> None:
    line = (Point(0, 0), Point(100, 0))
    assert distance_to(line, Point(50, 7)) == 7
    assert distance_to(line, Point(103, 4)) == 5
    assert distance_to(SQUARE, Point(5, 35)) == math.hypot(5, 25)
    assert distance_to(SQUARE, Point(5, 35), closed=True) == 5
    assert distance_to((), Point(0, 0)) == math.inf


def test_a_thinned_line_stays_within_its_tolerance() -> None:
    random = np.random.default_rng(2)
    drawn = tuple(Point(x, 40 * math.sin(x / 30) + random.uniform(-0.4, 0.4)) for x in range(400))
    thin = thinned(drawn, 1.0)
    assert len(thin) < 60
    assert (thin[0], thin[-1]) == (drawn[0], drawn[-1])
    assert max(distance_to(thin, point) for point in drawn) <= 1.0


def test_a_loop_drawn_past_its_beginning_ends_where_it_meets_itself() -> None:
    turn = np.linspace(0.0, 2 * math.pi + 0.3, 200)
    spiral = tuple(Point((100 - 3 * a) * math.cos(a), (100 - 3 * a) * math.sin(a)) for a in turn)
    overshot = (Point(70, -30), *spiral)
    assert crosses_itself(overshot)
    loop = without_tails(overshot)
    assert not crosses_itself(loop)
    assert area(loop, None) == pytest.approx(area(spiral[:190], None), rel=0.02)
    eight = (Point(0, 0), Point(100, 100), Point(100, 0), Point(0, 100))
    assert without_tails(eight) == eight, "a figure of eight is no loop with tails"
    assert without_tails(SQUARE) == SQUARE


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (length_text(412.34, (0.5, 0.5)), "412.3 µm"),
        (length_text(8.416, (0.5, 0.5)), "8.42 µm"),
        (length_text(1234.4, (0.5, 0.5)), "1.234 mm"),
        (length_text(1650.4, None), "1650 px, uncalibrated"),
        (area_text(8412.3, (0.5, 0.5)), "8412 µm²"),
        (area_text(42.34, (0.5, 0.5)), "42.3 µm²"),
        (area_text(123_400, (0.5, 0.5)), "0.1234 mm²"),
        (area_text(12_340_000, (0.5, 0.5)), "12.340 mm²"),
        (area_text(165_000, None), "165000 px², uncalibrated"),
    ],
)
def test_a_measure_is_told_with_its_unit_and_no_more_figures_than_it_has(told: str, words: str) -> None:
    assert told == words
