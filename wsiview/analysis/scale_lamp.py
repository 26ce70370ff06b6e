"""Scale lamp: whether a model saw the slide at the scale that it knows tissue at."""

from __future__ import annotations

from dataclasses import dataclass

from wsiview.analysis.lamp import Lamp, Level

OTHER_SCALE = 0.02
"""Two scales that differ by less are the same."""
MUCH_UPSAMPLED = 1.1


@dataclass(frozen=True, slots=True)
class Scales:
    """µm per pixel, (x, y) where not said otherwise; None where unknown.

    Attributes
    ----------
    model
        Of the model's own pixels, one number.
    mapped
        Per level-0 pixel, as the map was made.
    file, given
        Per level-0 pixel: what the slide's file says, and what the reader has set by hand.
    factor
        Level-0 pixels per pixel that the model saw.
    """

    model: float | None
    mapped: tuple[float, float] | None
    file: tuple[float, float] | None
    given: tuple[float, float] | None
    factor: tuple[float, float]


def scale_lamp(scales: Scales) -> Lamp:
    """Whether the model saw the slide's pixels as large as it knows them."""
    title = "The model sees the slide at its own scale"
    meaning = (
        "A network knows tissue at one size of pixel. Shown larger or smaller, it may take it for something else: "
        "check the slide's scale, or map again with the right one."
    )
    if scales.model is None:
        finding = "Not known: the model reads level-0 pixels as they are, and doesn't say how large they should be."
        return Lamp("scale", title, Level.UNKNOWN, finding, meaning)
    if scales.mapped is None:
        return Lamp("scale", title, Level.UNKNOWN, "Not known: the map doesn't tell its slide's scale.", meaning)
    level, finding = _scale_finding(scales, scales.model, scales.mapped)
    return Lamp("scale", title, level, finding, meaning)


def _scale_finding(scales: Scales, model: float, mapped: tuple[float, float]) -> tuple[Level, str]:
    seen = mapped[0] * scales.factor[0], mapped[1] * scales.factor[1]
    now = scales.given or scales.file
    enlarged = 1 / min(scales.factor)
    if _differ(seen, (model, model)):
        return Level.BAD, f"It saw {_microns(seen)} µm per pixel instead of {model:.3g}."
    if now is not None and _differ(mapped, now):
        return Level.BAD, (
            f"The map was made at {_microns(mapped)} µm per pixel of the slide, and now it is {_microns(now)}."
        )
    if scales.given is not None and scales.file is not None and _differ(scales.given, scales.file):
        return Level.BAD, (
            f"The slide's scale was given by hand, {_microns(scales.given)} µm per pixel; its file says "
            f"{_microns(scales.file)}."
        )
    if enlarged > 1 + OTHER_SCALE:
        level = Level.BAD if enlarged > MUCH_UPSAMPLED else Level.LOOK
        return level, f"The slide is coarser than the model wants: its pixels were enlarged {enlarged:.2f} times."
    if scales.file is None:
        return Level.LOOK, f"The slide's file says no scale; {_microns(mapped)} µm per pixel was given by hand."
    if _differ(seen, mapped):
        return Level.GOOD, f"It saw {model:.3g} µm per pixel, resampled from {_microns(mapped)}."
    return Level.GOOD, f"It saw the slide's own pixels of {_microns(mapped)} µm."


def _differ(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return max(abs(x / y - 1) for x, y in zip(a, b, strict=True)) > OTHER_SCALE


def _microns(mpp: tuple[float, float]) -> str:
    x, y = (f"{value:.3g}" for value in mpp)
    return x if x == y else f"{x} × {y}"
