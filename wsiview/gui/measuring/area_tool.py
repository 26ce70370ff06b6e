"""Area tool: an outline by clicks, or by going round with the button held."""

from __future__ import annotations

import math
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from wsiview.geometry import Point
from wsiview.gui.measuring.board import Board
from wsiview.gui.measuring.hand import Hand
from wsiview.scene.shapes import Shape, outline_by_hand

_CLOSES = 9.0
"""Screen pixels around the first point within which a click closes the outline."""
_STEP = 2.0
"""Screen pixels between two points of a hand's line."""
_THIN = 0.25
"""Screen pixels by which points of a hand's line may be left out: round outlines would shrink with more."""
_SLIP = 30.0
"""Screen pixels that a click may slip; a longer drag is a line drawn by hand."""


class AreaTool:
    """Draws one outline after another until it is put away."""

    cursor = Qt.CursorShape.CrossCursor
    hint = "Area: click round it and double-click, or draw round it. Backspace takes a point back. Esc when done."

    def __init__(self, board: Board) -> None:
        """Start with nothing drawn."""
        self._board, self._hand = board, Hand(board)
        self._points: list[Point] = []
        self._pressed_at: int | None = None  # which of the points the button went down at

    def press(self, place: Point, event: QMouseEvent) -> bool:
        """Put a point, or close the outline at its first; or take a point of what is selected."""
        if len(self._points) > 2 and self._steps(self._points[0], place) <= _CLOSES:
            self._finish(tuple(self._points))
        elif self._points or not self._hand.take_point(place):
            self._pressed_at = len(self._points)
            self._points.append(place)
            self._show(place)
        return True

    def move(self, place: Point, event: QMouseEvent) -> None:
        """Follow the hand, with the button held or not."""
        if not self._points:
            self._hand.move(place, event)
        else:
            if self._pressed_at is not None and self._steps(self._points[-1], place) >= _STEP:
                self._points.append(place)
            self._show(place)

    def release(self, place: Point, event: QMouseEvent) -> None:
        """A line drawn round in one go is a whole outline; a slip is a click."""
        pressed, self._pressed_at = self._pressed_at, None
        if pressed is None:
            self._hand.release(place, event)
            return
        drawn = self._points[pressed:]
        if sum(self._steps(a, b) for a, b in pairwise(drawn)) < _SLIP:
            del self._points[pressed + 1 :]
        elif pressed == 0:
            tolerance = _THIN * self._board.level0_per_screen_pixel
            self._finish(outline_by_hand(self._points, tolerance).points)

    def double_click(self, place: Point, event: QMouseEvent) -> None:
        """Close the outline: the first click of the two has put the last point."""
        if self._points:
            self._finish(tuple(self._points))

    def key(self, event: QKeyEvent) -> bool:
        """Enter closes, Backspace takes a point back, Esc gives up."""
        if not self._points:
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._finish(tuple(self._points))
        elif event.key() == Qt.Key.Key_Backspace:
            self._points.pop()
            self._show(None)
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            return False
        return True

    def leave(self) -> None:
        """Keep nothing that is half drawn."""
        self._points, self._pressed_at = [], None
        self._hand.drop()

    def _finish(self, points: tuple[Point, ...]) -> None:
        self._points, self._pressed_at = [], None
        self._board.add(Shape("polygon", points))

    def _show(self, place: Point | None) -> None:
        points = (*self._points, place) if place is not None else tuple(self._points)
        self._board.show_draft(Shape("polygon", points) if points else None)

    def _steps(self, start: Point, end: Point) -> float:
        """Screen pixels between two places."""
        return math.dist((start.x, start.y), (end.x, end.y)) / self._board.level0_per_screen_pixel
