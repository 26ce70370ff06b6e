"""Curtain: the line between the two views, and the mouse that draws it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPen, QPolygonF

from wsiview.gui.canvas.plate import GROUND, TEXT, font, paint_plate
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.comparing.two_views import TwoViews
from wsiview.scene.description import described
from wsiview.scene.viewport import Viewport

_GRIP = 6.0
"""Screen pixels beside the line that still take it."""
_HANDLE = 15.0
_WORDS = 26.0


class Curtain(QObject):
    """Painted on its canvas, here and in pictures; takes presses near its line before they move the slide."""

    def __init__(self, views: TwoViews, canvas: SlideCanvas) -> None:
        """Watch the mouse."""
        super().__init__(canvas)
        self._views, self._canvas = views, canvas
        self._drawn = False
        self._over = False
        canvas.add_decoration(self)
        canvas.installEventFilter(self)
        views.changed.connect(self._follow)

    @property
    def x(self) -> float | None:
        """Where the line is on screen, None while there is none."""
        share = self._views.curtain
        return None if share is None else round(share * self._canvas.width())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Draw the curtain with the left button."""
        if watched is self._canvas and isinstance(event, QMouseEvent) and self.x is not None:
            if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
                left = event.button() == Qt.MouseButton.LeftButton
                self._drawn = left and self._takes(event.position())
                return self._drawn
            if event.type() == QEvent.Type.MouseMove and self._drawn:
                self._views.draw_curtain(event.position().x() / max(1, self._canvas.width()))
                return True
            if event.type() == QEvent.Type.MouseMove and event.buttons() == Qt.MouseButton.NoButton:
                self._show_cursor(self._takes(event.position()))
            if event.type() == QEvent.Type.MouseButtonRelease and self._drawn:
                self._drawn = False
                return True
        return super().eventFilter(watched, event)

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Paint line, handle and the names of both sides."""
        share = self._views.curtain
        if share is None:
            return
        width, height = view.size.width / pixel_ratio, view.size.height / pixel_ratio
        x = round(share * width)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for color, breadth in ((QColor(0, 0, 0, 190), 3.5), (QColor(255, 255, 255), 1.5)):
            painter.setPen(QPen(color, breadth))
            painter.drawLine(QPointF(x, 0), QPointF(x, height))
        _paint_handle(painter, QPointF(x, round(height / 2)))
        for stack, side in ((self._views.a, -1), (self._views.b, 1)):
            if stack is not None:
                _paint_words(painter, described(stack), QPointF(x, round(height / 2) - _HANDLE - _WORDS - 8), side)

    @Slot()
    def _follow(self) -> None:
        if self.x is None:
            self._drawn = False
            self._show_cursor(False)
        self._canvas.update()

    def _takes(self, at: QPointF) -> bool:
        """Whether the line or its handle is there, and no legend over it."""
        x = self.x
        if x is None or self._canvas.legend_covers(at):
            return False
        near_handle = abs(at.y() - self._canvas.height() / 2) <= _HANDLE
        return abs(at.x() - x) <= (_HANDLE if near_handle else _GRIP)

    def _show_cursor(self, over: bool) -> None:
        if over != self._over:
            self._over = over
            if over:
                self._canvas.setCursor(Qt.CursorShape.SplitHCursor)
            else:
                self._canvas.show_cursor()


def _paint_words(painter: QPainter, words: str, line: QPointF, side: int) -> None:
    """What is seen on one side of the line, on a plate beside it."""
    width = QFontMetricsF(font()).horizontalAdvance(words) + 18
    plate = QRectF(line.x() + (8 if side > 0 else -8 - width), line.y(), width, _WORDS)
    paint_plate(painter, plate)
    painter.setPen(TEXT)
    painter.setFont(font())
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)


def _paint_handle(painter: QPainter, middle: QPointF) -> None:
    """A disc with an arrow to either side."""
    painter.setPen(QPen(QColor(255, 255, 255), 1.5))
    painter.setBrush(GROUND)
    painter.drawEllipse(middle, _HANDLE, _HANDLE)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(TEXT)
    for way in (-1, 1):
        tip, back = middle + QPointF(way * 10, 0), middle + QPointF(way * 4, 0)
        painter.drawPolygon(QPolygonF([tip, back + QPointF(0, 5), back - QPointF(0, 5)]))
