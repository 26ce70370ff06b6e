"""Tool: takes the mouse over the slide for something else than moving it."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from wsiview.geometry import Point


class Tool(Protocol):
    """Chosen with `SlideCanvas.set_tool`; Esc puts it away. Places are level-0 pixels.

    The wheel, the middle button and the arrows go on moving the slide.
    """

    @property
    def cursor(self) -> Qt.CursorShape:
        """What the mouse looks like over the slide."""
        ...

    def press(self, place: Point, event: QMouseEvent) -> bool:
        """Whether the tool takes a press of the left button; if so it gets the drag and the release too."""
        ...

    def move(self, place: Point, event: QMouseEvent) -> None:
        """The mouse has moved, with the button held or not."""
        ...

    def release(self, place: Point, event: QMouseEvent) -> None:
        """The button that was taken is up again."""
        ...

    def double_click(self, place: Point, event: QMouseEvent) -> None:
        """The second press of two."""
        ...

    def key(self, event: QKeyEvent) -> bool:
        """Whether the tool takes a key."""
        ...

    def leave(self) -> None:
        """The tool was put away, by Esc or for another one."""
        ...
