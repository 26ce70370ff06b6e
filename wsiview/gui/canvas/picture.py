"""Picture: a slide with its overlays as it is painted, from one frame for each stack of layers."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QPainter

from wsiview.geometry import Size
from wsiview.gui.canvas.comparison import Comparison
from wsiview.gui.canvas.frame import Frame
from wsiview.gui.canvas.overlay import OverlayLayer
from wsiview.gui.canvas.slide_layer import SlideLayer
from wsiview.scene.turn import Turn
from wsiview.scene.viewport import Viewport
from wsiview.scene.visible_tiles import Window, device_window, tiles_in, view_window

_LARGEST_FRAME = 16 << 20
"""Pixels: more than any screen has; larger pictures, for files, are put together in bands."""


class Picture:
    """What lies over each other, and which of the two stacks is seen where; lives on the window's thread."""

    def __init__(self) -> None:
        """Start with nothing to paint."""
        self.slide: SlideLayer | None = None
        self.overlay, self.other = OverlayLayer(), OverlayLayer()
        self.shows_other = False
        self.curtain: float | None = None
        self._frames = {layer: Frame(partial(self._compose, layer)) for layer in self.layers}

    @property
    def layers(self) -> tuple[OverlayLayer, OverlayLayer]:
        """Both stacks."""
        return self.overlay, self.other

    @property
    def shown(self) -> tuple[OverlayLayer, ...]:
        """The stacks that are seen, from left to right."""
        if self.curtain is not None:
            return self.layers
        return (self.other,) if self.shows_other else (self.overlay,)

    @property
    def comparison(self) -> Comparison:
        """What is shown of the second stack."""
        return Comparison(self.other.stack, self.other.grids, self.shows_other, self.curtain)

    def set_slide(self, slide: SlideLayer | None) -> None:
        """Show another slide, without a map."""
        self.slide = slide
        for layer in self.layers:
            layer.set_grids(None)
            self._frames[layer].release()

    def spoil(self, window: Window | None = None, layer: OverlayLayer | None = None) -> None:
        """A window of the slide looks different, in both stacks or in one; None: everything does."""
        for each in self.layers if layer is None else (layer,):
            self._frames[each].spoil(window)

    def release(self, layer: OverlayLayer) -> None:
        """Nobody looks at this stack for now."""
        self._frames[layer].release()

    def remember(self, window: Window) -> None:
        """Keep what is on screen to stand in at another scale."""
        if self.slide is not None:
            self.slide.remember(window)
            for layer in self.shown:
                layer.remember(window, self.slide.dimensions)

    def make_room(self, window: Window) -> None:
        """Let all caches hold what a view of this size needs."""
        if self.slide is not None:
            self.slide.make_room(window)
        for layer in self.layers:
            layer.make_room(window)

    def paint(self, painter: QPainter, view: Viewport) -> None:
        """Paint a view in device pixels, its corner at the painter's origin."""
        if self.slide is None:
            return
        parts = self.comparison.parts(self.overlay.stack, view.size.width, view.size.height)
        for layer, (_, part) in zip(self.shown, parts, strict=True):
            self._paint_part(painter, view, self._frames[layer], part.toRect())

    def _paint_part(self, painter: QPainter, view: Viewport, frame: Frame, part: QRect) -> None:
        turn = Turn.of(view)
        if turn is None:
            painter.save()
            painter.setClipRect(part, Qt.ClipOperation.IntersectClip)
            frame.show_at_angle(painter, view, view_window(view))
            painter.restore()
            return
        whole, window = view.size, device_window(view, turn)
        band = max(1, min(whole.height, _LARGEST_FRAME // whole.width))
        for y in range(0, part.height(), band):
            rows = min(band, part.height() - y)
            piece = Window(window.downsample, window.x + part.x(), window.y + y, part.width(), rows)
            frame.show(painter, QPoint(part.x(), y), piece, turn, Size(whole.width, band))

    def _compose(self, layer: OverlayLayer, painter: QPainter, window: Window) -> None:
        if self.slide is not None:
            keys = tiles_in(window, self.slide.dimensions)
            self.slide.paint(painter, window, keys)
            layer.paint(painter, window, keys)
