"""View widget: a widget that looks at some place at some scale, and the gestures that change both."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QNativeGestureEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget

from wsiview.geometry import Point, Region, Size
from wsiview.gui.canvas import keyboard
from wsiview.scene.magnification import PRESETS, USUAL_MPP
from wsiview.scene.viewport import Viewport

FINEST = 0.25
"""Level-0 pixels per device pixel at the highest zoom."""
_SMALLEST_SHARE = 2.0
"""The slide may shrink to half of what fits."""
_FIT_BORDER = 16
_KEY_ZOOM, _KEY_PAN = 1.5, 0.15


class ViewWidget(QWidget):
    """Wheel, trackpad, pinch and keys; a child says how large the slide is and prepares what is seen.

    Signals
    -------
    view_changed(Viewport)
        Another part or scale is in view.
    opacity_turned(float)
        The wheel was turned with Ctrl: add so much to the opacity.
    """

    view_changed = Signal(object)
    opacity_turned = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start at the slide's corner."""
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self._view = Viewport(Point(0, 0), 1.0, Size(1, 1))
        self._fitting = True
        self._zooming = False
        self._coarsest: tuple[object, float] = None, 1.0  # the limit, and what it was worked out for
        self._cursor: QPointF | None = None

    @property
    def dimensions(self) -> Size | None:
        """The size of what is looked at in level-0 pixels, None while there is nothing."""
        raise NotImplementedError

    @property
    def fitting_region(self) -> Region | None:
        """What "whole" means: all of it, or the part that was scanned."""
        raise NotImplementedError

    @property
    def mpp(self) -> float | None:
        """µm per level-0 pixel, None while unknown."""
        raise NotImplementedError

    def prepare(self, view: Viewport, moved: tuple[float, float]) -> None:
        """Get ready to paint a view that was panned by so many device pixels."""
        raise NotImplementedError

    @property
    def pixel_ratio(self) -> float:
        """Device pixels per screen pixel."""
        return self.devicePixelRatioF()

    @property
    def viewport(self) -> Viewport:
        """What is in view."""
        return self._view

    def set_viewport(self, view: Viewport) -> None:
        """Look somewhere else; scale and place are kept within sensible limits, the size is the widget's own."""
        self._fitting = False
        self._show(view)

    def follow(self, view: Viewport) -> None:
        """Look where another view leads, beyond the limits of this slide if need be; the size is the widget's own."""
        self._fitting = False
        if self.dimensions is not None:
            self._look(replace(view, size=self._device_size()))

    @property
    def fitting(self) -> bool:
        """Whether the whole slide is shown, and stays so while the window is resized."""
        return self._fitting

    def fit(self) -> None:
        """Show the whole slide, or the part of it that was scanned; it stays whole while the window is resized."""
        self._fit(self._view)

    def _fit(self, view: Viewport) -> None:
        """Show the whole slide, turned as this view is."""
        self._fitting = True
        region = self.fitting_region
        if region is not None:
            self._show(view.resized(self._device_size()).fitted(region, _FIT_BORDER * self.pixel_ratio))

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Magnify around a screen position, by default the middle."""
        ratio = self.pixel_ratio
        place = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        downsample = self._allowed(self._view.downsample / factor)
        factor = self._view.downsample / downsample
        if factor != 1:
            self.set_viewport(self._view.zoomed_at(place.x() * ratio, place.y() * ratio, factor))

    def _zoom_on(self, factor: float, at: QPointF) -> None:
        """One step of a gesture that most likely goes on."""
        self._zooming = True
        self.zoom(factor, at)
        self._zooming = False

    @property
    def microns(self) -> float | None:
        """µm per screen pixel, None where the slide's scale is unknown."""
        return None if self.mpp is None else self._view.downsample * self.pixel_ratio * self.mpp

    def magnify(self, microns: float) -> None:
        """Show so many µm on one screen pixel; a slide of unknown scale is taken for one scanned at 40×."""
        self.zoom(self._view.downsample * self.pixel_ratio * (self.mpp or USUAL_MPP) / microns)

    def turn(self, degrees: float) -> None:
        """Turn the picture clockwise around its middle; what was seen whole stays whole."""
        self._reorient(self._view.turned(degrees))

    def mirror(self) -> None:
        """Exchange left and right of the screen."""
        self._reorient(self._view.mirrored())

    def turn_back(self) -> None:
        """Show the slide as it was scanned."""
        self._reorient(self._view.righted())

    def _reorient(self, view: Viewport) -> None:
        (self._fit if self._fitting else self._show)(view)

    def pan(self, dx: float, dy: float) -> None:
        """Move the slide by screen pixels."""
        ratio = self.pixel_ratio
        # Whole device pixels, so that tiles are only copied.
        self._fitting = False
        moved = round(dx * ratio), round(dy * ratio)
        self._show(self._view.panned(*moved), (float(moved[0]), float(moved[1])))

    def _allowed(self, downsample: float) -> float:
        """From 4 device pixels per level-0 pixel to twice as coarse as the whole slide, and every magnification."""
        size = self.dimensions
        if size is None:
            return downsample
        room = size, self._device_size(), self._view.rotation
        if room != self._coarsest[0]:
            whole = replace(self._view, size=room[1]).fitted(Region(0, 0, size.width, size.height))
            self._coarsest = room, max(_SMALLEST_SHARE * whole.downsample, 1.0)
        level0 = 1 / ((self.mpp or USUAL_MPP) * self.pixel_ratio)  # pixels per device pixel at 1 µm per screen pixel
        coarsest = max(self._coarsest[1], PRESETS[0].microns * level0)
        return min(max(downsample, min(FINEST, PRESETS[-1].microns * level0)), coarsest)

    def _device_size(self) -> Size:
        ratio = self.pixel_ratio
        return Size(max(1, math.ceil(self.width() * ratio)), max(1, math.ceil(self.height() * ratio)))

    def _show(self, view: Viewport, moved: tuple[float, float] = (0.0, 0.0)) -> None:
        size, place = self.dimensions, view.center
        if size is None:
            self._view = view
            self.update()
            return
        # The middle of the view never leaves the slide, so it can't get lost.
        center = Point(min(max(place.x, 0.0), size.width), min(max(place.y, 0.0), size.height))
        downsample = self._allowed(view.downsample)
        self._look(Viewport(center, downsample, self._device_size(), view.rotation, view.flipped), moved)

    def _look(self, view: Viewport, moved: tuple[float, float] = (0.0, 0.0)) -> None:
        changed, self._view = view != self._view, view
        self.prepare(view, moved)
        if changed:
            self.view_changed.emit(view)
        self.show_view(moved)

    def show_view(self, moved: tuple[float, float]) -> None:
        """Paint a view for which `prepare` was called."""
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the middle in the middle, or the slide whole."""
        super().resizeEvent(event)
        if self._fitting:
            self.fit()
        elif self.dimensions is not None:
            self._look(self._view.resized(self._device_size()))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the screen's pixel ratio."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._show(self._view.resized(self._device_size()))

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
            self._zoom_on(2 ** (turned / 360), event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Pinch, on a touch screen or a trackpad."""
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self._zoom_on(math.exp(event.value()), event.position())
                return True
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture) and pinch.scaleFactor() > 0:
                self._zoom_on(pinch.scaleFactor(), QPointF(self.mapFromGlobal(pinch.hotSpot().toPoint())))
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows pan, Home shows the whole slide; the rest as of `press_key`."""
        if self.press_key(event):
            return
        step_x, step_y = self.width() * _KEY_PAN, self.height() * _KEY_PAN
        keys = {
            Qt.Key.Key_Left: lambda: self.pan(step_x, 0),
            Qt.Key.Key_Right: lambda: self.pan(-step_x, 0),
            Qt.Key.Key_Up: lambda: self.pan(0, step_y),
            Qt.Key.Key_Down: lambda: self.pan(0, -step_y),
            Qt.Key.Key_Home: self.fit,
        }
        action = keys.get(Qt.Key(event.key()))
        plain = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
        if action is None or event.modifiers() & ~plain:
            super().keyPressEvent(event)
        else:
            action()

    def press_key(self, event: QKeyEvent) -> bool:
        """Magnify with 1…6, show the whole slide with 0, zoom with + and −; whether it was one of these keys."""
        digit, sign = keyboard.digit(event), keyboard.sign(event)
        if digit == 0:
            self.fit()
        elif digit is not None:
            for preset in PRESETS:
                if preset.digit == digit:
                    self.magnify(preset.microns)
        elif sign is not None:
            self.zoom(_KEY_ZOOM**sign)
        return digit is not None or sign is not None

    def place_at(self, position: QPointF) -> Point:
        """The level-0 place under a screen position."""
        return self._view.place(position.x() * self.pixel_ratio, position.y() * self.pixel_ratio)
