"""Decoration: something painted above slide and overlays, below legend and scale bar."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtGui import QPainter

from wsiview.scene.viewport import Viewport


class Decoration(Protocol):
    """Painted with every frame, on screen and in screenshots: keep pictures, work out nothing slow."""

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Paint it.

        Parameters
        ----------
        painter
            Counts in screen pixels; `view.place` counts in device pixels, `pixel_ratio` of which are one of these.
        view
            What is in view.
        mpp
            µm per level-0 pixel, None while unknown.
        """
        ...
