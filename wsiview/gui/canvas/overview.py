"""Overview: the whole slide in small, with a box around what the canvas shows."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QWidget

from wsiview.geometry import Point, Region
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.canvas.tile_source import OUTSIDE
from wsiview.scene.viewport import Viewport

_BORDER = 4.0
_SMALLEST_BOX = 7.0
_THINNEST = 3.0
"""Longer by shorter side of the widget, at most."""


class OverviewWidget(QWidget):
    """A thumbnail with a box that can be dragged; a click anywhere goes there.

    Signals
    -------
    moved(Point)
        The level-0 place that should come to the middle.
    reshaped()
        The picture has other sides now, and `sizeHint` with it.
    """

    moved = Signal(object)
    reshaped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self.setMinimumSize(48, 48)
        self.setAccessibleName("Overview of the slide")
        self._image: QImage | None = None
        self._ground: QImage | None = None  # all but the box, as it is painted
        self._whole: Region | None = None
        self._view: Viewport | None = None
        self._grip: QPointF | None = None
        self._veil: tuple[QImage, Region] | None = None

    def follow(self, canvas: SlideCanvas) -> None:
        """Show what a canvas shows, and move it."""
        canvas.base_changed.connect(lambda: self._take(canvas))
        canvas.view_changed.connect(self.set_viewport)
        self.moved.connect(lambda place: canvas.set_viewport(canvas.viewport.centered(place)))
        self._take(canvas)

    def set_picture(self, image: QImage | None, region: Region | None) -> None:
        """Show a picture of a level-0 region, or nothing."""
        self._image, self._ground, before, self._whole = image, None, self._whole, region
        if region != before:
            self.reshaped.emit()
        self.update()

    def set_viewport(self, view: Viewport | None) -> None:
        """Draw the box around this view."""
        self._view = view
        self.update()

    def set_veil(self, veil: QImage | None, region: Region | None = None) -> None:
        """Dim what is not computed yet: a coarse picture over a level-0 region, clear where it is; None for nothing."""
        self._veil = (veil, region) if veil is not None and region is not None else None
        self._ground = None
        self.update()

    def sizeHint(self) -> QSize:
        """Small, and with the sides of the slide, unless that is a mere strip."""
        whole = self._whole
        shape = 0.8 if whole is None else min(max(whole.height / whole.width, 1 / _THINNEST), _THINNEST)
        return QSize(220, round(220 * shape))

    def _take(self, canvas: SlideCanvas) -> None:
        self.set_picture(canvas.base, canvas.base_region)
        self.set_viewport(canvas.viewport if canvas.slide is not None else None)

    def _scale(self) -> float:
        """Level-0 pixels per screen pixel."""
        whole = self._whole
        if whole is None:
            return 1.0
        across, down = max(1.0, self.width() - 2 * _BORDER), max(1.0, self.height() - 2 * _BORDER)
        return max(whole.width / across, whole.height / down)

    def _frame(self) -> QRectF:
        """Where the slide is painted."""
        whole, scale = self._whole, self._scale()
        if whole is None:
            return QRectF()
        width, height = whole.width / scale, whole.height / scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def box(self) -> QRectF:
        """The upright rectangle around what is seen, screen pixels; inside the widget, never too small to be seen."""
        if self._view is None or self._whole is None:
            return QRectF()
        rect = self._placed(self._view.region)
        grow_x, grow_y = max(0.0, _SMALLEST_BOX - rect.width()) / 2, max(0.0, _SMALLEST_BOX - rect.height()) / 2
        rect = rect.adjusted(-grow_x, -grow_y, grow_x, grow_y)
        return rect.intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2))

    def outline(self) -> QPolygonF:
        """What is seen as it is painted, tilted where the view is turned."""
        view, box = self._view, self.box()
        upright = view is None or view.rotation % 90 == 0
        if view is None or upright or min(box.width(), box.height()) <= _SMALLEST_BOX:
            return QPolygonF(box)
        wide, high = view.size.width, view.size.height
        corners = (view.place(x, y) for x, y in ((0, 0), (wide, 0), (wide, high), (0, high)))
        return QPolygonF([self._place(corner) for corner in corners])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copy the thumbnail and draw the box."""
        if self._ground is None or self._ground.devicePixelRatio() != self.devicePixelRatioF():
            self._ground = self._painted()
        painter = QPainter(self)
        painter.drawImage(QPointF(0, 0), self._ground)
        if self._image is not None and self._whole is not None:
            self._paint_box(painter)
        painter.setPen(QPen(QColor(24, 26, 31), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_box(self, painter: QPainter) -> None:
        outline, view = self.outline(), self._view
        upright = view is None or view.rotation % 90 == 0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not upright)
        # Strokes take a hundred times as long as whole pixels, with every frame of a pan.
        whole = _whole_pixels(outline.boundingRect(), self.devicePixelRatioF())
        for color, width in ((QColor(0, 0, 0, 200), 4.0), (QColor(255, 214, 10), 2.0)):
            if upright:
                for side in _sides(whole, width):
                    painter.fillRect(side, color)
            else:
                painter.setPen(QPen(color, width))
                painter.drawPolygon(outline)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _painted(self) -> QImage:
        """The thumbnail and what dims it."""
        ratio = self.devicePixelRatioF()
        ground = QImage((self.size() * ratio).expandedTo(QSize(1, 1)), QImage.Format.Format_RGB32)
        ground.setDevicePixelRatio(ratio)
        ground.fill(QColor(*OUTSIDE))
        painter = QPainter(ground)
        if self._image is not None and self._whole is not None:
            painter.drawImage(self._frame(), self._scaled())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self._veil is not None:
                painter.drawImage(self._placed(self._veil[1]), self._veil[0])
        painter.end()
        return ground

    def _scaled(self) -> QImage:
        """The picture at the size it is painted."""
        if self._image is None:
            return QImage()
        ratio, frame = self.devicePixelRatioF(), self._frame()
        size = QSize(max(1, round(frame.width() * ratio)), max(1, round(frame.height() * ratio)))
        smooth = Qt.TransformationMode.SmoothTransformation
        return self._image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Scale the picture anew."""
        self._ground = None
        super().resizeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the box where it is held, or bring it here."""
        if event.button() != Qt.MouseButton.LeftButton or self._whole is None or self._view is None:
            return
        outline = self.outline()
        inside = outline.containsPoint(event.position(), Qt.FillRule.WindingFill)
        inside = inside and outline.boundingRect().width() > _SMALLEST_BOX
        self._grip = event.position() - self._place(self._view.center) if inside else QPointF(0, 0)
        if not inside:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the box."""
        if self._grip is not None:
            self._go(event.position() - self._grip)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of the box."""
        self._grip = None

    def _place(self, place: Point) -> QPointF:
        """Where a level-0 place is painted."""
        frame, scale, whole = self._frame(), self._scale(), self._whole or Region(0, 0, 1, 1)
        return QPointF(frame.left() + (place.x - whole.x) / scale, frame.top() + (place.y - whole.y) / scale)

    def _placed(self, region: Region) -> QRectF:
        """Where a level-0 rectangle is painted."""
        return QRectF(self._place(Point(region.x, region.y)), self._place(Point(region.right, region.bottom)))

    def _go(self, position: QPointF) -> None:
        whole = self._whole
        if whole is None:
            return
        frame, scale = self._frame(), self._scale()
        x = whole.x + (position.x() - frame.left()) * scale
        y = whole.y + (position.y() - frame.top()) * scale
        self.moved.emit(Point(min(max(x, whole.x), whole.right), min(max(y, whole.y), whole.bottom)))


def _whole_pixels(box: QRectF, ratio: float) -> QRectF:
    edges = box.left(), box.top(), box.right(), box.bottom()
    left, top, right, bottom = (round(edge * ratio) / ratio for edge in edges)
    return QRectF(left, top, right - left, bottom - top)


def _sides(box: QRectF, width: float) -> tuple[QRectF, ...]:
    """The four sides of a frame of this width around the edges of a box, none lying over another."""
    half = width / 2
    outer, inner = box.adjusted(-half, -half, half, half), box.adjusted(half, half, -half, -half)
    return (
        QRectF(outer.left(), outer.top(), outer.width(), width),
        QRectF(outer.left(), inner.bottom(), outer.width(), width),
        QRectF(outer.left(), inner.top(), width, max(0.0, inner.height())),
        QRectF(inner.right(), inner.top(), width, max(0.0, inner.height())),
    )
