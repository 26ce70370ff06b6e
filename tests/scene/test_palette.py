"""Palette: stable colours, letters, readable ink."""

from wsiview.scene.layers import default_looks
from wsiview.scene.palette import COLORS, class_color, class_letter, ink, is_hatched, luminance


def test_the_colours_are_the_measured_ones() -> None:
    hexes = [bytes(color).hex().upper() for color in COLORS]
    assert hexes == ["FFFF00", "DF5020", "AFFFFF", "007050", "EF8F00", "403000", "60DF70", "2080FF"]


def test_classes_i_to_p_repeat_the_colours_with_a_hatch() -> None:
    looks = default_looks(16, ("glands",))
    assert [look.letter for look in looks] == list("ABCDEFGHIJKLMNOP")
    assert [look.hatched for look in looks] == [False] * 8 + [True] * 8
    assert looks[9].color == class_color(1)
    assert is_hatched(8)
    assert looks[0].name == "glands"
    assert class_letter(2) == "C"


def test_ink_has_a_contrast_of_at_least_four_and_a_half() -> None:
    for color in COLORS:
        light, other = luminance(color), luminance(ink(color))
        assert (max(light, other) + 0.05) / (min(light, other) + 0.05) >= 4.5
