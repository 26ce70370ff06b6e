"""Hand: takes the selected shape by a point or as a whole, and drags it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from wsiview.geometry import Point
from wsiview.gui.measuring.board import Board, Grip
from wsiview.scene.shapes import Shape, straight

CLICK = 4
"""Screen pixels that a hand may tremble in a click."""


class Hand:
    """What the tools do with a shape that is there already."""

    def __init__(self, board: Board) -> None:
        """Hold nothing."""
        self._board = board
        self._grip: Grip | None = None
        self._shape: Shape | None = None

    def take_point(self, place: Point) -> bool:
        """Take a point of the selected shape, if one is there."""
        return self._take(self._board.grip_at(place), whole=False)

    def take(self, place: Point) -> bool:
        """Take a point of the selected shape, or all of it, if it is there."""
        return self._take(self._board.grip_at(place), whole=True)

    def move(self, place: Point, event: QMouseEvent) -> None:
        """Drag what is held; with Shift a ruler stays straight."""
        if (grip := self._grip) is not None:
            self._shape = grip.dragged(place)
            if grip.index is not None and self._shape.kind == "ruler" and _straight(event):
                end = straight(self._board.canvas.viewport, self._shape.points[1 - grip.index], place)
                self._shape = self._shape.with_point(grip.index, end)
            self._board.show_draft(self._shape, grip.item)

    def release(self, place: Point, event: QMouseEvent) -> None:
        """Let go, and keep what became of it."""
        grip, shape, self._grip, self._shape = self._grip, self._shape, None, None
        if grip is not None and shape is not None:
            self._board.change(grip.item, shape)

    def drop(self) -> None:
        """Let go without keeping anything."""
        self._grip = self._shape = None
        self._board.show_draft(None)

    def _take(self, grip: Grip | None, *, whole: bool) -> bool:
        self._grip = grip if grip is not None and (whole or grip.index is not None) else None
        return self._grip is not None


class HandTool:
    """In use while a shape is selected and no other tool is: it drags the shape, everything else moves the slide."""

    cursor = Qt.CursorShape.ArrowCursor
    hint = "Drag its ends or the whole. Ctrl+C copies what it measures, Del deletes it. Esc when done."

    def __init__(self, board: Board) -> None:
        """Hold nothing."""
        self._board, self._hand = board, Hand(board)

    def press(self, place: Point, event: QMouseEvent) -> bool:
        """Take the shape where it is pressed."""
        return self._hand.take(place)

    def move(self, place: Point, event: QMouseEvent) -> None:
        """Drag it."""
        self._hand.move(place, event)

    def release(self, place: Point, event: QMouseEvent) -> None:
        """Keep it there."""
        self._hand.release(place, event)

    def double_click(self, place: Point, event: QMouseEvent) -> None:
        """Nothing more than a click."""

    def key(self, event: QKeyEvent) -> bool:
        """No key but Esc, which the canvas knows."""
        return False

    def leave(self) -> None:
        """Select nothing any more."""
        self._hand.drop()
        self._board.select(None)


def _straight(event: QMouseEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
