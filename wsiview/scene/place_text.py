"""Place text: a place on a slide as a reader writes it – "12345, 6789, 20×" or "12.3 mm, 4 mm" – and back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wsiview.geometry import Point, Size
from wsiview.scene.magnification import OBJECTIVE
from wsiview.scene.measures import Mpp

EXAMPLE = "12345, 6789 or 12.3 mm, 4 mm, 20×"

_UNITS = {"µm": 1.0, "μm": 1.0, "um": 1.0, "mm": 1000.0, "cm": 10_000.0}
_UNIT = r"(px|µm|μm|um|mm|cm)?"
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d)")  # as the status line sets thousands apart
# How numbers are written, and what may then stand between them: with points, with commas, with thousands apart.
_MANNERS = (
    (r"-?\d+(?:\.\d+)?", r"\s*[,;]\s*|\s+"),
    (r"-?\d+(?:,\d+)?", r"\s*;\s*|,\s+|\s+"),
    (r"-?\d{1,3}(?:[ ]\d{3})*(?:\.\d+)?", r"\s*[,;]\s*"),
)
_PLACES = tuple(
    re.compile(
        rf"(?:x\s*[:=]?\s*)?({number})\s*{_UNIT}(?:{between})(?:y\s*[:=]?\s*)?({number})\s*{_UNIT}(?:(?:{between})(\S.*))?",
        re.IGNORECASE,
    )
    for number, between in _MANNERS
)
_SCALE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(×|x|%|(?:µm|μm|um)\s*/\s*px)", re.IGNORECASE)


class PlaceUnclear(ValueError):
    """What was written is no place; the message is a sentence for the reader."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look, and how closely: level-0 pixels per screen pixel, None for as closely as now."""

    point: Point
    scale: float | None = None


def read_place(text: str, size: Size, mpp: Mpp) -> Place:
    """Understand a place.

    Parameters
    ----------
    text
        Two lengths, in level-0 pixels or with a unit (px, µm, mm, cm; one unit counts for both); then, if wanted, a
        magnification (20×), µm per screen pixel (0.5 µm/px) or percent of the slide's pixels (50 %).
    size
        Of the slide, level-0 pixels.
    mpp
        µm per level-0 pixel (x, y), None while unknown.

    Raises
    ------
    PlaceUnclear
        With a sentence that says what is wrong.
    """
    words = _BETWEEN_DIGITS.sub("", text).strip()
    x, unit_x, y, unit_y, rest = _split(words)
    point = Point(_pixels(x, unit_x or unit_y, mpp, 0), _pixels(y, unit_y or unit_x, mpp, 1))
    if not (0 <= point.x <= size.width and 0 <= point.y <= size.height):
        raise PlaceUnclear(f"This lies outside the slide, which is {_size_words(size, mpp)}.")
    return Place(point, _scale(rest, mpp) if rest else None)


def place_text(point: Point, scale: float, mpp: Mpp) -> str:
    """A place as `read_place` understands it, with its magnification; `scale` in level-0 pixels per screen pixel."""
    closely = f"{100 / scale:.4g} %" if mpp is None else f"{OBJECTIVE / (scale * mpp[0]):.4g}×"
    return f"{point.x:.0f}, {point.y:.0f}, {closely}"


def _split(words: str) -> tuple[str, str, str, str, str]:
    """Both numbers with their units, and what follows; the manner in which all of it makes sense is taken."""
    matches = [match for manner in _PLACES if (match := manner.fullmatch(words)) is not None]
    if not matches:
        raise PlaceUnclear(f"Write two numbers, for example {EXAMPLE}.")
    sensible = (match for match in matches if not match.group(5) or _SCALE.fullmatch(match.group(5)))
    x, unit_x, y, unit_y, rest = next(sensible, matches[0]).groups(default="")
    return x, unit_x.lower(), y, unit_y.lower(), rest


def _pixels(number: str, unit: str, mpp: Mpp, axis: int) -> float:
    value = _number(number)
    if unit in ("", "px"):
        return value
    if mpp is None:
        raise PlaceUnclear("The scale of this slide is unknown: write pixels, or set its scale in the View menu.")
    return value * _UNITS[unit] / mpp[axis]


def _scale(words: str, mpp: Mpp) -> float:
    match = _SCALE.fullmatch(words)
    value = 0.0 if match is None else _number(match.group(1))
    if match is None or value <= 0:
        raise PlaceUnclear(f"“{words}” is no magnification; write for example 20×, 0.5 µm/px or 50 %.")
    unit = match.group(2).lower()
    if unit == "%":
        return 100 / value
    if mpp is None:
        raise PlaceUnclear("The scale of this slide is unknown: write percent of its pixels, for example 50 %.")
    return (OBJECTIVE / value if unit in ("×", "x") else value) / mpp[0]


def _number(text: str) -> float:
    return float(text.replace(" ", "").replace(",", "."))


def _size_words(size: Size, mpp: Mpp) -> str:
    words = f"{size.width} × {size.height} px"
    if mpp is None:
        return words
    return f"{words} ({size.width * mpp[0] / 1000:.3g} × {size.height * mpp[1] / 1000:.3g} mm)"
