"""Slide canvas: paints a slide with what lies over it, and is led by mouse, keys and tools."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from wsiview.gui.canvas.decoration import Decoration
from wsiview.gui.canvas.frame_times import FrameTimes
from wsiview.gui.canvas.mouse import Mouse
from wsiview.gui.canvas.slide_view import SlideView
from wsiview.gui.canvas.tile_source import OUTSIDE
from wsiview.gui.canvas.tool import Tool


class SlideCanvas(SlideView):
    """Shows one slide.

    Signals
    -------
    view_changed(Viewport), opacity_turned(float)
        As of the view widget.
    slide_shown(Slide | None), bad_tiles(int), trouble(str), sharp(), base_changed()
        As of the slide view.
    hovered(Point | None)
        The level-0 place under the cursor, None when it leaves.
    clicked(Point)
        A place was clicked without dragging.
    class_toggled(int), class_soloed(int)
        A legend row was clicked; double-clicked or clicked with Alt.
    tool_changed(Tool | None)
        Another tool has the mouse, None when it moves the slide.
    """

    hovered = Signal(object)
    clicked = Signal(object)
    class_toggled = Signal(int)
    class_soloed = Signal(int)
    tool_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start without a slide."""
        self.frames = FrameTimes()  # before the first event
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setAccessibleName("Slide")
        self._decorations: list[Decoration] = []
        self._screen_only: list[Decoration] = []
        self._mouse = Mouse(self, self._hud)

    @property
    def decorations(self) -> tuple[Decoration, ...]:
        """What is painted above slide and overlays, here and in screenshots, lowest first."""
        return tuple(self._decorations)

    def add_decoration(self, decoration: Decoration, *, screen_only: bool = False) -> None:
        """Paint something with every frame from now on; `update` after it changes.

        What is for the screen only (handles, what is being drawn) lies above the rest, and in no screenshot.
        """
        (self._screen_only if screen_only else self._decorations).append(decoration)
        self.update()

    def remove_decoration(self, decoration: Decoration) -> None:
        """Paint it no more."""
        (self._screen_only if decoration in self._screen_only else self._decorations).remove(decoration)
        self.update()

    @property
    def tool(self) -> Tool | None:
        """What has the mouse, None while it moves the slide."""
        return self._mouse.tool

    def set_tool(self, tool: Tool | None) -> None:
        """Hand the mouse to a tool, or back."""
        if tool is not self._mouse.tool:
            self._mouse.take_up(tool)
            self.tool_changed.emit(tool)
            self.update()

    def show_cursor(self) -> None:
        """Let the mouse look again as the slide or the tool wants it."""
        self._mouse.show_cursor()

    # Events

    def event(self, event: QEvent) -> bool:
        """Note how long it takes."""
        started = time.perf_counter()
        taken = super().event(event)
        self.frames.spend(time.perf_counter() - started, event.type() == QEvent.Type.Paint)
        return taken

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copy pictures; everything slow was done before, elsewhere."""
        painter = QPainter(self)
        try:
            self.paint_on(painter)
        finally:
            painter.end()  # or what went wrong can't be told any more
            self._renderer.loader.go_on()

    def keep_clear(self, height: int) -> None:
        """Leave this many screen pixels at the upper edge to what lies over them; the legend stands below."""
        if height != self._hud.top:
            self._hud.top = height
            self.update()

    def paint_on(self, painter: QPainter) -> None:
        """Paint slide, overlays and head-up display; the painter counts in screen pixels."""
        ratio = self.pixel_ratio
        if self._renderer.slide is None:
            painter.fillRect(self.rect(), QColor(*OUTSIDE))
            return
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        self._renderer.paint(painter, self._view)
        painter.restore()
        for decoration in (*self._decorations, *self._screen_only):
            painter.save()
            decoration.paint(painter, self._view, ratio, self.mpp)
            painter.restore()
        self._hud.paint(painter, self._view, self.mpp, ratio)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to drag, lead the tool, or switch a class in the legend."""
        if not self._mouse.press(event):
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show one class of the legend alone."""
        self._mouse.double_click(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the slide, and say what is under the cursor."""
        self._cursor = event.position()
        self._mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag; without one it was a click."""
        self._mouse.release(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Offer keys to the tool first; Esc puts it away."""
        if not self._mouse.key(event):
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the cursor any more."""
        self._cursor = None
        self._mouse.leave()
        super().leaveEvent(event)
