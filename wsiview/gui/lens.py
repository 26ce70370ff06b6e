"""Lens: what slides are looked at through: levels built for them, and their colours; what computes never sees it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Slot

from wsiview.errors import WsiviewError
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.messages import Weight
from wsiview.gui.overviews import Overviews
from wsiview.gui.session import Session
from wsiview.slide.slide import Slide, SlideVanished


class Lens(QObject):
    """Gives canvases that show a slide the same slide as it is best looked at.

    Parameters
    ----------
    session
        Is told what went wrong.
    """

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        """Look at nothing yet."""
        super().__init__(parent)
        self._session = session
        self._shown: dict[SlideCanvas, Slide] = {}
        self.overviews = Overviews(self)
        self.overviews.changed.connect(self._show_anew)
        self.overviews.grown.connect(self._look_again)
        self.overviews.failed.connect(self._tell)

    def attach(self, canvas: SlideCanvas) -> None:
        """Look after what this canvas shows, from now on."""
        canvas.slide_shown.connect(partial(self._meet, canvas))
        canvas.view_changed.connect(lambda _: self.overviews.make_way())

    def through(self, slide: Slide) -> Slide:
        """A slide as it is looked at; everything but its levels and colours is its own."""
        return self.overviews.built(slide) or slide

    def close(self) -> None:
        """End what runs."""
        self.overviews.close()

    def _meet(self, canvas: SlideCanvas, slide: Slide | None) -> None:
        if slide is None:
            self._shown.pop(canvas, None)
        else:
            self._shown[canvas] = slide
        self.overviews.want(list(dict.fromkeys(self._shown.values())))
        if slide is not None and (seen := self.through(slide)) is not slide:
            canvas.replace_source(seen)

    @Slot(object)
    def _show_anew(self, slide: Slide) -> None:
        for canvas, shown in self._shown.items():
            if shown is slide:
                canvas.replace_source(self.through(slide))

    @Slot(object)
    def _look_again(self, slide: Slide) -> None:
        for canvas, shown in self._shown.items():
            if shown is slide:
                canvas.look_again()

    @Slot(object)
    def _tell(self, error: Exception) -> None:
        if isinstance(error, SlideVanished):
            return  # which the slide's watch tells, and when it is back
        reason = str(error) if isinstance(error, WsiviewError) else f"The overview can't be prepared ({error})."
        self._session.tell(reason, Weight.WARNING)
