"""Unreadable: how many tiles of the slides in view can't be read, counted in the status line and told once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.messages import Weight

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

MANY = 5
"""So many of one slide are worth a sentence."""


class Unreadable(QObject):
    """Listens to canvases; a slide that is shown twice is counted once."""

    def __init__(self, window: MainWindow) -> None:
        """Listen to the first canvas."""
        super().__init__(window)
        self._window = window
        self._counts: dict[str, dict[SlideCanvas, int]] = {}  # by the slide's fingerprint
        self.attach(window.canvas)

    def attach(self, canvas: SlideCanvas) -> None:
        """Listen to one more canvas."""
        canvas.bad_tiles.connect(partial(self._take, canvas))
        canvas.slide_shown.connect(lambda _: self._turn_page(canvas))

    def _take(self, canvas: SlideCanvas, count: int) -> None:
        slide = canvas.slide
        if slide is None:
            return
        counts = self._counts.setdefault(slide.fingerprint, {})
        before = max(counts.values(), default=0)
        counts[canvas] = count
        after = max(counts.values())
        self._show()
        sentence = f"Several tiles of {slide.name} can't be read; they are hatched."
        # Tiles arrive together, so the count may leap over any number.
        if before < MANY <= after:
            # Asking may find the file back, and everything to be read anew.
            there = self._window.companions.lens.is_there(canvas)
            if there and counts.get(canvas, 0) >= MANY:
                self._window.session.tell(sentence, Weight.WARNING)
        elif after < MANY <= before:
            self._take_back(sentence)

    def _take_back(self, sentence: str) -> None:
        """They could be read after all, as when a file is back that was away for a moment."""
        banner = self._window.banner
        if banner.message is not None and banner.message.text == sentence:
            banner.dismiss()

    def _turn_page(self, canvas: SlideCanvas) -> None:
        """Another slide is shown, or none: what a canvas said of the one before counts no more."""
        for counts in self._counts.values():
            counts.pop(canvas, None)
        self._counts = {slide: counts for slide, counts in self._counts.items() if counts}
        self._show()

    def _show(self) -> None:
        self._window.status.show_bad_tiles(sum(max(counts.values()) for counts in self._counts.values()))
