"""Renderer: keeps the pictures that a view is painted from, and asks the workers for those that are missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QTransform

from wsiview.errors import WsiviewError
from wsiview.gui.canvas.comparison import Comparison
from wsiview.gui.canvas.mishaps import Mishaps
from wsiview.gui.canvas.overlay import OverlayLayer, OverlayTile
from wsiview.gui.canvas.slide_layer import SlideLayer, SlideTile, slide_tile
from wsiview.gui.canvas.tile_loader import Request, TileLoader
from wsiview.gui.canvas.tile_source import TileSource
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.plane import appearance
from wsiview.scene.schedule import Schedule, schedule
from wsiview.scene.viewport import Viewport
from wsiview.scene.visible_tiles import TILE, TileKey, view_window
from wsiview.slide.slide import Slide

SETTLE_MS = 60
"""Sharp tiles of a new scale are asked for this long after the last zoom step."""


@dataclass(frozen=True, slots=True)
class _Key:
    """What a request is for: kind "slide", "base", "overlay" or "other", of the slide with that number."""

    kind: str
    number: int
    tile: TileKey


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
        self.slide: SlideLayer | None = None
        self.overlay, self.other = OverlayLayer(), OverlayLayer()
        self._shows_other = False
        self._curtain: float | None = None
        self.mpp: float | None = None
        self._number = 0
        self._view: Viewport | None = None
        self._ratio = 1.0
        self._focus: tuple[float, float] | None = None
        self._pan = (0.0, 0.0)
        self._asked: tuple[float, ...] = ()
        self._was_sharp = False
        self._mishaps = Mishaps(self)
        self._mishaps.bad_tiles.connect(self.bad_tiles)
        self._mishaps.trouble.connect(self.trouble)
        self._mishaps.due.connect(self.retry_bad_tiles)
        self._loader = TileLoader(self)
        self._loader.loaded.connect(self._take)
        self._loader.failed.connect(self._refused)
        self._settle = self._timer(SETTLE_MS, self._request)
        self._soon = self._timer(0, self._request)

    def _timer(self, interval: int, call: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval)
        timer.timeout.connect(call)
        return timer

    @property
    def is_sharp(self) -> bool:
        """Whether everything in view is as sharp as it gets."""
        if self.slide is None or self._view is None:
            return True
        if self._settle.isActive() or self._soon.isActive():
            return False
        visible = self._plan(self._view, self.slide).visible
        shown = self._shown_layers()
        return not any(self._lacks_slide(key) or any(_lacks(layer, key) for layer in shown) for key in visible)

    def set_slide(self, slide: Slide | None, mpp: float | None = None) -> None:
        """Show another slide; what is still read from the former one is forgotten."""
        self._number += 1
        self._asked = ()
        self._loader.want(())
        self.slide = None if slide is None else SlideLayer(TileSource(slide))
        self.mpp = mpp if mpp is not None or slide is None or slide.mpp is None else slide.mpp[0]
        self._view = None
        for layer in (self.overlay, self.other):
            layer.set_grids(None)
        self._mishaps.forget()
        self.changed.emit()

    def replace_source(self, slide: Slide) -> None:
        """Read the same slide in another way from now on; what is on screen stays until it has been read anew."""
        if self.slide is None:
            self.set_slide(slide)
            return
        self._number += 1
        self._loader.want(())
        self.slide.replace_source(TileSource(slide))
        self._mishaps.forget()
        self._request()

    def set_mpp(self, mpp: float | None) -> None:
        """Say how large a level-0 pixel is."""
        self.mpp = mpp
        for layer in (self.overlay, self.other):
            layer.forget()
        self._overlay_changed()

    def set_grids(self, grids: MapGrids | None) -> None:
        """Show another map over the slide, in both stacks."""
        for layer in (self.overlay, self.other):
            layer.set_grids(grids)
        self._overlay_changed()

    def set_other_grids(self, grids: MapGrids | None) -> None:
        """Let the second stack show another map than the first; None: the same again."""
        self.other.set_grids(self.overlay.grids if grids is None else grids)
        self._overlay_changed()

    def grids_changed(self, row: int, col: int) -> None:
        """Draw anew what one block touches."""
        grids = self.overlay.grids
        if grids is not None:
            for layer in self._layers_of(grids):
                layer.changed(grids.block_region(row, col))
            self._overlay_changed()

    def predictions_changed(self) -> None:
        """Draw all overlays anew."""
        for layer in (self.overlay, self.other):
            layer.changed(None)
        self._overlay_changed()

    def set_stack(self, stack: LayerStack) -> None:
        """Show other layers."""
        if stack != self.overlay.stack:
            self.overlay.set_stack(stack)
            self._overlay_changed()

    def set_other_stack(self, stack: LayerStack | None) -> None:
        """Prepare a second stack behind the first; None gives it up."""
        stack = LayerStack(()) if stack is None else stack
        if stack != self.other.stack:
            self.other.set_stack(stack)
            self._overlay_changed()

    def show_other(self, on: bool) -> None:
        """Show the second stack instead of the first."""
        if on != self._shows_other:
            self._shows_other = on
            self._overlay_changed()

    def set_curtain(self, share: float | None) -> None:
        """Show the first stack left of a share of the width and the second right of it; None: one alone."""
        if share != self._curtain:
            self._curtain = share
            self._overlay_changed()

    @property
    def comparison(self) -> Comparison:
        """What is shown of the second stack."""
        return Comparison(self.other.stack, self.other.grids, self._shows_other, self._curtain)

    def look(
        self,
        view: Viewport,
        pixel_ratio: float = 1.0,
        focus: tuple[float, float] | None = None,
        pan: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Say what is in view; sharp tiles of another scale are asked for once zooming has stopped."""
        before, slide = self._view, self.slide
        if slide is None:
            return
        scaled = before is not None and before.downsample != view.downsample
        if before is not None and scaled:
            slide.remember(view_window(before))
            for layer in (self.overlay, self.other):
                layer.remember(view_window(before), slide.dimensions)
        if pixel_ratio != self._ratio:
            for layer in (self.overlay, self.other):
                layer.forget()
            self._asked = ()
        self._view, self._ratio, self._focus, self._pan = view, pixel_ratio, focus, pan
        window = view_window(view)
        slide.make_room(window)
        for layer in (self.overlay, self.other):
            layer.make_room(window)
        if scaled or self._settle.isActive():
            self._was_sharp = False
            self._settle.start()
        elif self._asked != self._span(view):
            self._request()  # else the same tiles are in view, and those that are missing are on their way

    @property
    def idle(self) -> bool:
        """Whether nothing is queued or being read."""
        return self._loader.idle and not self._soon.isActive() and not self._settle.isActive()

    @property
    def caches(self):
        own = [layer.tiles for layer in (self.overlay, self.other)]
        return [*own, self.slide.tiles, self.slide.source._decoded] if self.slide else own

    def forget(self) -> None:
        if self.slide is not None:
            self.slide.tiles.clear()
            self.slide.source._decoded.clear()
            self.slide.backdrop = None
            self.overlay.forget()
            self._asked = ()
            self._overlay_changed()

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
        self.slide.source.try_again()
        self.slide.doubt_bad()
        self._request()

    def paint(self, painter: QPainter, view: Viewport) -> None:
        """Paint a view in device pixels, its corner at the painter's origin."""
        if self.slide is None:
            return
        layers = self._shown_layers()
        if len(layers) == 1:
            self._paint_layer(painter, view, layers[0], self.slide)
            return
        parts = self.comparison.parts(self.overlay.stack, view.size.width, view.size.height)
        for layer, (_, part) in zip(layers, parts, strict=True):
            painter.save()
            painter.setClipRect(part, Qt.ClipOperation.IntersectClip)
            self._paint_layer(painter, view, layer, self.slide)
            painter.restore()

    def _paint_layer(self, painter: QPainter, view: Viewport, layer: OverlayLayer, slide: SlideLayer) -> None:
        """The slide and one stack over it."""
        window = view_window(view)
        if view.upright:
            slide.paint(painter, window)
            layer.paint(painter, window, slide.dimensions)
            return
        # Turned pictures are put together upright and turned once, or their tiles would part at the seams.
        upright = QImage(window.width, window.height, QImage.Format.Format_RGB32)
        inner = QPainter(upright)
        slide.paint(inner, window)
        layer.paint(inner, window, slide.dimensions)
        inner.end()
        to = view.to_device
        step = window.downsample
        x, y = to.apply(window.x * step, window.y * step)
        painter.save()
        painter.setTransform(QTransform(to.a * step, to.c * step, to.b * step, to.d * step, x, y), combine=True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, view.rotation % 90 != 0)
        painter.drawImage(0, 0, upright)
        painter.restore()

    def close(self) -> None:
        """End the worker threads; returns once they have ended."""
        for timer in (self._settle, self._soon, self._mishaps):
            timer.stop()
        self._loader.close()

    def _overlay_changed(self) -> None:
        self._was_sharp = False
        if self.slide is not None and not self._settle.isActive():
            self._soon.start()  # blocks arrive in bursts
        self.changed.emit()

    def _span(self, view: Viewport) -> tuple[float, ...]:
        """Which tiles are in view, and whither the view moves."""
        window = view_window(view)
        right, bottom = (window.x + window.width - 1) // TILE, (window.y + window.height - 1) // TILE
        ahead = float(np.sign(self._pan[0])), float(np.sign(self._pan[1]))
        return (window.downsample, view.rotation, window.x // TILE, window.y // TILE, right, bottom, *ahead)

    def _plan(self, view: Viewport, slide: SlideLayer) -> Schedule:
        return schedule(view, slide.dimensions, slide.base_downsample, self._focus, self._pan)

    def _lacks_slide(self, key: TileKey) -> bool:
        return self.slide is not None and self.slide.needs(key) and key not in self._mishaps.failed

    def _layers_of(self, grids: MapGrids) -> tuple[OverlayLayer, ...]:
        """Those that show a map."""
        return tuple(layer for layer in (self.overlay, self.other) if layer.grids is grids)

    def _shown_layers(self) -> tuple[OverlayLayer, ...]:
        if self._curtain is not None:
            return self.overlay, self.other
        return (self.other,) if self._shows_other else (self.overlay,)

    def _request(self) -> None:
        slide, view = self.slide, self._view
        if slide is None or view is None:
            return
        self._asked = self._span(view)
        plan = self._plan(view, slide)
        requests: list[Request] = []
        for key in plan.visible:
            requests += self._requests_for(slide, key)
        base = [
            self._slide_request("base", slide, key)
            for key in sorted(slide.base_missing - self._mishaps.failed, key=lambda key: (key.row, key.col))
        ]
        requests = base + requests if slide.base_is_cheap else requests + base
        # What is only likely to be wanted fills the queue once nothing in view is missing.
        requests += [self._slide_request("slide", slide, key) for key in plan.parents if self._lacks_slide(key)]
        shown = self._shown_layers()
        hidden = tuple(layer for layer in (self.overlay, self.other) if layer not in shown)
        for key in plan.visible:
            requests += self._overlay_requests(key, hidden)
        for key in plan.ring:
            requests += self._requests_for(slide, key)
        self._loader.want(requests)
        self._tell_sharp()

    def _requests_for(self, slide: SlideLayer, key: TileKey) -> list[Request]:
        requests = [self._slide_request("slide", slide, key)] if self._lacks_slide(key) else []
        return requests + self._overlay_requests(key, self._shown_layers())

    def _overlay_requests(self, key: TileKey, layers: tuple[OverlayLayer, ...]) -> list[Request]:
        look = appearance(key.downsample, self.mpp, self._ratio)
        return [
            Request(_Key("other" if layer is self.other else "overlay", self._number, key), layer.work(key, look))
            for layer in layers
            if _lacks(layer, key)
        ]

    def _slide_request(self, kind: str, slide: SlideLayer, key: TileKey) -> Request:
        source = slide.source

        def read(wanted: Callable[[], bool]) -> SlideTile:
            return slide_tile(source.render(key.window, wanted))

        return Request(_Key(kind, self._number, key), read)

    def _take(self, key: _Key, result: SlideTile | OverlayTile) -> None:
        if key.number != self._number or self.slide is None:
            return
        if isinstance(result, OverlayTile):
            layer = self.other if key.kind == "other" else self.overlay
            layer.take(key.tile, result)
            if layer.needs(key.tile):
                self._soon.start()  # what it shows changed while it was drawn
        elif key.kind == "base":
            self.slide.take_base(key.tile, result)
            self.base_changed.emit()
        else:
            self.slide.take(key.tile, result)
            if not result.bad:
                self._mishaps.went_well(self.slide.source)
        self._mishaps.count(self.slide.source)
        self.changed.emit()
        self._tell_sharp()

    def _refused(self, key: _Key, error: WsiviewError) -> None:
        if key.number != self._number or self.slide is None:
            return
        self._mishaps.refused(key.tile, str(error))
        self._tell_sharp()

    def _tell_sharp(self) -> None:
        sharp = self.is_sharp
        if sharp and not self._was_sharp:
            self._was_sharp = True
            self.sharp.emit()
        self._was_sharp = sharp


def _lacks(layer: OverlayLayer, key: TileKey) -> bool:
    return layer.visible and layer.needs(key)
