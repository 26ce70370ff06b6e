"""Comparison: a second stack of layers behind the first, shown instead of it or beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QRectF

from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a canvas shows of its second stack.

    Parameters
    ----------
    stack, grids
        The second stack and the map that it shows.
    shown
        It is shown instead of the first.
    curtain
        Share (0–1) of the width left of which the first stack is shown, and right of which the second; None: one alone.
    """

    stack: LayerStack = field(default_factory=lambda: LayerStack(()))
    grids: MapGrids | None = None
    shown: bool = False
    curtain: float | None = None

    def parts(self, first: LayerStack, width: float, height: float) -> tuple[tuple[LayerStack, QRectF], ...]:
        """Which stack is seen where on a picture of this size, from left to right."""
        if self.curtain is None:
            return ((self.stack if self.shown else first, QRectF(0, 0, width, height)),)
        cut = round(self.curtain * width)
        return (first, QRectF(0, 0, cut, height)), (self.stack, QRectF(cut, 0, width - cut, height))
