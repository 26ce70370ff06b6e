"""Lack: what a view still lacks, and the requests for it in the order in which they are fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from wsiview.gui.canvas.overlay import OverlayLayer
from wsiview.gui.canvas.picture import Picture
from wsiview.gui.canvas.slide_layer import SlideLayer, SlideTile, slide_tile
from wsiview.gui.canvas.tile_loader import Request
from wsiview.scene.plane import Appearance
from wsiview.scene.schedule import Schedule
from wsiview.scene.visible_tiles import TileKey


class Wish(NamedTuple):
    """What a request is for: kind "slide", "base", "overlay" or "other", of the slide with that number."""

    kind: str
    number: int
    tile: TileKey


class Lack:
    """Finds what is missing in a picture.

    Parameters
    ----------
    number
        Of the slide's source; what was read from another one is not taken.
    failed
        Tiles that could not be made, which nobody asks for again.
    look
        How large screen pixels are at a downsample.
    """

    def __init__(
        self, picture: Picture, number: int, failed: set[TileKey], look: Callable[[float], Appearance]
    ) -> None:
        self._picture, self._number, self._failed, self._look = picture, number, failed, look

    def visible(self, keys: Iterable[TileKey]) -> set[Wish]:
        """What of these tiles keeps the picture from being as sharp as it gets."""
        picture, lacking = self._picture, set[Wish]()
        for key in keys:
            if picture.slide is not None and self._lacks_slide(picture.slide, key):
                lacking.add(Wish("slide", self._number, key))
            lacking |= {self._overlay_wish(layer, key) for layer in picture.shown if _lacks(layer, key)}
        return lacking

    def requests(self, plan: Schedule) -> list[Request]:
        """All that is worth fetching: the slide in view, its layers, then what is only likely to be wanted."""
        picture, slide = self._picture, self._picture.slide
        if slide is None:
            return []
        base = sorted(slide.base_missing - self._failed, key=lambda key: (key.row, key.col))
        first = [self._slide_request("slide", slide, key) for key in plan.visible if self._lacks_slide(slide, key)]
        whole = [self._slide_request("base", slide, key) for key in base]
        # A picture of the whole stands in until the view is there, unless that takes as long.
        at_once = slide.base_is_cheap and any(2 * key.downsample < slide.base_downsample for key in plan.visible[:1])
        result = whole + first if at_once else first
        result += self._overlay_requests(plan.visible, picture.shown)
        result += [] if at_once else whole
        result += [self._slide_request("slide", slide, key) for key in plan.parents if self._lacks_slide(slide, key)]
        hidden = [layer for layer in picture.layers if layer not in picture.shown]
        result += self._overlay_requests(plan.visible, hidden)
        for key in plan.ring:
            if self._lacks_slide(slide, key):
                result.append(self._slide_request("slide", slide, key))
            result += self._overlay_requests((key,), picture.shown)
        return result

    def _lacks_slide(self, slide: SlideLayer, key: TileKey) -> bool:
        return slide.needs(key) and key not in self._failed

    def _overlay_wish(self, layer: OverlayLayer, key: TileKey) -> Wish:
        return Wish("other" if layer is self._picture.other else "overlay", self._number, key)

    def _overlay_requests(self, keys: Iterable[TileKey], layers: Iterable[OverlayLayer]) -> list[Request]:
        return [
            Request(self._overlay_wish(layer, key), layer.work(key, self._look(key.downsample)))
            for layer in layers
            for key in keys
            if _lacks(layer, key)
        ]

    def _slide_request(self, kind: str, slide: SlideLayer, key: TileKey) -> Request:
        source = slide.source

        def read(wanted: Callable[[], bool]) -> SlideTile:
            return slide_tile(source.render(key.window, wanted))

        return Request(Wish(kind, self._number, key), read)


def _lacks(layer: OverlayLayer, key: TileKey) -> bool:
    return layer.visible and layer.needs(key)
