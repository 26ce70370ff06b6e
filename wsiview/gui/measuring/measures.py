"""Measures: the boards of all canvases, the tool in use, and what keys and menus do with the selected shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from wsiview.geometry import Point
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.canvas.tool import Tool
from wsiview.gui.measuring.area_tool import AreaTool
from wsiview.gui.measuring.board import Board
from wsiview.gui.measuring.hand import HandTool
from wsiview.gui.measuring.ruler_tool import RulerTool
from wsiview.gui.panels.hint import Hint
from wsiview.gui.slide_book import SlideBook
from wsiview.scene.measures import Mpp

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

_TIP = "Click to select; then Ctrl+C copies what it measures"


class Measures(QObject):
    """Attached to each canvas; whichever has the keys is meant."""

    def __init__(self, window: MainWindow, book: SlideBook) -> None:
        """Draw on the window's first canvas."""
        super().__init__(window)
        self._window, self._book = window, book
        self._boards: dict[SlideCanvas, Board] = {}
        self._hints: dict[SlideCanvas, Hint] = {}
        session = window.session
        self.attach(window.canvas, lambda: session.mpp)
        session.scale_changed.connect(self.refresh)
        book.changed.connect(self._tell_elsewhere)

    def attach(self, canvas: SlideCanvas, mpp: Callable[[], Mpp]) -> None:
        """Draw on one more canvas; `mpp` tells its slide's scale, and `refresh` that it changed."""
        board = self._boards[canvas] = Board(canvas, self._book, mpp, self)
        self._hints[canvas] = Hint(canvas)
        board.selected.connect(lambda _: self._take_in_hand(board))
        canvas.clicked.connect(lambda place: board.select(board.shape_at(place)))
        canvas.hovered.connect(lambda place: self._show_tip(board, place))
        canvas.tool_changed.connect(lambda tool: self._show_tool(canvas, tool))
        canvas.slide_shown.connect(lambda _: self._put_away(canvas))

    @property
    def board(self) -> Board:
        """Of the canvas that has the keys."""
        return self._boards[self._window.active_canvas]

    @property
    def has_selection(self) -> bool:
        """Whether a shape is selected."""
        return self.board.selection is not None

    @property
    def tool(self) -> Tool | None:
        """The tool in the hand, where it is one of these."""
        return self._window.active_canvas.tool

    def refresh(self) -> None:
        """The scale of a slide has changed."""
        for board in self._boards.values():
            board.refresh()

    def toggle_ruler(self) -> None:
        """Take the ruler, or put it away."""
        self._toggle(RulerTool)

    def toggle_area(self) -> None:
        """Take the tool for areas, or put it away."""
        self._toggle(AreaTool)

    def copy_selected(self) -> None:
        """Put what the selected shape measures on the clipboard, as text."""
        board = self.board
        if board.selection is not None:
            words = ", ".join(board.selection[1].words(board.mpp))
            QGuiApplication.clipboard().setText(words)
            self._hints[board.canvas].flash(f"Copied “{words}”")

    def say(self, words: str) -> None:
        """Flash a line over the canvas that has the keys."""
        self._hints[self._window.active_canvas].flash(words)

    def _toggle(self, kind: type[RulerTool] | type[AreaTool]) -> None:
        board = self.board
        canvas = board.canvas
        canvas.set_tool(None if isinstance(canvas.tool, kind) else kind(board))
        canvas.setFocus()

    def _take_in_hand(self, board: Board) -> None:
        canvas, tool = board.canvas, board.canvas.tool
        if board.selection is not None and tool is None:
            canvas.set_tool(HandTool(board))
        elif board.selection is None and isinstance(tool, HandTool):
            canvas.set_tool(None)
        self._window.menus.refresh()

    def _show_tool(self, canvas: SlideCanvas, tool: Tool | None) -> None:
        ours = isinstance(tool, RulerTool | AreaTool | HandTool)
        self._hints[canvas].stand(tool.hint if isinstance(tool, RulerTool | AreaTool | HandTool) and ours else "")
        self._window.menus.refresh()

    def _show_tip(self, board: Board, place: Point | None) -> None:
        over = place is not None and board.canvas.tool is None and board.shape_at(place) is not None
        tip = _TIP if over else ""
        if board.canvas.toolTip() != tip:
            board.canvas.setToolTip(tip)

    def _tell_elsewhere(self, slide: str) -> None:
        """Only undoing and redoing reach a slide that is not shown; nobody shall wonder where it happened."""
        shown = (canvas.slide for canvas in self._boards)
        if all(here is None or here.fingerprint != slide for here in shown):
            self.say("That was on another slide.")

    def _put_away(self, canvas: SlideCanvas) -> None:
        if isinstance(canvas.tool, RulerTool | AreaTool | HandTool):
            canvas.set_tool(None)
