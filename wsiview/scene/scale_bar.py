"""Scale bar: a round length near what fits, and the magnification in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from wsiview.scene.magnification import OBJECTIVE


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar of `length` device pixels that stands for `text`, at `magnification`."""

    length: float
    text: str
    magnification: str


def scale_bar(downsample: float, mpp: float | None, longest: float, pixel_ratio: float = 1.0) -> ScaleBar:
    """Choose the bar.

    Parameters
    ----------
    downsample
        Level-0 pixels per device pixel.
    mpp
        µm per level-0 pixel, None where unknown: the bar then counts level-0 pixels and says so.
    longest
        Device pixels that the bar may take.
    pixel_ratio
        Device pixels per screen pixel; magnification is told for screen pixels.
    """
    if mpp is None:
        pixels = max(1.0, _round_below(longest * downsample))
        number = f"{pixels:,.0f}".replace(",", " ")
        text = f"uncalibrated, {number} px"
        return ScaleBar(pixels / downsample, text, _zoom(downsample * pixel_ratio))
    microns = _round_below(longest * downsample * mpp)
    return ScaleBar(microns / (downsample * mpp), _length(microns), magnification(downsample * mpp * pixel_ratio))


def magnification(microns_per_pixel: float) -> str:
    """Both ways of saying it: "40× · 0.25 µm/px"."""
    return f"{_short(OBJECTIVE / microns_per_pixel)}× · {_short(microns_per_pixel)} µm/px"


def _zoom(downsample: float) -> str:
    return f"{_short(100 / downsample)} % of the slide's pixels"


def _length(microns: float) -> str:
    if microns >= 1000:
        return f"{_short(microns / 1000)} mm"
    return f"{_short(microns)} µm" if microns >= 1 else f"{_short(microns * 1000)} nm"


def _short(value: float) -> str:
    """Three figures, without trailing noughts."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _round_below(value: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is not above the value."""
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return next(step * power for step in (5.0, 2.0, 1.0) if step * power <= value * (1 + 1e-9))
