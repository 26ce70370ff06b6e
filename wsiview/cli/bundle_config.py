"""Bundle config: what the flags of `wsiview bundle` say, as a bundle's config.json."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from wsiview.errors import ModelError, UsageError
from wsiview.models.bundle import LARGEST_PATCH
from wsiview.models.config import Config
from wsiview.models.default_layers import VGG16_GMP
from wsiview.models.vgg_options import read_vgg_options

_IMAGENET = {"--mean": [0.485, 0.456, 0.406], "--std": [0.229, 0.224, 0.225]}
_AS_GIVEN = ("activation", "threshold", "min_tissue", "license", "description")


def config_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The config, but for what only the network itself can tell: its layer and how patches are laid out.

    Raises
    ------
    UsageError
        In words that name the flag.
    """
    names = [name.strip() for name in arguments.classes.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise UsageError(f"--classes {arguments.classes}: give each output a name of its own, with commas between")
    extra = {name: value for name in _AS_GIVEN if (value := getattr(arguments, name)) not in (None, "")}
    if arguments.target is not None:
        extra["target"] = _target(arguments.target, names)
    if arguments.architecture == "vgg-pool":
        extra["architecture"] = _json(arguments.options)
    return {
        "spec_version": "1.0",
        "architecture": arguments.architecture,
        "name": arguments.name or arguments.out.resolve().name,
        "num_classes": len(names),
        "class_names": names,
        "patch_size_pixels": _side("--patch", arguments.patch),
        "spacing_um_px": _spacing(arguments.spacing),
        "transform": _transform(arguments),
        "wsiview": extra,
    }


def options_of(config: dict[str, Any]) -> dict[str, Any]:
    """What the architecture is built from.

    Raises
    ------
    UsageError
        If the options of `vgg-pool` are wrong.
    """
    if config["architecture"] != "vgg-pool":
        return dict(VGG16_GMP) if config["architecture"] == "vgg16-gmp" else {}
    try:
        return read_vgg_options(Config(Path("--options"), config["wsiview"]))
    except ModelError as error:
        raise UsageError(str(error)) from None


def _target(text: str, names: list[str]) -> int:
    if text in names:
        return names.index(text)
    if text.isdigit() and int(text) < len(names):
        return int(text)
    raise UsageError(f"--target {text}: there is {', '.join(names)}, or a number from 0 to {len(names) - 1}")


def _json(text: str | None) -> Any:
    if text is None:
        raise UsageError('--options is needed for vgg-pool, as {"blocks": [[64, 64], [128, 128]]}')
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"--options: is not valid JSON ({error})") from None


def _side(flag: str, side: int) -> int:
    if not 1 <= side <= LARGEST_PATCH:
        raise UsageError(f"{flag} {side}: give from 1 to {LARGEST_PATCH} pixels")
    return side


def _spacing(text: str) -> float | None:
    if text == "level0":
        return None
    (spacing,) = _numbers("--spacing", text, 1, "µm per pixel, such as 0.5, or level0")
    if not 0.01 <= spacing <= 1000:
        raise UsageError(f"--spacing {text}: µm per pixel lie between 0.01 and 1000; 0.25 is 40×, 0.5 is 20×")
    return spacing


def _transform(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The steps from a patch to the network's input."""
    sizes: list[dict[str, Any]] = []
    if arguments.resize is not None:
        sizes = [{"name": "Resize", "arguments": {"size": _side("--resize", arguments.resize)}}]
    mean, std = _colours("--mean", arguments.mean), _colours("--std", arguments.std)
    if min(std) <= 0:
        raise UsageError(f"--std {arguments.std}: every number must be above 0")
    normalize = {"name": "Normalize", "arguments": {"mean": mean, "std": std}}
    if max(mean) > 1:
        return [*sizes, normalize]  # without ToTensor, for pixels from 0 to 255
    return [*sizes, {"name": "ToTensor"}, normalize]


def _colours(flag: str, text: str) -> list[float]:
    if text == "imagenet":
        return _IMAGENET[flag]
    return _numbers(flag, text, 3, "three numbers with commas, for red, green and blue, or imagenet")


def _numbers(flag: str, text: str, count: int, wanted: str) -> list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != count or not all(map(math.isfinite, values)):
        raise UsageError(f"{flag} {text}: give {wanted}")
    return values
