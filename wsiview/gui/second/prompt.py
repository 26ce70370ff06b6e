"""Prompt: asks for the next point, over the view in which it is to be clicked."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from wsiview.gui.canvas.hud import MARGIN
from wsiview.gui.panels.floating import Floating

_SCALE_BAR = QSize(210, 84)
"""As far as it reaches from its corner."""


class Prompt(Floating):
    """One request, or what was wrong with the last one, and the keys below it."""

    def __init__(self, over: QWidget) -> None:
        """Start hidden over this widget."""
        super().__init__(over)
        self.request, self.keys = QLabel(), QLabel()
        self.request.setObjectName("viewName")
        self.keys.setObjectName("hint")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 8)
        column.setSpacing(2)
        column.addWidget(self.request)
        column.addWidget(self.keys)

    def ask(self, over: QWidget, request: str, keys: str) -> None:
        """Ask over one of the views."""
        self.request.setText(request)
        self.keys.setText(keys)
        self.setAccessibleName(request)
        self.lie_over(over)
        self.appear()

    def place(self) -> None:
        """Stand in the lower right corner, which nothing else takes; above the scale bar where that is near."""
        over, margin = self._over, round(MARGIN)
        size = self.sizeHint().boundedTo(over.size())
        x, y = over.width() - size.width() - margin, over.height() - size.height() - margin
        if x < _SCALE_BAR.width():
            y -= _SCALE_BAR.height()
        self.setGeometry(x, y, size.width(), size.height())
