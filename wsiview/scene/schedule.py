"""Schedule: which tiles to fetch, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

from wsiview.geometry import Size
from wsiview.scene.viewport import Viewport
from wsiview.scene.visible_tiles import TILE, TileKey, Window, tiles_in, view_window, visible_tiles

PARENT_FACTOR = 4
"""A parent tile shows 4 × 4 tiles; a whole number, so that parents fall on the same lattice."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a view needs: `visible` (nearest the focus first), then `parents`, the `ring` ahead of a pan last."""

    visible: tuple[TileKey, ...]
    parents: tuple[TileKey, ...]
    ring: tuple[TileKey, ...]


def schedule(
    viewport: Viewport,
    dimensions: Size,
    coarsest: float,
    focus: tuple[float, float] | None = None,
    pan: tuple[float, float] = (0.0, 0.0),
) -> Schedule:
    """Order the tiles of a view.

    Parameters
    ----------
    coarsest
        Downsample of the picture that is always there; parents as coarse as that are useless.
    focus
        Device position that matters most (the cursor), the middle where None.
    pan
        Device pixels that the slide moved by lately; what comes into view next is fetched last.
    """
    window = view_window(viewport)
    near = _near(viewport, window, focus)
    visible = _nearest_first(visible_tiles(viewport, dimensions), near)
    ring_window = _ahead(window, _on_slide(viewport, pan))
    seen = set(visible)
    ring = _nearest_first(tuple(key for key in tiles_in(ring_window, dimensions) if key not in seen), near)
    return Schedule(visible, _parents(ring_window, near, dimensions, coarsest), ring)


def _near(viewport: Viewport, window: Window, focus: tuple[float, float] | None) -> tuple[float, float]:
    """The lattice pixel that matters most."""
    if focus is None:
        return window.x + window.width / 2, window.y + window.height / 2
    place = viewport.place(*focus)
    return place.x / window.downsample, place.y / window.downsample


def _on_slide(viewport: Viewport, pan: tuple[float, float]) -> tuple[float, float]:
    """A movement on screen as one along the slide's rows and columns, which turn with the view."""
    if viewport.upright:
        return pan
    back, (dx, dy) = viewport.to_level0, pan
    # A quarter turn leaves a trace of the other direction, which would fetch a side that nobody heads for.
    moved = back.a * dx + back.b * dy, back.c * dx + back.d * dy
    return round(moved[0] / viewport.downsample, 6), round(moved[1] / viewport.downsample, 6)


def _parents(window: Window, near: tuple[float, float], dimensions: Size, coarsest: float) -> tuple[TileKey, ...]:
    factor = PARENT_FACTOR
    if window.downsample * factor >= coarsest:
        return ()
    x, y = window.x // factor, window.y // factor
    right, bottom = -(-(window.x + window.width) // factor), -(-(window.y + window.height) // factor)
    wide = Window(window.downsample * factor, x, y, right - x, bottom - y)
    return _nearest_first(tiles_in(wide, dimensions), (near[0] / factor, near[1] / factor))


def _ahead(window: Window, pan: tuple[float, float]) -> Window:
    """The window and one tile more on the side that a pan uncovers; on every side while nothing moves."""
    dx, dy = pan
    still = dx == 0 and dy == 0
    left, right = TILE if still or dx > 0 else 0, TILE if still or dx < 0 else 0
    top, bottom = TILE if still or dy > 0 else 0, TILE if still or dy < 0 else 0
    return Window(
        window.downsample,
        window.x - left,
        window.y - top,
        window.width + left + right,
        window.height + top + bottom,
    )


def _nearest_first(keys: tuple[TileKey, ...], near: tuple[float, float]) -> tuple[TileKey, ...]:
    def distance(key: TileKey) -> float:
        return (key.col * TILE + TILE / 2 - near[0]) ** 2 + (key.row * TILE + TILE / 2 - near[1]) ** 2

    return tuple(sorted(keys, key=distance))
