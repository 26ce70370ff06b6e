"""Ruler tool: a drag from end to end, or a click at each."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from wsiview.geometry import Point
from wsiview.gui.measuring.board import Board
from wsiview.gui.measuring.hand import CLICK, Hand
from wsiview.scene.shapes import Shape, straight


class RulerTool:
    """Draws one ruler after another until it is put away; with Shift they are straight."""

    cursor = Qt.CursorShape.CrossCursor
    hint = "Ruler: drag, or click twice. Shift keeps it straight. Esc when done."

    def __init__(self, board: Board) -> None:
        """Start with nothing drawn."""
        self._board, self._hand = board, Hand(board)
        self._start: Point | None = None
        self._pressed = QPointF()

    def press(self, place: Point, event: QMouseEvent) -> bool:
        """Begin, or end at the second click; or take what is selected by an end."""
        if self._start is not None:
            self._finish(place, event)
        elif not self._hand.take_point(place):
            self._start, self._pressed = place, event.position()
        return True

    def move(self, place: Point, event: QMouseEvent) -> None:
        """Show how long it is by now."""
        if self._start is not None:
            self._board.show_draft(Shape("ruler", (self._start, self._end(place, event))))
        else:
            self._hand.move(place, event)

    def release(self, place: Point, event: QMouseEvent) -> None:
        """End a drag; after a mere click the second one is waited for."""
        if self._start is None:
            self._hand.release(place, event)
        elif (event.position() - self._pressed).manhattanLength() >= CLICK:
            self._finish(place, event)

    def double_click(self, place: Point, event: QMouseEvent) -> None:
        """The second click came fast."""
        self.press(place, event)

    def key(self, event: QKeyEvent) -> bool:
        """Esc gives up the ruler that is begun."""
        if event.key() != Qt.Key.Key_Escape or self._start is None:
            return False
        self._start = None
        self._board.show_draft(None)
        return True

    def leave(self) -> None:
        """Keep nothing that is half drawn."""
        self._start = None
        self._board.show_draft(None)

    def _end(self, place: Point, event: QMouseEvent) -> Point:
        if self._start is None or not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return place
        return straight(self._board.canvas.viewport, self._start, place)

    def _finish(self, place: Point, event: QMouseEvent) -> None:
        if self._start is not None:
            start, end = self._start, self._end(place, event)
            self._start = None
            self._board.add(Shape("ruler", (start, end)))
