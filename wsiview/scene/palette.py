"""Palette: the colours and letters of classes, the same on every slide and in every session.

The eight colours keep their distance from stained tissue and from each other; I to P repeat them, hatched at 45°.
"""

from __future__ import annotations

from wsiview.clustering.colors import COLORS as HEX_COLORS
from wsiview.clustering.nnls import MAX_CLASSES as MAX_CLASSES

Color = tuple[int, int, int]


def _color(text: str) -> Color:
    """#RRGGBB as numbers."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


COLORS: tuple[Color, ...] = tuple(_color(text) for text in HEX_COLORS)
INFLUENCE_GREEN: Color = (0x00, 0xE0, 0x20)
"""The positive part of an influence map in the look of the paper."""
CLASS_STRONGER: Color = (0xFF, 0xB0, 0x00)
INFLUENCE_STRONGER: Color = (0x00, 0x55, 0xC8)
"""The two ends of a difference map: amber and blue, which every kind of colour vision tells apart."""


def class_color(index: int) -> Color:
    """The colour of a class, counted from 0."""
    return COLORS[index % len(COLORS)]


def is_hatched(index: int) -> bool:
    """Whether the class is one of I to P."""
    return index >= len(COLORS)


def class_letter(index: int) -> str:
    """A, B, C …; never a number, since numbers mean grades to the reader."""
    return chr(ord("A") + index)


def luminance(color: Color) -> float:
    """Relative luminance, 0 (black) to 1 (white), as in WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ink(color: Color) -> Color:
    """Black or white: whichever is read better on the colour."""
    light = luminance(color)
    return (0, 0, 0) if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else (255, 255, 255)
