"""Couple: the two views side by side, and what goes on between them: link, points, the cursor's mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wsiview.geometry import Point
from wsiview.gui.canvas.letters import Letters
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.peek import Peek
from wsiview.gui.second.aligning import Aligning
from wsiview.gui.second.link import Link
from wsiview.gui.second.marks import CursorMark
from wsiview.gui.second.pairing import Pairing
from wsiview.gui.second.second_display import SecondDisplay
from wsiview.gui.second.second_pane import SecondPane
from wsiview.gui.spoken import Spoken
from wsiview.slide.slide import Slide

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Couple(QObject):
    """Built when the second view is first opened."""

    def __init__(self, window: MainWindow, display: SecondDisplay, pane: SecondPane) -> None:
        """Connect the two; the link is still off."""
        super().__init__(pane)
        self._window, self._display, self.pane = window, display, pane
        first, second = window.canvas, pane.canvas
        self._first, self.canvas = first, second
        self.link = Link(first, second, self)
        self.pairing = Pairing(window.session, display, self.link, first, second)
        self.aligning = Aligning(first, second, self)
        self._marks = CursorMark(first), CursorMark(second)
        self._was_linked = False
        self._equip(second)
        self.link.changed.connect(self._show_link)
        self.aligning.ended.connect(self._link_again)
        self.aligning.aligned.connect(self.pairing.align)
        display.slide_changed.connect(self._show_slide)
        display.scale_changed.connect(self._meet)
        first.hovered.connect(self._follow_first)
        second.hovered.connect(self._follow_second)
        second.view_changed.connect(window.companions.whereabouts.refresh)

    def _equip(self, canvas: SlideCanvas) -> None:
        """Give the second canvas what the first one has: lens, count of bad tiles, measures, words, keys, letters."""
        companions, display = self._window.companions, self._display
        companions.lens.attach(canvas)
        companions.unreadable.attach(canvas)
        companions.measures.attach(canvas, lambda: display.mpp)
        display.scale_changed.connect(companions.measures.refresh)
        Spoken(display, canvas)
        Peek(display, canvas)
        companions.comparing.attach(display, canvas)
        self.letters = Letters(canvas)
        display.block_arrived.connect(self.letters.block_arrived)

    def align(self) -> None:
        """Ask for points; each view moves alone meanwhile."""
        if not self.aligning.running:
            self._was_linked = self.link.on
            self.link.set_on(False)
            self.aligning.start()

    def forget_cursor(self) -> None:
        """Show it in no view."""
        for mark in self._marks:
            mark.show_at(None)

    @Slot(object)
    def _show_slide(self, slide: Slide | None) -> None:
        with self.link.still():
            self.pane.show_slide(slide)
        self._meet()

    @Slot()
    def _meet(self) -> None:
        self.aligning.cancel()
        if self._display.slide is not None:
            self.pairing.meet()

    @Slot()
    def _link_again(self) -> None:
        self.link.set_on(self._was_linked)

    @Slot()
    def _show_link(self) -> None:
        self.pane.buttons.show_link(linked=self.link.on, can_align=self.pairing.of_two_slides)
        self._window.menus.refresh()

    @Slot(object)
    def _follow_first(self, place: Point | None) -> None:
        seen = place is not None and self.link.on and self.canvas.slide is not None
        self._marks[1].show_at(self.link.registration.in_second(place) if seen and place is not None else None)

    @Slot(object)
    def _follow_second(self, place: Point | None) -> None:
        seen = place is not None and self.link.on
        self._marks[0].show_at(self.link.registration.in_first(place) if seen and place is not None else None)
        self._window.companions.reading.follow(self._display, self.canvas, place)
