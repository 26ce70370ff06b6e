"""Mouse: what its buttons do over a slide: drag it, click a place, switch classes in the legend, or lead a tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from wsiview.geometry import Point
from wsiview.gui.canvas.hud import Hud
from wsiview.gui.canvas.tool import Tool

if TYPE_CHECKING:
    from wsiview.gui.canvas.slide_canvas import SlideCanvas

_CLICK = 4.0
"""Screen pixels that a hand may tremble in a click."""


class Mouse:
    """Told by the canvas what happens over it, moves the canvas and speaks with its signals."""

    def __init__(self, canvas: SlideCanvas, hud: Hud) -> None:
        """Start with no button down and no tool."""
        self._canvas, self._hud = canvas, hud
        self.tool: Tool | None = None
        self._tool_has_button = False
        self._drag: QPointF | None = None
        self._dragged = 0.0
        self._said: Point | None = None

    def take_up(self, tool: Tool | None) -> None:
        """Hand the button to a tool, or back."""
        before, self.tool, self._tool_has_button = self.tool, tool, False
        if before is not None:
            before.leave()
        self.show_cursor()

    def press(self, event: QMouseEvent) -> bool:
        """Begin to drag, or switch a class in the legend; whether the button means anything."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return False
        x, y = event.position().x(), event.position().y()
        if self._hud.covers(x, y):
            index = self._hud.class_at(x, y)
            if index is not None:
                alone = event.modifiers() & Qt.KeyboardModifier.AltModifier
                (self._canvas.class_soloed if alone else self._canvas.class_toggled).emit(index)
        elif not self._offer_to_tool(event):
            self._drag, self._dragged = event.position(), 0.0
            self._canvas.setCursor(Qt.CursorShape.ClosedHandCursor)
        return True

    def double_click(self, event: QMouseEvent) -> None:
        """Show one class alone; the first click of the two is taken back."""
        x, y = event.position().x(), event.position().y()
        index = self._hud.class_at(x, y)
        if index is not None:
            self._canvas.class_toggled.emit(index)
            self._canvas.class_soloed.emit(index)
        elif self._hud.covers(x, y):
            return
        elif self.tool is not None and event.button() == Qt.MouseButton.LeftButton:
            self.tool.double_click(self._canvas.place_at(event.position()), event)
        else:
            self.press(event)

    def move(self, event: QMouseEvent) -> None:
        """Drag the slide, and say what is under the cursor."""
        canvas, here = self._canvas, event.position()
        if self._drag is not None:
            moved = here - self._drag
            dx, dy = round(moved.x()), round(moved.y())
            if dx or dy:
                self._drag += QPointF(dx, dy)
                self._dragged += abs(dx) + abs(dy)
                canvas.pan(dx, dy)
        elif self.tool is not None and canvas.slide is not None:
            self.tool.move(canvas.place_at(here), event)
        covered = self._hud.covers(here.x(), here.y())
        place = None if covered or canvas.slide is None else canvas.place_at(here)
        if self._drag is None or not self._is_said(place):
            self._say(place)

    def leave(self) -> None:
        """Nothing is under the cursor any more."""
        self._say(None)

    def _say(self, place: Point | None) -> None:
        self._said = place
        self._canvas.hovered.emit(place)

    def _is_said(self, place: Point | None) -> bool:
        """Whether it is the place that was said last, as it is while the slide goes with the cursor."""
        said, pixel = self._said, self._canvas.viewport.downsample * self._canvas.pixel_ratio
        if place is None or said is None:
            return place is said
        return abs(place.x - said.x) <= pixel and abs(place.y - said.y) <= pixel

    def release(self, event: QMouseEvent) -> None:
        """End a drag; without one it was a click."""
        place = self._canvas.place_at(event.position())
        if self._tool_has_button and event.button() == Qt.MouseButton.LeftButton:
            self._tool_has_button = False
            if self.tool is not None:
                self.tool.release(place, event)
        elif self._drag is not None:
            self._drag = None
            self.show_cursor()
            if self._dragged < _CLICK and self._canvas.slide is not None:
                self._canvas.clicked.emit(place)

    def key(self, event: QKeyEvent) -> bool:
        """Offer a key to the tool, which Esc puts away; whether it was taken."""
        if self.tool is None:
            return False
        if self.tool.key(event):
            return True
        if event.key() == Qt.Key.Key_Escape:
            self._canvas.set_tool(None)
            return True
        return False

    def show_cursor(self) -> None:
        """The cursor that belongs to the slide, or to the tool."""
        if self.tool is None:
            self._canvas.unsetCursor()
        else:
            self._canvas.setCursor(self.tool.cursor)

    def _offer_to_tool(self, event: QMouseEvent) -> bool:
        if self.tool is None or self._canvas.slide is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._tool_has_button = self.tool.press(self._canvas.place_at(event.position()), event)
        return self._tool_has_button
