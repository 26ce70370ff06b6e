"""Reading keeper: what the map says under the cursor, in panel and marks; a key keeps it, so that it can be copied."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent

from wsiview.geometry import Point
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.display import Display
from wsiview.gui.pace import Pace
from wsiview.gui.probing import read_at, reading_text
from wsiview.scene.probe import probe_marks

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


@dataclass(frozen=True, slots=True)
class Spot:
    """A place (level-0 px) in one of the views."""

    display: Display
    canvas: SlideCanvas
    place: Point


class ReadingKeeper(QObject):
    """Follows the cursor, unless a reading is kept; what is read again as more of the map arrives.

    Marks follow at once, words and figures as fast as they can be read.
    """

    def __init__(self, window: MainWindow) -> None:
        """Follow."""
        super().__init__(window)
        self._window, self._panel = window, window.docks.probe
        self._spot: Spot | None = None
        self._kept: Spot | None = None
        self._pace = Pace(self)
        self._pace.told.connect(self._show_place)
        self._pace.told.connect(self._show_reading)
        session = window.session
        session.map_changed.connect(self._forget_map)
        session.slide_changed.connect(self._forget_place)
        session.block_arrived.connect(self._read_block)
        session.predictions_arrived.connect(self._read_again)
        session.layers_changed.connect(self._read_again)
        self._panel.came_up.connect(self._show_reading)
        self._panel.copy_wanted.connect(self.copy)
        self._panel.release_wanted.connect(self.toggle)
        window.canvas.hovered.connect(self._follow_first)
        window.canvas.installEventFilter(self)

    @property
    def keeps(self) -> bool:
        """Whether a reading is kept."""
        return self._kept is not None

    @property
    def settled(self) -> bool:
        """Whether panel and status line say what is under the cursor now."""
        return self._pace.settled

    def follow(self, display: Display, canvas: SlideCanvas, place: Point | None) -> None:
        """Read at the cursor; None where it is on no slide."""
        self._spot = None if place is None else Spot(display, canvas, place)
        self._pace.tell()
        if self._kept is None:
            self._mark(self._spot, canvas)
        elif canvas is not self._kept.canvas:
            canvas.set_probe(None)

    def toggle(self) -> None:
        """Keep the reading under the cursor; again, follow the cursor."""
        if self._kept is not None:
            self._let_go()
        elif self._spot is not None and self._reads(self._spot):
            self._kept = self._spot
            self._read(self._kept, self._kept.canvas)
        self._panel.show_kept(self.keeps)
        self._window.menus.refresh()

    def copy(self) -> None:
        """Put the reading, kept or under the cursor, on the clipboard as text."""
        spot = self._kept or self._spot
        text = "" if spot is None else self._text(spot)
        if text:
            QGuiApplication.clipboard().setText(text)
            self._window.companions.measures.say("Copied what is read there")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc over the slide lets go, and does whatever else it does."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self._let_go()
        return super().eventFilter(watched, event)

    def close(self) -> None:
        """Follow no more."""
        self._pace.close()

    @Slot(object)
    def _follow_first(self, place: Point | None) -> None:
        self.follow(self._window.session, self._window.canvas, place)

    @Slot()
    def _let_go(self) -> None:
        if self._kept is not None:
            canvas, self._kept = self._kept.canvas, None
            self._panel.show_kept(False)
            self._read(self._spot, canvas)
            self._window.menus.refresh()

    @Slot()
    def _forget_map(self) -> None:
        self._let_go()
        self._read_again()

    @Slot()
    def _forget_place(self) -> None:
        """Another slide: nobody knows yet what is under the cursor."""
        self._let_go()
        self._spot = None
        self._pace.tell()

    @Slot(int, int)
    def _read_block(self, row: int, col: int) -> None:
        """A block has arrived: read it where it lies under the cursor."""
        spot = self._kept or self._spot
        grids = self._window.session.grids
        if spot is None or grids is None or spot.display is not self._window.session:
            return
        if grids.block_region(row, col).contains(spot.place):
            self._read_again()

    @Slot()
    def _read_again(self) -> None:
        spot = self._kept or self._spot
        if spot is not None:
            self._read(spot, spot.canvas)

    def _read(self, spot: Spot | None, canvas: SlideCanvas) -> None:
        """Mark on the slide what is known, and show it in the panel, at once."""
        self._mark(spot, canvas)
        self._show_reading()

    @Slot()
    def _show_place(self) -> None:
        """Say where the cursor is, whatever is kept."""
        spot = self._spot
        self._window.status.show_place(None if spot is None else spot.place, None if spot is None else spot.display.mpp)

    @Slot()
    def _show_reading(self) -> None:
        """Show in the panel what is known; a panel that nobody sees asks when it comes up."""
        if self._panel.isVisible():
            spot = self._kept or self._spot
            shown = (self._window.session, None) if spot is None else (spot.display, spot.place)
            self._window.docks.show_place(*shown)

    def _mark(self, spot: Spot | None, canvas: SlideCanvas) -> None:
        if spot is None or spot.display.grids is None or spot.display.layers is None:
            canvas.set_probe(None)
            return
        marks = probe_marks(spot.display.grids, spot.place, tuple(look.letter for look in spot.display.layers.classes))
        if marks is not None and self.keeps:
            marks = replace(marks, text=f"{marks.text} · kept" if marks.text else "kept")
        canvas.set_probe(marks)

    def _reads(self, spot: Spot) -> bool:
        grids = spot.display.grids
        return grids is not None and spot.display.layers is not None and grids.cell_at(spot.place) is not None

    def _text(self, spot: Spot) -> str:
        display = spot.display
        grids, stack, slide, found = display.grids, display.layers, display.slide, display.cluster_map
        reading = None if grids is None or stack is None else read_at(grids, stack, spot.place)
        if reading is None or stack is None or slide is None or found is None:
            return ""
        named = {thing: str((found.attributes.get(thing) or {}).get("name", "")) for thing in ("model", "clustering")}
        return reading_text(reading, stack, spot.place, display.mpp, {"slide": slide.name, **named})
