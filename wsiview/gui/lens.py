"""Lens: what slides are looked at through: levels built for them, and their colours; what computes never sees it.

It also knows which slides are in view, and so whose files are to be watched.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from wsiview.errors import WsiviewError
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.messages import Weight
from wsiview.gui.overviews import Overviews
from wsiview.gui.session import Session
from wsiview.gui.slide_watch import SlideWatch
from wsiview.slide.color import MEANING, ColoredSlide, srgb_transform
from wsiview.slide.slide import Slide, SlideVanished
from wsiview.slide.watched_slide import Presence, SlideReplaced


class Lens(QObject):
    """Gives canvases that show a slide the same slide as it is best looked at.

    Parameters
    ----------
    session
        Is told what went wrong; its preferences remember whose colours are wanted.

    Signals
    -------
    colors_changed(bool)
        Whether slides are shown in the colours of their ICC profiles.
    shown(SlideCanvas, Slide | None)
        A canvas shows another slide.
    moved()
        The view of a canvas moves, with every frame of a gesture.
    """

    shown = Signal(object, object)
    moved = Signal()
    colors_changed = Signal(bool)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        """Look at nothing yet."""
        super().__init__(parent)
        self._session, self._closed = session, False
        self._shown: dict[SlideCanvas, Slide] = {}
        self._colored: dict[int, ColoredSlide] = {}
        self._told_of: set[bytes] = set()
        self.colors = session.preferences.icc_colors()
        self.overviews, self.watch = Overviews(self), SlideWatch(self)
        self.overviews.changed.connect(self._show_anew)
        self.overviews.grown.connect(self._look_again)
        self.overviews.failed.connect(self._tell)

    def attach(self, canvas: SlideCanvas) -> None:
        """Look after what this canvas shows, from now on."""
        canvas.slide_shown.connect(partial(self._meet, canvas))
        canvas.view_changed.connect(lambda _: self.overviews.make_way())
        canvas.view_changed.connect(lambda _: self.moved.emit())
        canvas.trouble.connect(partial(self._take_trouble, canvas))

    @property
    def slides(self) -> tuple[Slide, ...]:
        """Those in view, as their files have them."""
        return tuple(dict.fromkeys(self._shown.values()))

    def canvases(self, slide: Slide) -> tuple[SlideCanvas, ...]:
        """Those that show a slide."""
        return tuple(canvas for canvas, shown in self._shown.items() if shown is slide)

    def is_there(self, canvas: SlideCanvas) -> bool:
        """Whether the file of what a canvas shows is, as far as is known, within reach and the one that was opened."""
        self.watch.glance()
        slide = self._shown.get(canvas)
        return slide is None or self.watch.presence(slide) is Presence.THERE

    def through(self, slide: Slide) -> Slide:
        """A slide as it is looked at; everything but its levels and colours is its own."""
        seen: Slide = self.overviews.built(slide) or slide
        if not self.colors or slide.icc_profile is None:
            return seen
        transform = srgb_transform(slide.icc_profile)
        if transform.fault:
            return seen
        known = self._colored.get(id(slide))
        if known is None or known.inner is not seen:
            known = self._colored[id(slide)] = ColoredSlide(seen, transform)
        return known

    def set_colors(self, on: bool) -> None:
        """Show slides in the colours of their ICC profiles, or as their files have them; remembered."""
        self.colors = on
        self._session.preferences.set_icc_colors(on)
        for slide in self.slides:
            if slide.icc_profile is not None:
                self._tell_fault(slide)
                self._show_anew(slide)
        self.colors_changed.emit(on)

    def colors_of(self, slide: Slide) -> str:
        """What is to be said of the colours in which a slide is seen; nothing where it has no profile."""
        if slide.icc_profile is None:
            return ""
        applied = self.colors and not srgb_transform(slide.icc_profile).fault
        return f"ICC profile applied ({MEANING})" if applied else "as stored, ICC profile not applied"

    def read_anew(self, slide: Slide) -> None:
        """Forget what could not be read of a slide, whose file is back."""
        self._show_anew(slide)
        self.overviews.try_again()

    def close(self) -> None:
        """End what runs."""
        self._closed = True
        self.overviews.close()
        self.watch.close()

    def _meet(self, canvas: SlideCanvas, slide: Slide | None) -> None:
        if slide is None:
            self._shown.pop(canvas, None)
        else:
            self._shown[canvas] = slide
        if self._closed:
            return
        ids = {id(one) for one in self.slides}
        self._colored = {key: colored for key, colored in self._colored.items() if key in ids}
        self.watch.watch(self.slides)
        self.overviews.want(self.slides)
        if slide is not None:
            self._tell_fault(slide)
            if (seen := self.through(slide)) is not slide:
                canvas.replace_source(seen)
        self.shown.emit(canvas, slide)

    @Slot(object)
    def _show_anew(self, slide: Slide) -> None:
        for canvas in self.canvases(slide):
            canvas.replace_source(self.through(slide))

    @Slot(object)
    def _look_again(self, slide: Slide) -> None:
        for canvas in self.canvases(slide):
            canvas.look_again()

    def _tell_fault(self, slide: Slide) -> None:
        """Say once of a profile that it can't be used, if it is wanted."""
        profile = slide.icc_profile
        if not self.colors or profile is None or profile in self._told_of:
            return
        if fault := srgb_transform(profile).fault:
            self._told_of.add(profile)
            sentence = f"The ICC profile of {slide.name} can't be used ({fault}); its colours are shown as they are."
            self._session.tell(sentence, Weight.WARNING)

    def _take_trouble(self, canvas: SlideCanvas, sentence: str) -> None:
        """Pass on what a canvas could not read, unless the file's own fate says it better."""
        if self.is_there(canvas):
            self._session.tell(sentence, Weight.ERROR)

    @Slot(object)
    def _tell(self, error: Exception) -> None:
        if isinstance(error, SlideVanished | SlideReplaced):
            return  # which is told of the slide itself, and when it is back
        reason = str(error) if isinstance(error, WsiviewError) else f"The overview can't be prepared ({error})."
        self._session.tell(reason, Weight.WARNING)
