"""Magnification: the steps that a microscope has, as µm per screen pixel."""

from __future__ import annotations

from dataclasses import dataclass

OBJECTIVE = 10.0
"""Magnification × µm per screen pixel: 40× is 0.25 µm, 10× is 1 µm."""
USUAL_MPP = 0.25
"""µm per level-0 pixel, taken for a slide of unknown scale when one asks for a magnification."""
_EQUAL = 2e-3
"""A zoom rounds the scale; whatever is as near as this is the preset."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One step: what it is called, µm per screen pixel, and the digit that stands for it on the keyboard."""

    name: str
    microns: float
    digit: int


PRESETS = tuple(
    Preset(f"{times}×", OBJECTIVE / times, digit) for digit, times in enumerate((1, 2, 4, 10, 20, 40), start=1)
)


def preset_at(microns: float | None) -> Preset | None:
    """The step that shows so many µm on one screen pixel, None between two steps or where the scale is unknown."""
    if microns is None:
        return None
    return next((preset for preset in PRESETS if abs(microns / preset.microns - 1) < _EQUAL), None)
