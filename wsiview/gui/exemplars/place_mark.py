"""Place mark: the cell that an exemplar shows, marked on the slide after one has gone there."""

from __future__ import annotations

from PySide6.QtGui import QPainter

from wsiview.geometry import Region
from wsiview.gui.canvas.hud import paint_probe
from wsiview.scene.probe import ProbeMarks
from wsiview.scene.viewport import Viewport


class PlaceMark:
    """Drawn like the cell under the cursor: box, receptive field and words."""

    def __init__(self, cell: Region, field: Region | None, words: str) -> None:
        self._marks = ProbeMarks(cell, field, None, words)

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Paint it."""
        paint_probe(painter, self._marks, view, pixel_ratio)
