"""Schedule: near things first, likely things last."""

from wsiview.geometry import Point, Size
from wsiview.scene.schedule import PARENT_FACTOR, schedule
from wsiview.scene.viewport import Viewport
from wsiview.scene.visible_tiles import TILE, visible_tiles

SLIDE = Size(200_000, 200_000)
VIEW = Viewport(Point(100_000, 100_000), 2.0, Size(1920, 1080))


def test_the_tile_under_the_cursor_comes_first() -> None:
    plan = schedule(VIEW, SLIDE, 500.0, focus=(1900, 1000))
    place = VIEW.place(1900, 1000)
    first = plan.visible[0].window.region
    assert abs(first.center.x - place.x) <= TILE
    assert abs(first.center.y - place.y) <= TILE


def test_all_visible_tiles_are_asked_for_and_none_twice() -> None:
    plan = schedule(VIEW, SLIDE, 500.0)
    assert set(plan.visible) == set(visible_tiles(VIEW, SLIDE))
    assert not set(plan.visible) & set(plan.ring)


def test_the_ring_lies_where_a_pan_is_heading() -> None:
    plan = schedule(VIEW, SLIDE, 500.0, pan=(-20.0, 0.0))
    assert plan.ring
    assert min(key.col for key in plan.ring) > max(key.col for key in plan.visible)


def test_on_a_turned_slide_cursor_and_pan_mean_what_they_do_on_screen() -> None:
    view = VIEW.turned(90)
    plan = schedule(view, SLIDE, 500.0, focus=(1900, 1000), pan=(-20.0, 0.0))
    place, first = view.place(1900, 1000), plan.visible[0].window.region
    assert abs(first.center.x - place.x) <= TILE
    assert abs(first.center.y - place.y) <= TILE
    assert max(key.row for key in plan.ring) < min(key.row for key in plan.visible), "right of the screen is up there"


def test_parents_are_four_times_coarser_and_cover_the_view() -> None:
    plan = schedule(VIEW, SLIDE, 500.0)
    assert {key.downsample for key in plan.parents} == {VIEW.downsample * PARENT_FACTOR}
    left = min(key.window.region.x for key in plan.parents)
    assert left <= VIEW.region.x


def test_there_are_no_parents_as_coarse_as_the_picture_of_the_whole_slide() -> None:
    assert schedule(VIEW, SLIDE, VIEW.downsample * 3).parents == ()
