"""Link: two canvases that look at the same place, whichever of them is moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.registration import SAME, Registration
from wsiview.scene.viewport import Viewport

_SAME_SCALE = 1e-6
"""Scales that differ by less show the same pixels: then the one that the tiles were made for is kept."""


class Link(QObject):
    """Moves one canvas after the other.

    Signals
    -------
    changed()
        Linked or not, or by another registration.
    """

    changed = Signal()

    def __init__(self, first: SlideCanvas, second: SlideCanvas, parent: QObject | None = None) -> None:
        """Link nothing until told so."""
        super().__init__(parent)
        self._first, self._second = first, second
        self._on = False
        self._registration = SAME
        self._moving = False
        self._seen = {canvas: canvas.viewport for canvas in (first, second)}
        first.view_changed.connect(self._take_first)
        second.view_changed.connect(self._take_second)

    @property
    def on(self) -> bool:
        """Whether the two move together."""
        return self._on

    @property
    def registration(self) -> Registration:
        """How the slides of the two lie upon each other."""
        return self._registration

    def set_on(self, on: bool, leader: SlideCanvas | None = None) -> None:
        """Move the two together from now on, after one has come to the leader (by default the first); or each alone."""
        self._on = on
        if leader is self._second:
            self._follow_second(leader.viewport)
        else:
            self._follow_first(self._first.viewport)
        self.changed.emit()

    def set_registration(self, registration: Registration) -> None:
        """Take the slides to lie otherwise; the second comes to where the first is."""
        self._registration = registration
        self._follow_first(self._first.viewport)
        self.changed.emit()

    @contextmanager
    def still(self) -> Iterator[None]:
        """While something else is done to one of the canvases, the other does not follow."""
        before, self._moving = self._moving, True
        try:
            yield
        finally:
            self._moving = before

    @Slot(object)
    def _take_first(self, view: Viewport) -> None:
        if self._moved(self._first, view):
            self._follow_first(view)

    @Slot(object)
    def _take_second(self, view: Viewport) -> None:
        if self._moved(self._second, view):
            self._follow_second(view)

    def _moved(self, canvas: SlideCanvas, view: Viewport) -> bool:
        """Whether a view shows something else than before, not merely more or less on another number of pixels."""
        before, self._seen[canvas] = self._seen[canvas], view
        return view != before.resized(view.size)

    def _follow_first(self, view: Viewport) -> None:
        self._lead(self._second, self._registration.view_of_second(view))

    def _follow_second(self, view: Viewport) -> None:
        self._lead(self._first, self._registration.view_of_first(view))

    def _lead(self, canvas: SlideCanvas, view: Viewport) -> None:
        if not self._on or self._moving or self._first.slide is None or self._second.slide is None:
            return
        scale, now = view.downsample, canvas.viewport.downsample
        if abs(scale - now) < _SAME_SCALE * now:
            view = replace(view, downsample=now)
        with self.still():
            canvas.follow(view)
