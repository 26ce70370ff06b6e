"""Aligning: two or three places, each clicked in both views, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from wsiview.geometry import Point
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.second.marks import PointMarks
from wsiview.gui.second.prompt import Prompt
from wsiview.scene.registration import Pair, PointsDontFit, Registration, registered

MOST = 3


class Aligning(QObject):
    """Takes clicks in turn; a drag still moves the slide, and each view is moved alone meanwhile.

    Signals
    -------
    aligned(Registration)
        Two or three points fit.
    ended()
        It is over, aligned or not.
    """

    aligned = Signal(object)
    ended = Signal()

    def __init__(self, first: SlideCanvas, second: SlideCanvas, parent: QObject | None = None) -> None:
        """Wait to be started."""
        super().__init__(parent)
        self._canvases = (first, second)
        self._places: tuple[list[Point], list[Point]] = ([], [])
        self._clicked: list[int] = []  # in which view each point was set, in that order
        self._marks = tuple(PointMarks(canvas) for canvas in self._canvases)
        self.prompt = Prompt(first)
        self._running = False
        for side, canvas in enumerate(self._canvases):
            canvas.clicked.connect(lambda place, side=side: self._click(side, place))

    @property
    def running(self) -> bool:
        """Whether points are being clicked."""
        return self._running

    @property
    def places(self) -> tuple[Sequence[Point], Sequence[Point]]:
        """What has been clicked in the first and in the second view, level-0 px of each."""
        return self._places

    def start(self) -> None:
        """Ask for the first point."""
        if self._running:
            return
        self._forget()
        self._running = True
        for canvas in self._canvases:
            canvas.set_tool(_Clicks(self))
        self._canvases[0].setFocus()
        self._ask()

    def cancel(self) -> None:
        """Leave everything as it was."""
        if self._running:
            self._end()

    def take_back(self) -> None:
        """Forget the point that was clicked last."""
        if self._clicked:
            self._places[self._clicked.pop()].pop()
        self._ask()

    def finish(self) -> None:
        """Align by the points there are, or say why that can't be."""
        first, second = self._places
        if len(first) != len(second):
            side = 0 if len(first) < len(second) else 1
            self._ask(f"Point {max(len(first), len(second))} is missing in this view", side)
            return
        if len(first) < 2:
            self._ask("It takes two points, better three")
            return
        views = [canvas.viewport for canvas in self._canvases]
        pairs = [Pair(*places) for places in zip(first, second, strict=True)]
        try:
            found: Registration = registered(pairs, mirrored=views[0].flipped != views[1].flipped)
        except PointsDontFit as error:
            self._ask(str(error))
            return
        self._end()
        self.aligned.emit(found)

    def _click(self, side: int, place: Point) -> None:
        if not self._running:
            return
        mine, others = self._places[side], self._places[1 - side]
        if len(mine) > len(others):
            mine[-1] = place  # its counterpart is still to come: so it was meant to lie elsewhere
        elif len(mine) < MOST:
            mine.append(place)
            self._clicked.append(side)
        self._ask()

    def _ask(self, trouble: str = "", side: int | None = None) -> None:
        counts = [len(places) for places in self._places]
        number = min(counts) + 1
        if side is None:
            side = 1 if counts[0] > counts[1] else 0
        if trouble:
            request = trouble
        elif counts[0] != counts[1]:
            request = f"Point {number}: click the same place here"
        elif number <= MOST:
            request = f"Point {number}: click a place that both slides show"
        else:
            request = "Three points: Enter aligns the slides"
        keys = ["Enter aligns"] if counts[0] == counts[1] >= 2 else []
        keys += ["Backspace takes the last point back"] if self._clicked else ["drag moves each slide alone"]
        self.prompt.ask(self._canvases[side], request, " · ".join([*keys, "Esc gives up"]))
        for marks, places in zip(self._marks, self._places, strict=True):
            marks.show(places)

    def _end(self) -> None:
        self._running = False
        self._forget()
        self.prompt.hide()
        for canvas in self._canvases:
            canvas.set_tool(None)
        self.ended.emit()

    def _forget(self) -> None:
        for places, marks in zip(self._places, self._marks, strict=True):
            places.clear()
            marks.show(())
        self._clicked.clear()


class _Clicks:
    """The tool that both canvases hold meanwhile."""

    def __init__(self, aligning: Aligning) -> None:
        self._aligning = aligning

    @property
    def cursor(self) -> Qt.CursorShape:
        """Where exactly one clicks."""
        return Qt.CursorShape.CrossCursor

    def press(self, place: Point, event: QMouseEvent) -> bool:
        """Leave the button to the canvas, which drags with it and tells a click."""
        return False

    def move(self, place: Point, event: QMouseEvent) -> None:
        """Nothing is drawn on the way."""

    def release(self, place: Point, event: QMouseEvent) -> None:
        """Never had the button."""

    def double_click(self, place: Point, event: QMouseEvent) -> None:
        """The first of the two clicks counts."""

    def key(self, event: QKeyEvent) -> bool:
        """Enter ends, Backspace takes back."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._aligning.finish()
        elif event.key() == Qt.Key.Key_Backspace:
            self._aligning.take_back()
        else:
            return False
        return True

    def leave(self) -> None:
        """Put away by Esc or for another tool."""
        self._aligning.cancel()
