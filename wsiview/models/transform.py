"""Transform: what is done to a patch's pixels before the network reads them, from the steps of a bundle's config."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from wsiview.models.config import Config

Triple = tuple[float, float, float]
_STEPS = ("Resize", "CenterCrop", "ToTensor", "Normalize")


@dataclass(frozen=True)
class Transform:
    """The side that the network reads, its spacing, and the normalisation for pixels from 0 to 1.

    Attributes
    ----------
    side
        Pixels on a side of the network's input, after every Resize and CenterCrop.
    spacing
        µm per pixel of that input; None where the bundle reads level-0 pixels as they are.
    mean, std
        Per channel (red, green, blue), for pixels from 0 to 1.
    """

    side: int
    spacing: float | None
    mean: Triple
    std: Triple


def read_transform(config: Config, patch: int, spacing: float | None) -> Transform:
    """Follow the steps of `transform`, starting from a patch of `patch` pixels at `spacing`.

    Resize changes spacing and side, CenterCrop the side alone: the network then reads only the middle, and patches are
    laid out by that side. Normalize without ToTensor before it speaks of pixels from 0 to 255.

    Raises
    ------
    BundleError
        For a step that is unknown, unclear, or stands where it makes no sense.
    """
    side, scaled, mean_std = patch, False, None
    for number, step in enumerate(config.items("transform")):
        name, arguments = _step(config, number, step)
        if name == "Resize":
            new = _square(arguments)
            spacing, side = (None if spacing is None else spacing * side / new), new
        elif name == "CenterCrop":
            side = _cropped(arguments, side)
        elif name == "ToTensor":
            if scaled or mean_std is not None:
                raise config.fault("transform", "has a ToTensor too many; it must come once, before Normalize")
            scaled = True
        elif mean_std is not None:
            raise config.fault("transform", "has Normalize twice; combine the two into one")
        else:
            mean_std = _normalisation(config, arguments, scaled)
    if mean_std is None:
        if not scaled:
            raise config.fault("transform", "has neither ToTensor nor Normalize; add what the network was trained with")
        mean_std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    return Transform(side, spacing, *mean_std)


def _step(config: Config, number: int, step: Any) -> tuple[str, Config]:
    if not isinstance(step, dict) or not isinstance(step.get("name"), str):
        raise config.fault(f"transform[{number}]", "is no step; it must be an object with a name")
    name = step["name"]
    if name not in _STEPS:
        raise config.fault("transform", f"has the step {name!r}, which is not supported; there are {', '.join(_STEPS)}")
    return name, Config(config.path, step, f"transform[{number}].").inner("arguments")


def _square(arguments: Config) -> int:
    """`size` as n, [n] or [n, n]."""
    size = arguments.anything("size")
    sides = size if isinstance(size, list) else [size]
    if len(sides) not in (1, 2) or any(type(side) is not int for side in sides) or len(set(sides)) != 1:
        raise arguments.fault("size", f"is {size!r}; it must be one whole number, or the same one twice")
    if not 1 <= sides[0] <= 8192:
        raise arguments.fault("size", f"is {sides[0]}; it must be from 1 to 8192")
    return int(sides[0])


def _cropped(arguments: Config, side: int) -> int:
    new = _square(arguments)
    if new > side:
        raise arguments.fault("size", f"is {new}, more than the {side} pixels that are left; a crop can't enlarge")
    return new


def _normalisation(config: Config, arguments: Config, scaled: bool) -> tuple[Triple, Triple]:
    mean, std = _triple(arguments, "mean"), _triple(arguments, "std")
    if min(std) <= 0:
        raise arguments.fault("std", f"is {list(std)}; every entry must be above 0")
    if scaled:
        if max(mean) > 1:
            raise arguments.fault("mean", "is for pixels of 0 to 255, but ToTensor makes them 0 to 1; remove ToTensor")
        return mean, std
    if 0 < max(mean) <= 1 and max(std) <= 1:
        raise config.fault("transform", "has a Normalize for pixels of 0 to 1; put ToTensor before it")
    return _per_255(mean), _per_255(std)


def _per_255(values: Triple) -> Triple:
    return values[0] / 255, values[1] / 255, values[2] / 255


def _triple(arguments: Config, field: str) -> Triple:
    values = arguments.items(field)
    if len(values) != 3 or any(type(value) not in (int, float) or not math.isfinite(value) for value in values):
        raise arguments.fault(field, f"is {values!r}; it must be three numbers, for red, green and blue")
    return float(values[0]), float(values[1]), float(values[2])
