"""An alignment is told in a sentence from which a slip of the hand can be seen."""

from wsiview.geometry import Affine, Point
from wsiview.scene.alignment_account import account_of
from wsiview.scene.registration import Pair, registered


def pairs(to: Affine, count: int) -> list[Pair]:
    places = Point(0, 0), Point(4000, 0), Point(0, 3000)
    return [Pair(place, Point(*to.apply(place.x, place.y))) for place in places[:count]]


def test_two_points_tell_turn_and_growth_and_how_far_their_distance_differs() -> None:
    sentence, doubtful = account_of(registered(pairs(Affine(0, -1.02, 0, 1.02, 0, 0), 2)), 0.5, 0.5)
    assert sentence == (
        "Aligned by two points: turned 90.0°, 2.0 % larger; their distance differs by 40 µm between the slides."
    )
    assert not doubtful


def test_pixels_of_another_size_are_no_growth() -> None:
    sentence, _ = account_of(registered(pairs(Affine.scaling(2, 2), 2)), 0.5, 0.25)
    assert sentence == "Aligned by two points: turned 0.0°; their distance differs by 0 µm between the slides."


def test_three_points_tell_the_stretch_and_what_a_plain_turn_would_leave() -> None:
    sentence, _ = account_of(registered(pairs(Affine.scaling(1.1, 1), 3)), 0.5, 0.5)
    assert "stretched by 10.0 %" in sentence
    assert "the points lie within 49 µm of a turn and one scale" in sentence


def test_sections_that_differ_too_much_in_size_make_a_warning() -> None:
    sentence, doubtful = account_of(registered(pairs(Affine.scaling(1.5, 1.5), 2)), 0.5, 0.5)
    assert doubtful
    assert "check the points" in sentence


def test_without_a_scale_nothing_is_said_in_microns() -> None:
    assert "µm" not in account_of(registered(pairs(Affine.scaling(1.1, 1), 3)), None, None)[0]
    assert "µm" not in account_of(registered(pairs(Affine.scaling(1.1, 1.1), 2)), None, 0.5)[0]
