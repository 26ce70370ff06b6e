"""Thumbnail: what a canvas shows in its middle, small, as a JPEG."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QSize, Qt
from PySide6.QtGui import QImage

SIZE = QSize(192, 144)
_QUALITY = 82


def thumbnail(picture: QImage) -> bytes:
    """The middle of a picture, as much of it as fits the thumbnail's shape."""
    room = SIZE.scaled(picture.size(), Qt.AspectRatioMode.KeepAspectRatio)
    part = QRect((picture.width() - room.width()) // 2, (picture.height() - room.height()) // 2, *room.toTuple())
    small = picture.copy(part).scaled(
        SIZE, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    small.save(buffer, "JPG", _QUALITY)  # type: ignore[call-overload]
    buffer.close()
    return bytes(content.data())
