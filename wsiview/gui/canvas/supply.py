"""Supply: has the tiles brought that a picture lacks, those first that are looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Signal

from wsiview.errors import WsiviewError
from wsiview.gui.canvas.lack import Lack, Wish
from wsiview.gui.canvas.mishaps import Mishaps
from wsiview.gui.canvas.overlay import Drawing
from wsiview.gui.canvas.overlay_tile import OverlayTile
from wsiview.gui.canvas.picture import Picture
from wsiview.gui.canvas.slide_layer import SlideTile
from wsiview.gui.canvas.tile_loader import THREADS, TileLoader
from wsiview.gui.timers import single_shot
from wsiview.heap import Slack
from wsiview.scene.plane import Appearance
from wsiview.scene.schedule import Schedule, schedule
from wsiview.scene.viewport import Viewport
from wsiview.scene.visible_tiles import TILE, TileKey, view_window

_SETTLE_MS = 60
"""Sharp tiles of a new scale are asked for this long after the last step of a wheel or a pinch."""
_FRAME_MS = 33
"""Tiles that arrive one by one are shown together, so long after the first of them at most."""
_BESIDE = max(1, min(THREADS, (os.cpu_count() or 1) - 1))
"""Threads that read while the slide is dragged, which leave a processor to the window."""

_SLACK = 32 << 20
"""Bytes that drawing may leave behind, unused, between tiles that are kept."""


class Supply(QObject):
    """What workers do for one picture.

    Parameters
    ----------
    picture
        Which tiles are put into.
    appearance
        How large screen pixels are at a downsample.

    Signals
    -------
    changed(), sharp(), base_changed()
        As of the renderer.
    """

    changed = Signal()
    sharp = Signal()
    base_changed = Signal()

    def __init__(self, picture: Picture, appearance: Callable[[float], Appearance], parent: QObject) -> None:
        """Ask for nothing yet."""
        super().__init__(parent)
        self._picture, self._appearance = picture, appearance
        self._number = 0
        self._view: Viewport | None = None
        self._focus: tuple[float, float] | None = None
        self._ahead = (0, 0)
        self._asked: tuple[float, ...] = ()
        self._plan = Schedule((), (), ())
        self._visible: frozenset[TileKey] = frozenset()
        self._lacking: set[Wish] = set()
        self._slack = Slack(_SLACK)
        self._was_sharp = self._base_came = self._came = False
        self.mishaps = Mishaps(self)
        self.mishaps.due.connect(self.try_again)
        self.loader = TileLoader(self)
        self.loader.loaded.connect(self._take)
        self.loader.failed.connect(self._refused)
        self.loader.delivered.connect(self._arrive)
        self._settle = single_shot(self, _SETTLE_MS, self.request)
        self._soon = single_shot(self, 0, self.request)
        self._pause = single_shot(self, _FRAME_MS, self._show_arrivals)

    @property
    def visible(self) -> tuple[TileKey, ...]:
        """The tiles in view, as they were last asked for."""
        return self._plan.visible

    @property
    def is_sharp(self) -> bool:
        """Whether everything in view is as sharp as it gets."""
        if self._picture.slide is None or self._view is None:
            return True
        return not (self._lacking or self._settle.isActive() or self._soon.isActive())

    @property
    def is_bare(self) -> bool:
        """Whether no tile of what is in view is there yet."""
        return 0 < len(self.visible) == sum(wish.kind == "slide" for wish in self._lacking)

    @property
    def idle(self) -> bool:
        """Whether nothing is waited for, be it in view or not."""
        return self.loader.idle and not self._settle.isActive() and not self._soon.isActive()

    def forget(self) -> None:
        """Another slide: what is still read from the former one is of no use."""
        self._asked, self._lacking, self._view = (), set(), None
        self._begin_anew()

    def read_anew(self) -> None:
        """The slide is read in another way from now on."""
        self._begin_anew()
        self.request()

    def _begin_anew(self) -> None:
        self._number += 1
        self.loader.want(())
        self.mishaps.forget()

    def look(self, view: Viewport, focus: tuple[float, float] | None, pan: tuple[float, float], zooming: bool) -> None:
        """Say what is in view; while a gesture is `zooming`, sharp tiles are asked for once it has paused."""
        before, self._view, self._focus = self._view, view, focus
        self._ahead = _ahead(self._ahead, pan)
        if self._ahead != (0, 0):
            self.loader.hold()
        if zooming and before is not None and (before.downsample != view.downsample or self._settle.isActive()):
            self._was_sharp = False
            self._settle.start()
        elif self._asked != self._span(view):
            self.request()  # else the same tiles are in view, and those that are missing are on their way

    def try_again(self) -> None:
        """Read unreadable tiles again, since the file may be back."""
        slide = self._picture.slide
        if slide is not None:
            self.mishaps.failed.clear()
            slide.source.tiles.try_again()
            slide.doubt_bad()
            self.request()

    def stop(self) -> None:
        """Ask for nothing any more; the loader is closed by whoever knows how long that may take."""
        for timer in (self._settle, self._soon, self._pause, self.mishaps):
            timer.stop()
        self._lacking = set()

    def layers_changed(self) -> None:
        """Ask for what layers lack now, soon: blocks arrive in bursts."""
        if self._picture.slide is None or self._view is None:
            return
        self._lacking = self._lack().visible(self._plan.visible)
        if not self._settle.isActive() and (self._lacking or not self.loader.idle or self._prepares()):
            self._was_sharp = False
            self._soon.start()

    def _prepares(self) -> bool:
        """Whether a stack that is not seen lacks anything."""
        layers = [layer for layer in self._picture.layers if layer not in self._picture.shown and layer.visible]
        return any(layer.needs(key) for layer in layers for key in self._plan.visible)

    def _span(self, view: Viewport) -> tuple[float, ...]:
        """Which tiles are in view, and whither the view moves."""
        window = view_window(view)
        right, bottom = (window.x + window.width - 1) // TILE, (window.y + window.height - 1) // TILE
        return (window.downsample, view.rotation, window.x // TILE, window.y // TILE, right, bottom, *self._ahead)

    def _lack(self) -> Lack:
        return Lack(self._picture, self._number, self.mishaps.failed, self._appearance)

    def request(self) -> None:
        """Ask for all that the view lacks."""
        slide, view = self._picture.slide, self._view
        if slide is None or view is None:
            return
        self._settle.stop()
        self._soon.stop()
        self._asked = self._span(view)
        self._plan = schedule(view, slide.dimensions, slide.base_downsample, self._focus, self._ahead)
        self._visible = frozenset(self._plan.visible)
        self._keep(self._plan.visible)
        lack = self._lack()
        self._lacking = lack.visible(self._plan.visible)
        self.loader.want(lack.requests(self._plan), None if self._ahead == (0, 0) else _BESIDE)
        self._tell_sharp()

    def _keep(self, keys: Iterable[TileKey]) -> None:
        if self._picture.slide is not None:
            self._picture.slide.keep(keys)
        for layer in self._picture.shown:
            layer.keep(keys)

    def _take(self, wish: Wish, result: SlideTile | tuple[Drawing, OverlayTile]) -> None:
        slide = self._picture.slide
        if slide is None:
            return
        if not isinstance(result, SlideTile):
            self._take_overlay(wish, result)
            return
        if wish.number != self._number:
            return
        if wish.kind == "base":
            slide.take_base(wish.tile, result)
            self._base_came = True
        else:
            slide.take(wish.tile, result)
            if not result.bad:
                self.mishaps.went_well(slide.source.tiles)
        exact = wish.tile in self._visible and wish.kind == "slide"
        if exact or (self._lacking and (wish.kind == "base" or wish.tile in self._plan.parents)):
            self._picture.spoil(wish.tile.window)  # coarser pictures are seen where finer ones are missing
            self._came = True
        self._lacking.discard(wish)

    def _take_overlay(self, wish: Wish, drawn: tuple[Drawing, OverlayTile]) -> None:
        layer = self._picture.other if wish.kind == "other" else self._picture.overlay
        layer.take(wish.tile, drawn)
        if wish.tile in self._visible:
            self._picture.spoil(wish.tile.window, layer)
            self._came = self._came or layer in self._picture.shown
        if layer.needs(wish.tile):
            self._soon.start()  # what it shows changed while it was drawn
        else:
            self._lacking.discard(wish)

    def _refused(self, wish: Wish, error: WsiviewError) -> None:
        if wish.number != self._number or self._picture.slide is None:
            return
        self._lacking.discard(wish)
        self.mishaps.refused(wish.tile, str(error))

    def _arrive(self) -> None:
        """Show the last of what is in view at once, and what comes before together."""
        if self._picture.slide is not None:
            self.mishaps.count(self._picture.slide.source.tiles)
        self._tell_sharp()
        if self.is_sharp:
            self._pause.stop()
            if self._came:
                self.loader.hold()  # what is read for later
            self._show_arrivals()
        elif not self._pause.isActive():
            self._pause.start()
        if self.idle and self._ahead == (0, 0):
            self._slack.check()

    def _show_arrivals(self) -> None:
        came, base_came, self._came, self._base_came = self._came, self._base_came, False, False
        if came:
            self.changed.emit()
        if base_came:
            self.base_changed.emit()

    def _tell_sharp(self) -> None:
        sharp = self.is_sharp
        if sharp and not self._was_sharp:
            self._was_sharp = True
            self.sharp.emit()
        self._was_sharp = sharp


def _ahead(before: tuple[int, int], pan: tuple[float, float]) -> tuple[int, int]:
    """Whither the slide moves, −1, 0 or 1 on each axis; one that rests for a step goes on as before."""
    (dx, dy), (was_x, was_y) = pan, before
    if not dx and not dy:
        return 0, 0
    return (dx > 0) - (dx < 0) or was_x, (dy > 0) - (dy < 0) or was_y
