"""Captions: small plates at the foot of the canvas that say what is being looked at."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from wsiview.gui.canvas.hud import MARGIN, SCALE_RIGHT
from wsiview.gui.canvas.plate import TEXT, Plate, font, paint_plate, picture_of
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.viewport import Viewport

_FAINT, _CHIP = QColor(160, 164, 172), QColor(255, 255, 255, 38)
_PAD, _HEIGHT, _BETWEEN = 12.0, 28.0, 6.0


@dataclass(frozen=True, slots=True)
class Part:
    """Some words; those that don't hold at the moment are faint."""

    text: str
    holds: bool = True


class CaptionPlate(Plate):
    """One line, its parts side by side; laid out in screen pixels."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        """Measure all words."""
        self._parts = parts
        metrics = QFontMetricsF(font())
        self._widths = [metrics.horizontalAdvance(part.text) + 2 * _PAD for part in parts]
        self.width, self.height = sum(self._widths), _HEIGHT

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        paint_plate(painter, QRectF(0, 0, self.width, self.height))
        painter.setFont(font())
        x = 0.0
        for part, width in zip(self._parts, self._widths, strict=True):
            if part.holds and len(self._parts) > 1:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(_CHIP)
                painter.drawRoundedRect(QRectF(x + 3, 3, width - 6, self.height - 6), 4, 4)
            painter.setPen(TEXT if part.holds else _FAINT)
            painter.drawText(QRectF(x, 0, width, self.height), Qt.AlignmentFlag.AlignCenter, part.text)
            x += width


class Captions:
    """Lines above each other, each under a name; kept as pictures."""

    def __init__(self, canvas: SlideCanvas) -> None:
        """Say nothing yet."""
        self._canvas = canvas
        self._lines: dict[str, tuple[Part, ...]] = {}
        self._pictures: dict[tuple[tuple[Part, ...], float], QImage] = {}
        canvas.add_decoration(self)

    def line(self, name: str) -> tuple[Part, ...]:
        """What a line says, nothing where there is none."""
        return self._lines.get(name, ())

    def say(self, name: str, *parts: Part) -> None:
        """Let a line say something else, or nothing."""
        if parts != self.line(name):
            self._lines = {**self._lines, name: parts} if parts else {k: v for k, v in self._lines.items() if k != name}
            self._pictures.clear()
            self._canvas.update()

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Paint it."""
        width, y = view.size.width / pixel_ratio, view.size.height / pixel_ratio - MARGIN
        for parts in self._lines.values():
            key = parts, pixel_ratio
            if key not in self._pictures:
                self._pictures[key] = picture_of(CaptionPlate(parts), pixel_ratio)
            picture = self._pictures[key]
            y -= picture.height() / pixel_ratio
            across = picture.width() / pixel_ratio
            x = max((width - across) / 2, min(SCALE_RIGHT + _BETWEEN, width - across - MARGIN))
            painter.drawImage(QPointF(round(x), round(y)), picture)
            y -= _BETWEEN
