"""Plate: a dark, half-opaque ground that makes text readable on any tissue, and the fonts on it."""

from __future__ import annotations

import math
from typing import Protocol

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter

TEXT = QColor(245, 246, 248)
STAMP = QColor(255, 196, 64)
"""For what must not be overlooked."""
GROUND = QColor(24, 26, 31, 215)


class Plate(Protocol):
    """Something of known size, in screen pixels, that paints itself at (0, 0)."""

    width: float
    height: float

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        ...


def font() -> QFont:
    """The font of text on the slide."""
    return _sized(13)


def small_font() -> QFont:
    """For notes."""
    return _sized(11)


def bold_font() -> QFont:
    """For letters and stamps."""
    bold = _sized(12)
    bold.setBold(True)
    return bold


def _sized(pixels: int) -> QFont:
    result = QFont(QGuiApplication.font())
    result.setPixelSize(pixels)
    return result


def paint_plate(painter: QPainter, rect: QRectF) -> None:
    """Paint the ground."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(GROUND)
    painter.drawRoundedRect(rect, 5, 5)


def picture_of(plate: Plate, pixel_ratio: float) -> QImage:
    """The plate as a picture that is cheap to paint again and again."""
    width, height = math.ceil(plate.width * pixel_ratio), math.ceil(plate.height * pixel_ratio)
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(pixel_ratio)
    image.fill(0)
    painter = QPainter(image)
    plate.paint(painter)
    painter.end()
    return image
