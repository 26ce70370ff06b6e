"""Field walk: from the place where a class is strongest to the next one, and on to the next slide."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wsiview.gui.canvas.captions import Captions, Part
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.display import Display
from wsiview.gui.jobs import Job
from wsiview.scene.fields import Field, class_fields
from wsiview.scene.plane import ASSUMED_MPP
from wsiview.scene.viewport import Viewport

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

COARSEST = 1.0
"""µm per screen pixel, 10×: fields are looked at that closely at least."""
NEXT_SLIDE = "next_slide"
"""The action that is offered after the last field, where there is such an action."""

_Wish = tuple[object, int, float, float]
"""Map, class, downsample and threshold: what fields belong together."""


class FieldWalk(QObject):
    """Finds the fields of the class that is described on a worker, and leads one canvas to them."""

    def __init__(self, window: MainWindow, display: Display, canvas: SlideCanvas, captions: Captions) -> None:
        """Lead nowhere yet."""
        super().__init__(canvas)
        self._window, self._display, self._canvas, self._captions = window, display, canvas, captions
        self._way, self._side = 1, 0.0
        self._wish: _Wish | None = None
        self._at: Field | None = None  # where the walk is
        self._led: Viewport | None = None  # what it last made the canvas show
        self._job = Job(self)
        self._job.succeeded.connect(self._take)
        canvas.view_changed.connect(self._follow)
        display.map_changed.connect(self._forget)

    def go(self, way: int) -> None:
        """To the next field (1) or to the one before (-1), of what is computed by now."""
        display, canvas = self._display, self._canvas
        grids, stack = display.grids, display.layers
        if grids is None or stack is None or canvas.dimensions is None:
            return
        index, downsample = display.selected, self._downsample(canvas.viewport, canvas.pixel_ratio)
        threshold = stack.classes[index].threshold
        wish = (grids, index, downsample, threshold)
        if wish != self._wish:  # a window that changes its size walks on
            self._wish, self._at = wish, None
            self._side = min(canvas.viewport.size.width, canvas.viewport.size.height) * downsample
        self._way, side = way, self._side
        self._job.start(lambda progress: class_fields(grids, index, (side, side), threshold))

    def close(self) -> None:
        """End the worker."""
        self._job.close()

    def _downsample(self, view: Viewport, pixel_ratio: float) -> float:
        """The present scale, or 10× where that is coarser."""
        mpp = self._display.mpp
        return min(view.downsample, COARSEST / (mpp[0] if mpp is not None else ASSUMED_MPP) / pixel_ratio)

    @Slot(object)
    def _take(self, fields: tuple[Field, ...]) -> None:
        display = self._display
        if display.layers is None or self._wish is None or display.grids is not self._wish[0]:
            return
        look = display.layers.classes[self._wish[1]]
        name = f"Class {look.letter}" + (f" ({look.name})" if look.name else "")
        if not fields:
            so_far = " so far" if self._grows else ""
            self._say(f"{name} is nowhere the strongest class and above its threshold on this slide{so_far}.")
            return
        number, wrapped = _next(fields, self._at, self._way)
        if wrapped and self._way > 0:
            ending = "There is no other field" if len(fields) == 1 else f"That was the last of {len(fields)} fields"
            self._say(f"{ending} of {name[:1].lower()}{name[1:]} on this slide; the strongest is shown again.")
        self._at = fields[number]
        self._lead(self._at)
        self._captions.say("field", Part(f"{name}: field {number + 1} of {len(fields)}"))

    @property
    def _grows(self) -> bool:
        """Whether the map that is walked is still being computed."""
        session = self._window.session
        return session.computing and session.grids is self._display.grids

    def _lead(self, field: Field) -> None:
        canvas = self._canvas
        view = canvas.viewport
        scale = self._downsample(view, canvas.pixel_ratio)
        canvas.set_viewport(replace(view, center=field.region.center, downsample=scale))
        self._led = canvas.viewport

    def _say(self, sentence: str) -> None:
        window = self._window
        here = self._canvas is window.canvas  # the next slide would be shown there
        usable = here and NEXT_SLIDE in window.menus.actions and window.menus.actions[NEXT_SLIDE].isEnabled()
        window.session.tell(sentence, offer=NEXT_SLIDE if usable else "")

    @Slot(object)
    def _follow(self, view: Viewport) -> None:
        """A reader who looks elsewhere is in no field any more; a window of another size changes nothing."""
        if self._led is not None and (view.center, view.downsample) != (self._led.center, self._led.downsample):
            self._silence()

    def _silence(self) -> None:
        self._captions.say("field")

    @Slot(object)
    def _forget(self, grids: object) -> None:
        self._job.cancel()
        self._wish = self._at = self._led = None
        self._silence()


def _next(fields: tuple[Field, ...], at: Field | None, way: int) -> tuple[int, bool]:
    """The number of the field to go to, and whether the walk went round; `fields` may be others than when it began."""
    if at is None:
        return (0 if way > 0 else len(fields) - 1), False
    here = next((number for number, one in enumerate(fields) if one.region == at.region), None)
    if here is None:  # more of the map is there by now: go on by strength
        stronger = sum(one.score >= at.score for one in fields)
        here = stronger - 1 if way > 0 else stronger
    number = here + way
    return number % len(fields), not 0 <= number < len(fields)
