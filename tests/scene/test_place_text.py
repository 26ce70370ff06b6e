"""Places are understood as readers write them, and refused with a sentence that says why."""

from __future__ import annotations

import pytest

from wsiview.geometry import Point, Size
from wsiview.scene.place_text import Place, PlaceUnclear, place_text, read_place

SIZE = Size(46_000, 32_914)
MPP = (0.5, 0.25)


@pytest.mark.parametrize(
    ("text", "x", "y", "scale"),
    [
        ("12345, 6789", 12345, 6789, None),
        ("12345,6789", 12345, 6789, None),
        ("  12345   6789 ", 12345, 6789, None),
        ("12345.5; 6789", 12345.5, 6789, None),
        ("x 12345  y 6789 px", 12345, 6789, None),
        ("x\u00a012\u202f345  y 6\u202f789 px", 12345, 6789, None),
        ("12 345, 6 789", 12345, 6789, None),
        ("12345, 6789, 20×", 12345, 6789, 1.0),
        ("12345 6789 20x", 12345, 6789, 1.0),
        ("12345,6789,2.5×", 12345, 6789, 8.0),
        ("12,3, 4,5, 2,5 x", 12.3, 4.5, 8.0),
        ("12345, 6789, 0.5 µm/px", 12345, 6789, 1.0),
        ("12345, 6789, 50 %", 12345, 6789, 2.0),
        ("12.3 mm, 4 mm", 24600, 16000, None),
        ("12,3 mm; 4 mm", 24600, 16000, None),
        ("12.3, 4 mm", 24600, 16000, None),
        ("1.23 cm, 4mm", 24600, 16000, None),
        ("100 µm 50 um", 200, 200, None),
        ("100 μm, 50 μm, 10×", 200, 200, 2.0),
        ("0, 0", 0, 0, None),
    ],
)
def test_a_place_is_understood_as_it_is_written(text: str, x: float, y: float, scale: float | None) -> None:
    place = read_place(text, SIZE, MPP)
    assert (place.point.x, place.point.y) == pytest.approx((x, y))
    assert place.scale == (None if scale is None else pytest.approx(scale))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Write two numbers, for example 12345, 6789"),
        ("12345", "Write two numbers"),
        ("here, there", "Write two numbers"),
        ("1, 2, 3, 4", "“3, 4” is no magnification"),
        ("1, 2, close", "“close” is no magnification; write for example 20×"),
        ("1, 2, 0×", "“0×” is no magnification"),
        ("50000, 2", r"outside the slide, which is 46000 × 32914 px \(23 × 8.23 mm\)"),
        ("-5, 2", "outside the slide"),
    ],
)
def test_what_is_no_place_is_refused_with_what_to_do(text: str, sentence: str) -> None:
    with pytest.raises(PlaceUnclear, match=sentence):
        read_place(text, SIZE, MPP)


def test_without_a_scale_only_pixels_and_percent_make_sense() -> None:
    assert read_place("100, 200, 25 %", SIZE, None) == Place(Point(100, 200), 4.0)
    for text in ("1 mm, 2 mm", "100, 200, 20×"):
        with pytest.raises(PlaceUnclear, match="The scale of this slide is unknown"):
            read_place(text, SIZE, None)


@pytest.mark.parametrize("mpp", [MPP, None])
@pytest.mark.parametrize("scale", [1.0, 0.5, 37.3])
def test_what_is_copied_is_understood_again(mpp: tuple[float, float] | None, scale: float) -> None:
    place = read_place(place_text(Point(1234.4, 777.9), scale, mpp), SIZE, mpp)
    assert place.point == Point(1234, 778)
    assert place.scale == pytest.approx(scale, rel=1e-3)


def test_what_is_copied_is_short() -> None:
    assert place_text(Point(12345.3, 6789), 1.0, MPP) == "12345, 6789, 20×"
    assert place_text(Point(12345.3, 6789), 2.0, None) == "12345, 6789, 50 %"
