"""Fading: one key for all layers in full, by half and not at all."""

from __future__ import annotations

from PySide6.QtCore import QObject

from wsiview.gui.display import Display


class Fading(QObject):
    """Goes from full to half, from half to none and from none to full; full is the opacity that was set by hand."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Take 100 % for full."""
        super().__init__(parent)
        self._full = 1.0

    def step(self, display: Display) -> None:
        """The next of the three."""
        stack = display.layers
        if stack is None:
            return
        half = round(self._full / 2, 2)
        if stack.hidden or stack.opacity == 0:
            opacity = self._full
        elif stack.opacity == half:
            opacity = 0.0
        else:
            self._full = stack.opacity
            opacity = round(self._full / 2, 2)
        display.change_layers(opacity=opacity, hidden=False)
