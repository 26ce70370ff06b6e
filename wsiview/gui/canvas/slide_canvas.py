"""Slide canvas: the widget that shows a slide with its overlays and turns gestures into views."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget

from wsiview.geometry import Point, Region, Size
from wsiview.gui.canvas.hud import Hud
from wsiview.gui.canvas.renderer import Renderer
from wsiview.gui.canvas.tile_source import OUTSIDE
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.legend import Legend, legend
from wsiview.scene.probe import ProbeMarks
from wsiview.scene.viewport import Viewport
from wsiview.slide.slide import Slide

FINEST = 0.25
"""Level-0 pixels per device pixel at the highest zoom."""
_SMALLEST_SHARE = 2.0
"""The slide may shrink to half of what fits."""
_FIT_BORDER = 16
_KEY_ZOOM, _KEY_PAN = 1.5, 0.15


class SlideCanvas(QWidget):
    """Shows one slide.

    Signals
    -------
    view_changed(Viewport)
        Another part or scale is in view.
    hovered(Point | None)
        The level-0 place under the cursor, None when it leaves.
    clicked(Point)
        A place was clicked without dragging.
    class_toggled(int), class_soloed(int)
        A legend row was clicked; double-clicked or clicked with Alt.
    opacity_turned(float)
        The wheel was turned with Ctrl: add so much to the opacity.
    bad_tiles(int), trouble(str), sharp(), base_changed()
        As of the renderer.
    """

    view_changed = Signal(object)
    hovered = Signal(object)
    clicked = Signal(object)
    class_toggled = Signal(int)
    class_soloed = Signal(int)
    opacity_turned = Signal(float)
    bad_tiles = Signal(int)
    trouble = Signal(str)
    sharp = Signal()
    base_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start without a slide."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setAccessibleName("Slide")
        self._renderer = Renderer(self)
        for name in ("bad_tiles", "trouble", "sharp", "base_changed"):
            getattr(self._renderer, name).connect(getattr(self, name))
        self._renderer.changed.connect(self.update)
        self._hud = Hud()
        self._slide: Slide | None = None
        self._view = Viewport(Point(0, 0), 1.0, Size(1, 1))
        self._fitting = True
        self._drag: QPointF | None = None
        self._dragged = 0.0
        self._cursor: QPointF | None = None
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
    def pixel_ratio(self) -> float:
        """Device pixels per screen pixel."""
        return self.devicePixelRatioF()

    @property
    def base(self) -> QImage | None:
        """A picture of the whole slide, filled in as it is read."""
        return None if self._renderer.slide is None else self._renderer.slide.base

    def set_slide(self, slide: Slide | None, mpp: float | None = None) -> None:
        """Show another slide, whole; the map is taken off. The caller closes slides, after showing another or None.

        `mpp` overrides the slide's own µm per level-0 pixel.
        """
        self._slide = slide
        self._hud.probe = None
        self._renderer.set_slide(slide, mpp)
        self._show_legend()
        self.fit()
        self.base_changed.emit()

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

    def set_probe(self, marks: ProbeMarks | None) -> None:
        """Draw cell, receptive field and label region, or nothing."""
        if marks != self._hud.probe:
            self._hud.probe = marks
            self.update()

    def retry_bad_tiles(self) -> None:
        """Read unreadable tiles again."""
        self._renderer.retry_bad_tiles()

    def shutdown(self) -> None:
        """End the worker threads; showing a slide starts them again."""
        self._renderer.close()

    # Where one looks

    @property
    def viewport(self) -> Viewport:
        """What is in view."""
        return self._view

    def set_viewport(self, view: Viewport) -> None:
        """Look somewhere else; scale and place are kept within sensible limits, the size is the widget's own."""
        self._fitting = False
        self._show(view)

    def fit(self) -> None:
        """Show the whole slide, or the part of it that was scanned; it stays whole while the window is resized."""
        self._fitting = True
        region = self._whole()
        if region is not None:
            self._show(self._view.resized(self._device_size()).fitted(region, _FIT_BORDER * self.pixel_ratio))

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Magnify around a screen position, by default the middle."""
        ratio = self.pixel_ratio
        place = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        downsample = self._allowed(self._view.downsample / factor)
        factor = self._view.downsample / downsample
        if factor != 1:
            self.set_viewport(self._view.zoomed_at(place.x() * ratio, place.y() * ratio, factor))

    def pan(self, dx: float, dy: float) -> None:
        """Move the slide by screen pixels."""
        ratio = self.pixel_ratio
        # Whole device pixels, so that tiles are only copied.
        self._fitting = False
        moved = round(dx * ratio), round(dy * ratio)
        self._show(self._view.panned(*moved), (float(moved[0]), float(moved[1])))

    def _whole(self) -> Region | None:
        if self._slide is None:
            return None
        size = self._slide.dimensions
        return self._slide.bounds or Region(0, 0, size.width, size.height)

    def _allowed(self, downsample: float) -> float:
        """From 4 device pixels per level-0 pixel to twice as coarse as the whole slide."""
        if self._slide is None:
            return downsample
        size = self._slide.dimensions
        whole = replace(self._view, size=self._device_size()).fitted(Region(0, 0, size.width, size.height))
        return min(max(downsample, FINEST), max(_SMALLEST_SHARE * whole.downsample, 1.0))

    def _device_size(self) -> Size:
        ratio = self.pixel_ratio
        return Size(max(1, math.ceil(self.width() * ratio)), max(1, math.ceil(self.height() * ratio)))

    def _show(self, view: Viewport, moved: tuple[float, float] = (0.0, 0.0)) -> None:
        if self._slide is None:
            self._view = view
            self.update()
            return
        size, region = self._slide.dimensions, view.center
        # The middle of the view never leaves the slide, so it can't get lost.
        center = Point(min(max(region.x, 0.0), size.width), min(max(region.y, 0.0), size.height))
        view = replace(view, center=center, size=self._device_size(), downsample=self._allowed(view.downsample))
        changed, self._view = view != self._view, view
        ratio = self.pixel_ratio
        focus = None if self._cursor is None else (self._cursor.x() * ratio, self._cursor.y() * ratio)
        self._renderer.look(view, ratio, focus, moved)
        if changed:
            self.view_changed.emit(view)
        self.update()

    def _show_legend(self) -> None:
        stack, grids = self.layers, self.grids
        note = ""
        if grids is not None and stack.saliency is not None and not grids.has_declared_scale(stack.saliency):
            note = "Influence is scaled by this map alone."
        self._hud.set_legend(None if grids is None else legend(stack, note))
        self.update()

    # Events

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copy pictures; everything slow was done before, elsewhere."""
        painter = QPainter(self)
        self.paint_on(painter)
        painter.end()

    def paint_on(self, painter: QPainter) -> None:
        """Paint slide, overlays and head-up display; the painter counts in screen pixels."""
        ratio = self.pixel_ratio
        if self._renderer.slide is None:
            painter.fillRect(self.rect(), QColor(*OUTSIDE))
            return
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        self._renderer.paint(painter, self._view)
        painter.restore()
        self._hud.paint(painter, self._view, self.mpp, ratio)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the middle in the middle, or the slide whole."""
        super().resizeEvent(event)
        if self._fitting:
            self.fit()
        else:
            self._show(self._view.resized(self._device_size()))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the screen's pixel ratio."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._show(self._view.resized(self._device_size()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the worker threads."""
        self.shutdown()
        super().closeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor; two fingers on a trackpad pan; with Ctrl, turn the opacity."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        fingers = event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull()
        self._cursor = event.position()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.opacity_turned.emit(turned / 120 * 0.1)
        elif fingers:
            self.pan(event.pixelDelta().x(), event.pixelDelta().y())
        elif turned:
            self.zoom(2 ** (turned / 360), event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Pinch, on a touch screen or a trackpad."""
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom(math.exp(event.value()), event.position())
                return True
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture) and pinch.scaleFactor() > 0:
                self.zoom(pinch.scaleFactor(), QPointF(self.mapFromGlobal(pinch.hotSpot().toPoint())))
                return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to drag, or switch a class in the legend."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            super().mousePressEvent(event)
            return
        x, y = event.position().x(), event.position().y()
        if self._hud.covers(x, y):
            index = self._hud.class_at(x, y)
            if index is not None:
                alone = event.modifiers() & Qt.KeyboardModifier.AltModifier
                (self.class_soloed if alone else self.class_toggled).emit(index)
            return
        self._drag, self._dragged = event.position(), 0.0
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show one class alone; the first click of the two is taken back."""
        index = self._hud.class_at(event.position().x(), event.position().y())
        if index is not None:
            self.class_toggled.emit(index)
            self.class_soloed.emit(index)
        elif not self._hud.covers(event.position().x(), event.position().y()):
            self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the slide, and say what is under the cursor."""
        here = event.position()
        self._cursor = here
        if self._drag is not None:
            moved = here - self._drag
            dx, dy = round(moved.x()), round(moved.y())
            if dx or dy:
                self._drag += QPointF(dx, dy)
                self._dragged += abs(dx) + abs(dy)
                self.pan(dx, dy)
        covered = self._hud.covers(here.x(), here.y())
        self.hovered.emit(None if covered or self._slide is None else self.place_at(here))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag; without one it was a click."""
        if self._drag is None:
            return
        self._drag = None
        self.unsetCursor()
        if self._dragged < 4 and self._slide is not None:
            self.clicked.emit(self.place_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the cursor any more."""
        self._cursor = None
        self.hovered.emit(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows pan, + and − zoom, 0 and Home show the whole slide."""
        step_x, step_y = self.width() * _KEY_PAN, self.height() * _KEY_PAN
        keys = {
            Qt.Key.Key_Left: lambda: self.pan(step_x, 0),
            Qt.Key.Key_Right: lambda: self.pan(-step_x, 0),
            Qt.Key.Key_Up: lambda: self.pan(0, step_y),
            Qt.Key.Key_Down: lambda: self.pan(0, -step_y),
            Qt.Key.Key_Plus: lambda: self.zoom(_KEY_ZOOM),
            Qt.Key.Key_Equal: lambda: self.zoom(_KEY_ZOOM),
            Qt.Key.Key_Minus: lambda: self.zoom(1 / _KEY_ZOOM),
            Qt.Key.Key_0: self.fit,
            Qt.Key.Key_Home: self.fit,
        }
        action = keys.get(Qt.Key(event.key()))
        plain = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
        if action is None or event.modifiers() & ~plain:
            super().keyPressEvent(event)
        else:
            action()

    def place_at(self, position: QPointF) -> Point:
        """The level-0 place under a screen position."""
        return self._view.place(position.x() * self.pixel_ratio, position.y() * self.pixel_ratio)
