"""Record: a view and the layers over it as plain values, for files that lead back to them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from wsiview.geometry import Point, Size
from wsiview.scene.layers import ClassLook, LayerStack
from wsiview.scene.viewport import Viewport


def view_values(view: Viewport) -> dict[str, Any]:
    """A view as JSON knows it."""
    return asdict(view)


def view_from(values: Mapping[str, Any]) -> Viewport:
    """What `view_values` gave.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it is damaged.
    """
    center, size = values["center"], values["size"]
    view = Viewport(
        center=Point(float(center["x"]), float(center["y"])),
        downsample=float(values["downsample"]),
        size=Size(int(size["width"]), int(size["height"])),
        rotation=float(values["rotation"]),
        flipped=bool(values["flipped"]),
    )
    numbers = view.center.x, view.center.y, view.downsample, view.rotation
    if not (all(math.isfinite(number) for number in numbers) and view.downsample > 0):
        raise ValueError("a view that can't be")
    return view


def layers_values(stack: LayerStack) -> dict[str, Any]:
    """Layers as JSON knows them."""
    return asdict(stack)


def layers_from(values: Mapping[str, Any]) -> LayerStack:
    """What `layers_values` gave.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it is damaged, or has what only a later version knows.
    """
    classes = tuple(ClassLook(**{**look, "color": tuple(look["color"])}) for look in values["classes"])
    compared = values.get("difference")
    tuples = {"strength": tuple(values["strength"]), "difference": None if compared is None else tuple(compared)}
    return LayerStack(**{**values, **tuples, "classes": classes})
