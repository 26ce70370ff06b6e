"""Slide view: a widget that looks at a slide with its overlays, and tells what it shows."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QCloseEvent, QImage, QPainter
from PySide6.QtWidgets import QWidget

from wsiview.geometry import Region, Size
from wsiview.gui.canvas.comparison import Comparison
from wsiview.gui.canvas.hud import Hud
from wsiview.gui.canvas.renderer import Renderer, Tally
from wsiview.gui.canvas.view_widget import ViewWidget
from wsiview.gui.timers import single_shot
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.legend import Legend, legend, of_other_map, side_by_side
from wsiview.scene.probe import ProbeMarks
from wsiview.scene.synthetic import remark_on
from wsiview.scene.viewport import Viewport
from wsiview.slide.slide import Slide

_MOMENT_MS = 33


class SlideView(ViewWidget):
    """Keeps the pictures of one slide, its map and its legend; a child paints them.

    Signals
    -------
    slide_shown(Slide | None)
        Another slide is shown, whole.
    bad_tiles(int), trouble(str), sharp(), base_changed()
        As of the renderer.
    """

    slide_shown = Signal(object)
    bad_tiles = Signal(int)
    trouble = Signal(str)
    sharp = Signal()
    base_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start without a slide."""
        super().__init__(parent)
        self._renderer = Renderer(self)
        for name in ("bad_tiles", "trouble", "sharp", "base_changed"):
            getattr(self._renderer, name).connect(getattr(self, name))
        self._renderer.changed.connect(self._show_changes)
        self._moment = single_shot(self, _MOMENT_MS, self.update, precise=True)
        self._hud = Hud()
        self._slide: Slide | None = None
        # Nobody may forget to end the threads: they end with the widget.
        self.destroyed.connect(self._renderer.close)

    # What is shown

    @property
    def slide(self) -> Slide | None:
        """The slide shown."""
        return self._slide

    @property
    def grids(self) -> MapGrids | None:
        """The map shown."""
        return self._renderer.overlay.grids

    @property
    def layers(self) -> LayerStack:
        """The layers shown."""
        return self._renderer.overlay.stack

    @property
    def comparison(self) -> Comparison:
        """What is shown of the second stack."""
        return self._renderer.comparison

    @property
    def legend(self) -> Legend | None:
        """The legend shown."""
        return self._hud.legend

    @property
    def probe(self) -> ProbeMarks | None:
        """The marks shown."""
        return self._hud.probe

    @property
    def mpp(self) -> float | None:
        """µm per level-0 pixel, None while unknown."""
        return self._renderer.mpp

    @property
    def is_sharp(self) -> bool:
        """Whether everything in view is as sharp as it gets."""
        return self._renderer.is_sharp

    @property
    def tally(self) -> Tally:
        """What is waited for and kept."""
        return self._renderer.tally

    @property
    def dimensions(self) -> Size | None:
        """Level-0 pixels of the slide."""
        return None if self._slide is None else self._slide.dimensions

    @property
    def fitting_region(self) -> Region | None:
        """The whole slide, or the part of it that was scanned."""
        if self._slide is None:
            return None
        size = self._slide.dimensions
        return self._slide.bounds or Region(0, 0, size.width, size.height)

    @property
    def base(self) -> QImage | None:
        """A picture of all that was scanned, filled in as it is read."""
        return None if self._renderer.slide is None else self._renderer.slide.base

    @property
    def base_region(self) -> Region | None:
        """The level-0 rectangle that the base shows."""
        return None if self._renderer.slide is None else self._renderer.slide.base_window.region

    def set_slide(self, slide: Slide | None, mpp: float | None = None) -> None:
        """Show another slide, whole and upright; the map is taken off.

        The caller closes slides, after showing another one or None.
        `mpp` overrides the slide's own µm per level-0 pixel.
        """
        self._slide = slide
        self._hud.probe, self._hud.remark = None, "" if slide is None else remark_on(slide.name)
        self._renderer.set_slide(slide, mpp)
        self._show_legend()
        self._fit(self._view.righted())
        self.base_changed.emit()
        self.slide_shown.emit(slide)

    def replace_source(self, slide: Slide) -> None:
        """Read from another slide of the same dimensions, such as one with levels built for it; the view stays.

        The caller closes the former slide after this.
        """
        self._slide = slide
        self._renderer.replace_source(slide)

    def set_mpp(self, mpp: float | None) -> None:
        """Say how large a level-0 pixel is."""
        self._renderer.set_mpp(mpp)

    def set_grids(self, grids: MapGrids | None) -> None:
        """Lay another map over the slide."""
        self._renderer.set_grids(grids)
        self._show_legend()

    def grids_changed(self, row: int, col: int) -> None:
        """One block of the map has arrived: paint it."""
        self._renderer.grids_changed(row, col)

    def predictions_changed(self) -> None:
        """The model's scores have changed: paint them."""
        self._renderer.predictions_changed()

    def set_layers(self, stack: LayerStack) -> None:
        """Show other layers."""
        self._renderer.set_stack(stack)
        self._show_legend()
        self.update()

    def set_other_layers(self, stack: LayerStack | None) -> None:
        """Prepare a second stack of layers behind the first, to show instead of it or beside it; None: no more."""
        self._renderer.set_other_stack(stack)
        self._show_legend()

    def set_other_grids(self, grids: MapGrids | None) -> None:
        """Let the second stack show another map; None: the same map as the first, as after `set_grids`."""
        self._renderer.set_other_grids(grids)
        self._show_legend()

    def show_other(self, on: bool) -> None:
        """Show the second stack instead of the first."""
        self._renderer.show_other(on)
        self._show_legend()

    def set_curtain(self, share: float | None) -> None:
        """Show the first stack left of this share (0–1) of the width and the second right of it; None: no curtain."""
        self._renderer.set_curtain(share)
        self._show_legend()

    def set_probe(self, marks: ProbeMarks | None) -> None:
        """Draw cell, receptive field and label region, or nothing."""
        if marks != self._hud.probe:
            self._hud.probe = marks
            self.update()

    def legend_covers(self, position: QPointF) -> bool:
        """Whether the legend lies at a screen position."""
        return self._hud.covers(position.x(), position.y())

    def picture(self) -> QImage:
        """Slide and overlays as they are on screen now, device pixels; without what lies on them."""
        size = self._view.size
        image = QImage(size.width, size.height, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        self._renderer.paint(painter, self._view)
        painter.end()
        return image

    def look_again(self) -> None:
        """Read what was not there yet when it was last read."""
        self._renderer.look_again()

    def retry_bad_tiles(self) -> None:
        """Read unreadable tiles again."""
        self._renderer.retry_bad_tiles()

    def shutdown(self) -> None:
        """End the worker threads; showing a slide starts them again."""
        self._moment.stop()
        self._renderer.close()

    def prepare(self, view: Viewport, moved: tuple[float, float]) -> None:
        """Ask for the tiles of a view."""
        ratio = self.pixel_ratio
        focus = None if self._cursor is None else (self._cursor.x() * ratio, self._cursor.y() * ratio)
        self._renderer.look(view, ratio, focus, moved, self._zooming)

    def show_view(self, moved: tuple[float, float]) -> None:
        """Paint it at once; after a jump, of which nothing is there yet, with what comes within a moment."""
        if self._zooming or moved != (0.0, 0.0) or not self._renderer.is_bare:
            self.update()
        elif not self._moment.isActive():
            self._moment.start()

    def _show_changes(self) -> None:
        self._moment.stop()
        self.update()

    def _show_legend(self) -> None:
        first, other = _legend_of(self.layers, self.grids), self.comparison
        if other.shown or other.curtain is not None:
            second = _legend_of(other.stack, other.grids)
            second = second if other.grids is self.grids else of_other_map(second)
            self._hud.set_legend(second if other.curtain is None else side_by_side(first, second))
        else:
            self._hud.set_legend(first)
        self.update()

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the worker threads."""
        self.shutdown()
        super().closeEvent(event)


def _legend_of(stack: LayerStack, grids: MapGrids | None) -> Legend | None:
    name, note = stack.influence_shown, ""
    if grids is not None and name is not None and not grids.has_declared_scale(name):
        note = "Influence is scaled by this map alone."
    return None if grids is None else legend(stack, note)
