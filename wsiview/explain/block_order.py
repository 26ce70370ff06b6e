"""Block order: which blocks of a map are computed next: what is looked at, else what lies together."""

from __future__ import annotations

import heapq

from wsiview.explain.blocks import Place
from wsiview.geometry import Affine, Region

_NEXT = 5  # blocks that are known in their order: the one to compute, and those that may be read ahead


def next_blocks(todo: set[Place], focus: Region | None, cell_to_level0: Affine, block: int) -> list[Place]:
    """What is being looked at first, nearest to its middle; else by squares of 4 × 4 blocks, which share patches."""
    in_view = [place for place in todo if focus is not None and _region(place, cell_to_level0, block).intersects(focus)]
    if focus is not None and in_view:
        middle = focus.center

        def distance(place: Place) -> float:
            center = _region(place, cell_to_level0, block).center
            return (center.x - middle.x) ** 2 + (center.y - middle.y) ** 2

        return heapq.nsmallest(_NEXT, in_view, key=lambda place: (distance(place), place))
    return heapq.nsmallest(_NEXT, todo, key=lambda place: (place[0] // 4, place[1] // 4, place))


def _region(place: Place, cell_to_level0: Affine, block: int) -> Region:
    x, y = cell_to_level0.apply(place[1] * block, place[0] * block)
    return Region(x, y, cell_to_level0.a * block, cell_to_level0.d * block)
