"""Gutter: a scroll bar that keeps its place and shows nothing while there is nothing to scroll.

What gets lower as it gets narrower, such as pictures that fill the width, would else need a bar only without one, and
the panel would go to and fro between the two for ever.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QScrollArea, QScrollBar


class Gutter(QScrollBar):
    """The vertical scroll bar of an area."""

    def __init__(self, area: QScrollArea) -> None:
        """Take the place of the area's own."""
        super().__init__(Qt.Orientation.Vertical, area)
        area.setVerticalScrollBar(self)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Show where the area stands, if it can be scrolled."""
        if self.maximum() > self.minimum():
            super().paintEvent(event)
