"""Viewports: places go to the screen and back."""

import pytest

from wsiview.geometry import Point, Region, Size
from wsiview.scene.viewport import Viewport

VIEW = Viewport(Point(1000.0, 700.0), 2.5, Size(801, 600))


@pytest.mark.parametrize("view", [VIEW, Viewport(Point(3, 4), 0.3, Size(10, 20), rotation=33, flipped=True)])
def test_a_place_comes_back_from_the_screen(view: Viewport) -> None:
    x, y = view.to_device.apply(123.0, 456.0)
    assert view.to_level0.apply(x, y) == pytest.approx((123.0, 456.0))
    assert view.to_device.apply(view.center.x, view.center.y) == pytest.approx(
        (view.size.width / 2, view.size.height / 2)
    )


def test_zooming_keeps_what_is_under_the_cursor() -> None:
    for rotation in (0, 90, 17):
        view = Viewport(VIEW.center, VIEW.downsample, VIEW.size, rotation)
        there = view.place(77, 333)
        zoomed = view.zoomed_at(77, 333, 1.7)
        now = zoomed.place(77, 333)
        assert (now.x, now.y) == pytest.approx((there.x, there.y))
        assert zoomed.downsample == pytest.approx(view.downsample / 1.7)


def test_zooming_in_and_out_again_finds_the_same_scale() -> None:
    view = VIEW
    for _ in range(5):
        view = view.zoomed_at(10, 10, 2 ** (1 / 3))
    for _ in range(5):
        view = view.zoomed_at(10, 10, 2 ** (-1 / 3))
    assert view.downsample == pytest.approx(VIEW.downsample, rel=1e-8)


def test_panning_moves_the_slide_with_the_hand() -> None:
    before = VIEW.to_device.apply(900.0, 800.0)
    after = VIEW.panned(30, -12).to_device.apply(900.0, 800.0)
    assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((30, -12))


def test_a_fitted_region_is_seen_whole_and_as_large_as_can_be() -> None:
    region = Region(100, 200, 4000, 1000)
    view = VIEW.fitted(region, border=10)
    left, top = view.to_device.apply(region.x, region.y)
    right, bottom = view.to_device.apply(region.right, region.bottom)
    assert (left, right) == pytest.approx((10, 791))
    assert top > 10
    assert bottom < 590


def test_a_quarter_turn_swaps_the_axes_of_what_is_seen() -> None:
    turned = Viewport(VIEW.center, VIEW.downsample, VIEW.size, 90)
    assert turned.region.width == pytest.approx(VIEW.region.height)
    x, y = turned.to_device.apply(VIEW.center.x + 100, VIEW.center.y)
    assert (x, y) == pytest.approx((VIEW.size.width / 2, VIEW.size.height / 2 + 40))


def test_a_magnified_view_shows_the_same_region() -> None:
    large = VIEW.magnified(4)
    assert large.size == Size(3204, 2400)
    assert large.region.width == pytest.approx(VIEW.region.width)
    assert large.region.x == pytest.approx(VIEW.region.x)
