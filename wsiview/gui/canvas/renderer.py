"""Renderer: keeps the picture that a view is painted from, and says what is to be seen in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPainter

from wsiview.cache import Cache
from wsiview.gui.canvas.comparison import Comparison
from wsiview.gui.canvas.overlay import NOTHING, OverlayLayer
from wsiview.gui.canvas.picture import Picture
from wsiview.gui.canvas.slide_layer import SlideLayer
from wsiview.gui.canvas.supply import Supply
from wsiview.gui.canvas.tile_loader import TileLoader
from wsiview.gui.canvas.tile_source import TileSource
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.plane import Appearance, appearance
from wsiview.scene.viewport import Viewport
from wsiview.scene.visible_tiles import view_window
from wsiview.slide.slide import Slide


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
        self._view: Viewport | None = None
        self._ratio = 1.0
        self._supply = Supply(self.picture, self._appearance, self)
        for signal, mine in (
            (self._supply.changed, self.changed), (self._supply.sharp, self.sharp),
            (self._supply.base_changed, self.base_changed),
            (self._supply.mishaps.bad_tiles, self.bad_tiles), (self._supply.mishaps.trouble, self.trouble),
        ):  # fmt: skip
            signal.connect(mine)

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
        return self._supply.is_sharp

    @property
    def is_bare(self) -> bool:
        """Whether no tile of what is in view is there yet."""
        return self._supply.is_bare

    @property
    def loader(self) -> TileLoader:
        """The threads that read and draw, and what they have still to do."""
        return self._supply.loader

    @property
    def tally(self) -> Tally:
        """What is waited for and kept; cheap, and waits for nobody."""
        slide, loader, bad = self.slide, self.loader, 0
        caches: list[tuple[str, Cache[Any, Any]]] = []
        if slide is not None:
            caches += [("Slide", slide.tiles), ("Tiles of the file", slide.source.tiles.decoded)]
            bad = len(slide.source.tiles.bad)
        caches += [("Layers", self.overlay.tiles), ("Second layers", self.picture.other.tiles)]
        held = tuple((name, cache.nbytes, cache.limit) for name, cache in caches)
        return Tally(loader.waiting, loader.late, loader.dropped, bad, held)

    @property
    def idle(self) -> bool:
        """Whether nothing is waited for, be it in view or not."""
        return self._supply.idle

    def set_slide(self, slide: Slide | None, mpp: float | None = None) -> None:
        """Show another slide; what is still read from the former one is forgotten."""
        self._view = None
        self._supply.forget()
        self.picture.set_slide(None if slide is None else SlideLayer(TileSource(slide)))
        self.mpp = mpp if mpp is not None or slide is None or slide.mpp is None else slide.mpp[0]
        self.changed.emit()

    def replace_source(self, slide: Slide) -> None:
        """Read the same slide in another way from now on; what is on screen stays until it has been read anew."""
        if self.slide is None:
            self.set_slide(slide)
            return
        self.slide.replace_source(TileSource(slide))
        self._supply.read_anew()

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
            self._supply.layers_changed()

    def predictions_changed(self) -> None:
        """Draw all overlays anew."""
        for layer in self.picture.layers:
            layer.changed(None)
        self._supply.layers_changed()

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
            self._supply.layers_changed()
            self.changed.emit()

    def set_curtain(self, share: float | None) -> None:
        """Show the first stack left of a share of the width and the second right of it; None: one alone."""
        if share != self.picture.curtain:
            self.picture.curtain = share
            self._supply.layers_changed()
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
        self._view = view
        if before is None or before.size != view.size:
            self.picture.make_room(view_window(view))
        self._supply.look(view, focus, pan, zooming)

    def look_again(self) -> None:
        """Read what was not there yet, or not whole; what is known to be unreadable is left as it is."""
        if self.slide is not None:
            self.slide.doubt_bad()
            self._supply.request()

    def retry_bad_tiles(self) -> None:
        """Read unreadable tiles again, since the file may be back."""
        self._supply.try_again()

    def paint(self, painter: QPainter, view: Viewport) -> None:
        """Paint a view in device pixels, its corner at the painter's origin."""
        self.picture.paint(painter, view)

    def close(self) -> None:
        """End the worker threads; returns once they have ended, or hang."""
        self._supply.stop()
        self.loader.close()

    def abandon(self) -> None:
        """Let the worker threads end by themselves, after what they are reading."""
        self._supply.stop()
        self.loader.close(patience=0.0)

    def _set_stack(self, layer: OverlayLayer, stack: LayerStack) -> None:
        if stack == layer.stack:
            return
        for key in layer.set_stack(stack, self._supply.visible):
            self.picture.spoil(key.window, layer)
        self._supply.layers_changed()
        self.changed.emit()

    def _forget_overlays(self) -> None:
        for layer in self.picture.layers:
            layer.forget()
        self._overlay_changed()

    def _overlay_changed(self) -> None:
        self.picture.spoil()
        self._supply.layers_changed()
        self.changed.emit()

    def _appearance(self, downsample: float) -> Appearance:
        return appearance(downsample, self.mpp, self._ratio)
