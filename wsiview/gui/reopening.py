"""Reopening: says when a slide's file went away, came back or was replaced, and opens it again, view kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QKeySequence

from wsiview.geometry import Size
from wsiview.gui.canvas.slide_canvas import SlideCanvas
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
        self._left: dict[tuple[Path, Size], Viewport] = {}
        self._lens.watch.changed.connect(self._tell)
        self._lens.shown.connect(self._return)

    def reopen(self) -> None:
        """Open a slide's file again: one that was replaced, else that of the view with the keys.

        A slide of the same size is shown where one was looking.
        """
        window, watch = self._window, self._lens.watch
        replaced = [slide for slide in self._lens.slides if watch.presence(slide) is Presence.REPLACED]
        slide = replaced[0] if replaced else window.active_display.slide
        if slide is None or not self._lens.canvases(slide):
            return
        self._left = {(slide.path, slide.dimensions): self._lens.canvases(slide)[0].viewport}
        if slide is window.session.slide:
            window.session.open_slide(slide.path)
        else:
            window.companions.second.show_slide(slide.path)

    @Slot(object, object)
    def _return(self, canvas: SlideCanvas, slide: Slide | None) -> None:
        view = self._left.pop((slide.path, slide.dimensions), None) if slide is not None else None
        if view is not None:
            canvas.set_viewport(view)

    @Slot(object, object)
    def _tell(self, slide: Slide, presence: Presence) -> None:
        session, gone = self._window.session, _gone(slide)
        if presence is Presence.GONE:
            session.tell(gone, Weight.ERROR)
            return
        self._take_back(gone)
        if presence is Presence.REPLACED:
            key = self._window.menus.actions["reopen"].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            sentence = f"{slide.path.name} was replaced while it was open; press {key} to open it again."
            session.tell(sentence, Weight.WARNING, "reopen")
            return
        self._lens.read_anew(slide)

    def _take_back(self, sentence: str) -> None:
        banner = self._window.banner
        if banner.message is not None and banner.message.text == sentence:
            banner.dismiss()


def _gone(slide: Slide) -> str:
    return (
        f"{slide.path.name} can't be reached any more; check the disk or the network: "
        "the slide goes on by itself when the file is back."
    )
