"""Visible tiles: every pixel of the slide in view belongs to exactly one tile."""

import numpy as np
import pytest

from wsiview.geometry import Point, Size
from wsiview.scene.viewport import Viewport
from wsiview.scene.visible_tiles import TILE, slide_window, tiles_in, view_window, visible_tiles


@pytest.mark.parametrize("downsample", [0.25, 1.0, 3.37, 16.1])
def test_tiles_cover_every_slide_pixel_in_view_once(downsample: float) -> None:
    dimensions = Size(9001, 7003)
    view = Viewport(Point(4000.3, 3500.7), downsample, Size(1111, 777))
    window, slide = view_window(view), slide_window(dimensions, downsample)
    count = np.zeros((window.height, window.width), int)
    for key in visible_tiles(view, dimensions):
        x, y = key.window.x - window.x, key.window.y - window.y
        count[max(0, y) : y + TILE, max(0, x) : x + TILE] += 1
    xs, ys = np.arange(window.x, window.x + window.width), np.arange(window.y, window.y + window.height)
    inside = ((ys >= 0) & (ys < slide.height))[:, None] & ((xs >= 0) & (xs < slide.width))[None, :]
    assert (count[inside] == 1).all()


def test_a_view_beside_the_slide_needs_no_tiles() -> None:
    assert visible_tiles(Viewport(Point(-5000, 0), 1.0, Size(100, 100)), Size(500, 500)) == ()


def test_a_slide_smaller_than_a_pixel_still_has_one() -> None:
    window = slide_window(Size(10, 10), 100.0)
    assert (window.width, window.height) == (1, 1)
    assert len(tiles_in(window, Size(10, 10))) == 1


def test_the_window_of_an_upright_view_is_at_most_half_a_pixel_off() -> None:
    view = Viewport(Point(1234.56, 789.01), 1.7, Size(641, 480))
    window = view_window(view)
    x, y = view.to_device.apply(window.x * 1.7, window.y * 1.7)
    assert abs(x) <= 0.5 + 1e-9
    assert abs(y) <= 0.5 + 1e-9


def test_a_turned_view_asks_for_all_that_its_corners_see() -> None:
    view = Viewport(Point(5000, 5000), 2.0, Size(800, 600), rotation=30)
    window, region = view_window(view).region, view.region
    assert window.x <= region.x
    assert window.right >= region.right
    assert window.bottom >= region.bottom
