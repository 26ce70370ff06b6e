"""Reopening: says when a slide's file went away, came back or was replaced, and opens it again, view kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wsiview.geometry import Size
from wsiview.gui.lens import Lens
from wsiview.gui.messages import Weight
from wsiview.scene.viewport import Viewport
from wsiview.slide.slide import Slide
from wsiview.slide.watched_slide import Presence

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Reopening(QObject):
    """Speaks for the lens's watch, in one sentence, and takes it back when all is well again."""

    def __init__(self, window: MainWindow, lens: Lens) -> None:
        """Listen."""
        super().__init__(window)
        self._window, self._lens = window, lens
        self._left: tuple[Path, Size, Viewport] | None = None
        self._lens.watch.changed.connect(self._tell)
        window.canvas.slide_shown.connect(self._return)

    def reopen(self) -> None:
        """Open the slide's file again; a slide of the same size is shown where one was looking."""
        slide = self._window.session.slide
        if slide is not None:
            self._left = slide.path, slide.dimensions, self._window.canvas.viewport
            self._window.session.open_slide(slide.path)

    @Slot(object)
    def _return(self, slide: Slide | None) -> None:
        left, self._left = self._left, None
        if slide is not None and left is not None and left[:2] == (slide.path, slide.dimensions):
            self._window.canvas.set_viewport(left[2])

    @Slot(object, object)
    def _tell(self, slide: Slide, presence: Presence) -> None:
        session, gone = self._window.session, _gone(slide)
        if presence is Presence.GONE:
            session.tell(gone, Weight.ERROR)
            return
        self._take_back(gone)
        if presence is Presence.REPLACED:
            sentence = f"{slide.path.name} was replaced while it was open; press F9 to open it again."
            session.tell(sentence, Weight.WARNING, "reopen")
            return
        for canvas in self._lens.canvases(slide):
            canvas.retry_bad_tiles()
        self._lens.overviews.try_again()

    def _take_back(self, sentence: str) -> None:
        banner = self._window.banner
        if banner.message is not None and banner.message.text == sentence:
            banner.dismiss()


def _gone(slide: Slide) -> str:
    return (
        f"{slide.path.name} can't be reached any more; check the disk or the network: "
        "the slide goes on by itself when the file is back."
    )
