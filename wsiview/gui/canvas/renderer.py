"""Renderer: keeps the picture that a view is painted from, and asks the workers for what it lacks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QPainter

from wsiview.errors import WsiviewError
from wsiview.gui.canvas.comparison import Comparison
from wsiview.gui.canvas.lack import Lack, Wish
from wsiview.gui.canvas.mishaps import Mishaps
from wsiview.gui.canvas.overlay import NOTHING, Drawing, OverlayLayer
from wsiview.gui.canvas.overlay_tile import OverlayTile
from wsiview.gui.canvas.picture import Picture
from wsiview.gui.canvas.slide_layer import SlideLayer, SlideTile
from wsiview.gui.canvas.tile_cache import TileCache
from wsiview.gui.canvas.tile_loader import THREADS, TileLoader
from wsiview.gui.canvas.tile_source import TileSource
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.plane import Appearance, appearance
from wsiview.scene.schedule import Schedule, schedule
from wsiview.scene.viewport import Viewport
from wsiview.scene.visible_tiles import TILE, TileKey, view_window
from wsiview.slide.slide import Slide

SETTLE_MS = 60
"""Sharp tiles of a new scale are asked for this long after the last step of a wheel or a pinch."""
_FRAME_MS = 33
"""Tiles that arrive one by one are shown together, so long after the first of them at most."""
_BESIDE = max(1, min(THREADS, (os.cpu_count() or 1) - 1))
"""Threads that read while the slide is dragged, which leave a processor to the window."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts for who wants to know how a picture comes about.

    Parameters
    ----------
    waiting, late, dropped
        Tiles that are wanted and not there; that came when nobody wanted them; that were given up before anything was
        done for them.
    bad
        Tiles of the file that can't be read.
    caches
        Of each its name, and the bytes it holds and may hold.
    """

    waiting: int
    late: int
    dropped: int
    bad: int
    caches: tuple[tuple[str, int, int], ...]


class Renderer(QObject):
    """Everything behind a picture of a slide, for a window or for an export.

    Signals
    -------
    changed()
        The picture would now look different.
    sharp()
        Everything in view is as sharp as it gets.
    base_changed()
        More of the picture of the whole slide is there.
    bad_tiles(int)
        So many tiles of the file could not be read.
    trouble(str)
        A sentence about a slide that fails in another way.
    """

    changed = Signal()
    sharp = Signal()
    base_changed = Signal()
    bad_tiles = Signal(int)
    trouble = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        """Start without a slide."""
        super().__init__(parent)
        self.picture = Picture()
        self.mpp: float | None = None
        self._number = 0
        self._view: Viewport | None = None
        self._ratio = 1.0
        self._focus: tuple[float, float] | None = None
        self._ahead = (0, 0)
        self._asked: tuple[float, ...] = ()
        self._plan = Schedule((), (), ())
        self._visible: frozenset[TileKey] = frozenset()
        self._lacking: set[Wish] = set()
        self._was_sharp = self._base_came = self._came = False
        self._mishaps = Mishaps(self)
        self._mishaps.bad_tiles.connect(self.bad_tiles)
        self._mishaps.trouble.connect(self.trouble)
        self._mishaps.due.connect(self.retry_bad_tiles)
        self.loader = TileLoader(self)
        self.loader.loaded.connect(self._take)
        self.loader.failed.connect(self._refused)
        self.loader.delivered.connect(self._arrive)
        self._settle = self._timer(SETTLE_MS, self._request)
        self._soon = self._timer(0, self._request)
        self._pause = self._timer(_FRAME_MS, self._show_arrivals)

    def _timer(self, interval: int, call: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval)
        timer.timeout.connect(call)
        return timer

    @property
    def slide(self) -> SlideLayer | None:
        """The slide shown."""
        return self.picture.slide

    @property
    def overlay(self) -> OverlayLayer:
        """The first stack."""
        return self.picture.overlay

    @property
    def comparison(self) -> Comparison:
        """What is shown of the second stack."""
        return self.picture.comparison

    @property
    def is_sharp(self) -> bool:
        """Whether everything in view is as sharp as it gets."""
        if self.slide is None or self._view is None:
            return True
        return not (self._lacking or self._settle.isActive() or self._soon.isActive())

    @property
    def tally(self) -> Tally:
        """What is waited for and kept; cheap, and waits for nobody."""
        slide, loader, bad = self.slide, self.loader, 0
        caches: list[tuple[str, TileCache[Any, Any]]] = []
        if slide is not None:
            caches += [("Slide", slide.tiles), ("Tiles of the file", slide.source.tiles.decoded)]
            bad = len(slide.source.tiles.bad)
        caches += [("Layers", self.overlay.tiles), ("Second layers", self.picture.other.tiles)]
        held = tuple((name, cache.nbytes, cache.limit) for name, cache in caches)
        return Tally(loader.waiting, loader.late, loader.dropped, bad, held)

    @property
    def idle(self) -> bool:
        """Whether nothing is waited for, be it in view or not."""
        return self.loader.idle and not self._settle.isActive() and not self._soon.isActive()

    def set_slide(self, slide: Slide | None, mpp: float | None = None) -> None:
        """Show another slide; what is still read from the former one is forgotten."""
        self._number += 1
        self._asked, self._lacking = (), set()
        self.loader.want(())
        self.picture.set_slide(None if slide is None else SlideLayer(TileSource(slide)))
        self.mpp = mpp if mpp is not None or slide is None or slide.mpp is None else slide.mpp[0]
        self._view = None
        self._mishaps.forget()
        self.changed.emit()

    def replace_source(self, slide: Slide) -> None:
        """Read the same slide in another way from now on; what is on screen stays until it has been read anew."""
        if self.slide is None:
            self.set_slide(slide)
            return
        self._number += 1
        self.loader.want(())
        self.slide.replace_source(TileSource(slide))
        self._mishaps.forget()
        self._request()

    def set_mpp(self, mpp: float | None) -> None:
        """Say how large a level-0 pixel is."""
        if mpp != self.mpp:
            self.mpp = mpp
            self._forget_overlays()

    def set_grids(self, grids: MapGrids | None) -> None:
        """Show another map over the slide, in both stacks."""
        for layer in self.picture.layers:
            layer.set_grids(grids)
        self._overlay_changed()

    def set_other_grids(self, grids: MapGrids | None) -> None:
        """Let the second stack show another map than the first; None: the same again."""
        self.picture.other.set_grids(self.overlay.grids if grids is None else grids)
        self._overlay_changed()

    def grids_changed(self, row: int, col: int) -> None:
        """Draw anew what one block touches."""
        grids = self.overlay.grids
        if grids is not None:
            for layer in self.picture.layers:
                if layer.grids is grids:
                    layer.changed(grids.block_region(row, col))
            self._overlay_lacks()

    def predictions_changed(self) -> None:
        """Draw all overlays anew."""
        for layer in self.picture.layers:
            layer.changed(None)
        self._overlay_lacks()

    def set_stack(self, stack: LayerStack) -> None:
        """Show other layers."""
        self._set_stack(self.overlay, stack)

    def set_other_stack(self, stack: LayerStack | None) -> None:
        """Prepare a second stack behind the first; None gives it up."""
        self._set_stack(self.picture.other, NOTHING if stack is None else stack)
        if stack is None:
            self.picture.release(self.picture.other)

    def show_other(self, on: bool) -> None:
        """Show the second stack instead of the first."""
        if on != self.picture.shows_other:
            self.picture.shows_other = on
            self._overlay_lacks()
            self.changed.emit()

    def set_curtain(self, share: float | None) -> None:
        """Show the first stack left of a share of the width and the second right of it; None: one alone."""
        if share != self.picture.curtain:
            self.picture.curtain = share
            self._overlay_lacks()
            self.changed.emit()

    def look(
        self,
        view: Viewport,
        pixel_ratio: float = 1.0,
        focus: tuple[float, float] | None = None,
        pan: tuple[float, float] = (0.0, 0.0),
        zooming: bool = False,
    ) -> None:
        """Say what is in view; while a gesture is `zooming`, sharp tiles are asked for once it has paused."""
        before, slide = self._view, self.slide
        if slide is None:
            return
        if before is not None and before.downsample != view.downsample:
            self.picture.remember(view_window(before))
        if pixel_ratio != self._ratio:
            self._ratio = pixel_ratio
            self._forget_overlays()
        self._view, self._focus = view, focus
        self._ahead = _ahead(self._ahead, pan)
        if before is None or before.size != view.size:
            self.picture.make_room(view_window(view))
        if zooming and before is not None and (before.downsample != view.downsample or self._settle.isActive()):
            self._was_sharp = False
            self._settle.start()
        elif self._asked != self._span(view):
            self._request()  # else the same tiles are in view, and those that are missing are on their way

    def look_again(self) -> None:
        """Read what was not there yet, or not whole; what is known to be unreadable is left as it is."""
        if self.slide is not None:
            self.slide.doubt_bad()
            self._request()

    def retry_bad_tiles(self) -> None:
        """Read unreadable tiles again, since the file may be back."""
        if self.slide is None:
            return
        self._mishaps.failed.clear()
        self.slide.source.tiles.try_again()
        self.slide.doubt_bad()
        self._request()

    def paint(self, painter: QPainter, view: Viewport) -> None:
        """Paint a view in device pixels, its corner at the painter's origin."""
        self.picture.paint(painter, view)

    def close(self) -> None:
        """End the worker threads; returns once they have ended, or hang."""
        self._rest()
        self.loader.close()

    def abandon(self) -> None:
        """Let the worker threads end by themselves, after what they are reading."""
        self._rest()
        self.loader.close(patience=0.0)

    def _rest(self) -> None:
        for timer in (self._settle, self._soon, self._pause, self._mishaps):
            timer.stop()
        self._lacking = set()

    # Layers

    def _set_stack(self, layer: OverlayLayer, stack: LayerStack) -> None:
        if stack == layer.stack:
            return
        for key in layer.set_stack(stack, self._plan.visible):
            self.picture.spoil(key.window, layer)
        self._overlay_lacks()
        self.changed.emit()

    def _forget_overlays(self) -> None:
        for layer in self.picture.layers:
            layer.forget()
        self._overlay_changed()

    def _overlay_changed(self) -> None:
        self.picture.spoil()
        self._overlay_lacks()
        self.changed.emit()

    def _overlay_lacks(self) -> None:
        """Ask for what layers lack now, soon: blocks arrive in bursts."""
        if self.slide is None or self._view is None:
            return
        self._lacking = self._lack().visible(self._plan.visible)
        if not self._settle.isActive() and (self._lacking or not self.loader.idle or self._prepares()):
            self._was_sharp = False
            self._soon.start()

    def _prepares(self) -> bool:
        """Whether a stack that is not seen lacks anything."""
        layers = [layer for layer in self.picture.layers if layer not in self.picture.shown and layer.visible]
        return any(layer.needs(key) for layer in layers for key in self._plan.visible)

    # Tiles

    def _span(self, view: Viewport) -> tuple[float, ...]:
        """Which tiles are in view, and whither the view moves."""
        window = view_window(view)
        right, bottom = (window.x + window.width - 1) // TILE, (window.y + window.height - 1) // TILE
        return (window.downsample, view.rotation, window.x // TILE, window.y // TILE, right, bottom, *self._ahead)

    def _lack(self) -> Lack:
        return Lack(self.picture, self._number, self._mishaps.failed, self._appearance)

    def _appearance(self, downsample: float) -> Appearance:
        return appearance(downsample, self.mpp, self._ratio)

    def _request(self) -> None:
        slide, view = self.slide, self._view
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
        if self.slide is not None:
            self.slide.keep(keys)
        for layer in self.picture.shown:
            layer.keep(keys)

    def _take(self, wish: Wish, result: SlideTile | tuple[Drawing, OverlayTile]) -> None:
        slide = self.slide
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
                self._mishaps.went_well(slide.source.tiles)
        exact = wish.tile in self._visible and wish.kind == "slide"
        if exact or (self._lacking and (wish.kind == "base" or wish.tile in self._plan.parents)):
            self.picture.spoil(wish.tile.window)  # coarser pictures are seen where finer ones are missing
            self._came = True
        self._lacking.discard(wish)

    def _take_overlay(self, wish: Wish, drawn: tuple[Drawing, OverlayTile]) -> None:
        layer = self.picture.other if wish.kind == "other" else self.overlay
        layer.take(wish.tile, drawn)
        if wish.tile in self._visible:
            self.picture.spoil(wish.tile.window, layer)
            self._came = self._came or layer in self.picture.shown
        if layer.needs(wish.tile):
            self._soon.start()  # what it shows changed while it was drawn
        else:
            self._lacking.discard(wish)

    def _refused(self, wish: Wish, error: WsiviewError) -> None:
        if wish.number != self._number or self.slide is None:
            return
        self._lacking.discard(wish)
        self._mishaps.refused(wish.tile, str(error))

    def _arrive(self) -> None:
        """Show the last of what is in view at once, and what comes before together."""
        if self.slide is not None:
            self._mishaps.count(self.slide.source.tiles)
        self._tell_sharp()
        if self.is_sharp:
            self._pause.stop()
            self._show_arrivals()
        elif not self._pause.isActive():
            self._pause.start()

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
