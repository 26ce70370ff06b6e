"""Bookmark: a place on a slide with the view and the layers in which it was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wsiview.geometry import Size
from wsiview.scene.layers import LayerStack
from wsiview.scene.record import layers_from, layers_values, view_from, view_values
from wsiview.scene.viewport import Viewport

_NUMBERED = re.compile(r"Bookmark (\d+)")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What leads back.

    Attributes
    ----------
    view
        Counted in screen pixels, so that it is as large on every screen.
    layers
        None where no map was shown.
    clustering, clustering_name
        Fingerprint and name of the clustering that the layers belong to; empty without layers.
    """

    name: str
    view: Viewport
    layers: LayerStack | None = None
    clustering: str = ""
    clustering_name: str = ""

    @property
    def content(self) -> dict[str, Any]:
        """As JSON knows it; `bookmark_from` reads it back."""
        return {
            "name": self.name,
            "view": view_values(self.view),
            "layers": None if self.layers is None else layers_values(self.layers),
            "clustering": self.clustering,
            "clustering_name": self.clustering_name,
        }

    def view_on(self, size: Size, pixel_ratio: float) -> Viewport:
        """The same place as closely, on so many device pixels with so many of them per screen pixel."""
        return replace(self.view, size=size, downsample=self.view.downsample / pixel_ratio)


def bookmark_from(content: Mapping[str, Any]) -> Bookmark:
    """What `Bookmark.content` gave.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    try:
        layers = content["layers"]
        return Bookmark(
            str(content["name"]),
            view_from(content["view"]),
            None if layers is None else layers_from(layers),
            str(content["clustering"]),
            str(content["clustering_name"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError("a bookmark can't be read") from error


def in_screen_pixels(view: Viewport, pixel_ratio: float) -> Viewport:
    """A view on a screen of so many device pixels per screen pixel, as bookmarks keep it."""
    size = Size(max(1, round(view.size.width / pixel_ratio)), max(1, round(view.size.height / pixel_ratio)))
    return replace(view, size=size, downsample=view.downsample * pixel_ratio)


def next_name(names: Iterable[str]) -> str:
    """A name for one more bookmark: the next number, so that no two are called the same."""
    numbers = [int(match.group(1)) for name in names if (match := _NUMBERED.fullmatch(name))]
    return f"Bookmark {max(numbers, default=0) + 1}"
