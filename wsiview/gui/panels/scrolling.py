"""Scrolling: contents that are as wide as there is room, and are scrolled where they are higher."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


def scroll_down(area: QScrollArea, inside: QWidget) -> None:
    """Let the area show `inside` without a frame, and scroll it up and down only."""
    area.setWidget(inside)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
