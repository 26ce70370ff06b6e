"""Shapes: what is drawn says what it measures, and comes back from a file as it was."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from wsiview.geometry import Point, Size
from wsiview.scene.shapes import Shape, outline_by_hand, shape_from, straight
from wsiview.scene.viewport import Viewport

RULER = Shape("ruler", (Point(10, 20), Point(40, 60)))
SQUARE = Shape("polygon", (Point(0, 0), Point(400, 0), Point(400, 400), Point(0, 400)))
EIGHT = Shape("polygon", (Point(0, 0), Point(400, 400), Point(400, 0), Point(0, 400)))


def test_a_shape_says_what_it_measures() -> None:
    assert RULER.words((0.5, 0.5)) == ("25.0 µm",)
    assert RULER.words(None) == ("50 px, uncalibrated",)
    assert SQUARE.words((0.25, 0.25)) == ("10000 µm²", "perimeter 400.0 µm")
    assert EIGHT.words((0.25, 0.25))[0] == "crosses itself: no area"


def test_a_shape_comes_back_as_it_was_drawn() -> None:
    for shape in (RULER, SQUARE):
        assert shape_from(json.loads(json.dumps(shape.content))) == shape
    assert shape_from({"shape": "spiral", "turns": 3}) is None


@pytest.mark.parametrize("points", [None, [[1, 2]], [[1, "x"], [2, 3]], [[1, 2], [float("nan"), 3]], [[1, 2, 3], [4]]])
def test_a_damaged_shape_is_refused(points: object) -> None:
    with pytest.raises(ValueError, match="can't be read"):
        shape_from({"shape": "ruler", "points": points})


def test_a_point_or_the_whole_can_be_moved() -> None:
    assert RULER.with_point(1, Point(13, 24)).words((1, 1)) == ("5.00 µm",)
    assert SQUARE.moved(5, -7).points[2] == Point(405, 393)
    assert SQUARE.moved(5, -7).words((1, 1)) == SQUARE.words((1, 1))


def test_what_has_no_length_is_nothing() -> None:
    assert RULER.is_something
    assert not Shape("ruler", (Point(1, 1), Point(1, 1))).is_something
    assert not Shape("polygon", SQUARE.points[:2]).is_something


@pytest.mark.parametrize(("rotation", "flipped"), [(0, False), (90, False), (30, True)])
def test_a_straight_ruler_is_straight_on_screen_however_the_slide_is_turned(rotation: float, flipped: bool) -> None:
    view = Viewport(Point(500, 400), 2.0, Size(600, 400), rotation, flipped)
    start = view.place(100, 100)
    for x, y, found in ((300, 120, (300, 100)), (95, 250, (100, 250)), (210, 190, (200, 200))):
        end = straight(view, start, view.place(x, y))
        assert view.to_device.apply(end.x, end.y) == pytest.approx(found)


def test_an_outline_drawn_by_hand_is_as_large_as_what_it_goes_round() -> None:
    random = np.random.default_rng(5)
    turn = np.linspace(0, 2 * math.pi + 0.1, 900)
    drawn = [Point(500 * math.cos(a) + random.normal(0, 0.3), 500 * math.sin(a) + random.normal(0, 0.3)) for a in turn]
    shape = outline_by_hand(drawn, 2.0)
    assert len(shape.points) < 100
    words = shape.words((1.0, 1.0))
    assert float(words[0].removesuffix(" mm²")) == pytest.approx(math.pi * 0.25, rel=0.01)
