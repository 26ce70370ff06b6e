#!/usr/bin/env python3
"""Renders resources/icons/wsiview.svg into wsiview.ico, the only kind of icon that Windows takes.

python packaging/render_icon.py
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parents[1] / "resources" / "icons"
SIDES = (256, 128, 64, 48, 32, 24, 16)


def rendered(renderer: QSvgRenderer, side: int) -> Image.Image:
    """The drawing at a size of its own, for it is sharper than a picture made smaller."""
    picture = QImage(side, side, QImage.Format.Format_ARGB32)
    picture.fill(0)
    painter = QPainter(picture)
    renderer.render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload]  # takes the format as text, whatever its stub says
    return Image.open(io.BytesIO(bytes(buffer.data().data())))


def main() -> None:
    application = QGuiApplication([])
    renderer = QSvgRenderer(str(ICONS / "wsiview.svg"))
    first, *others = (rendered(renderer, side) for side in SIDES)
    first.save(ICONS / "wsiview.ico", sizes=[(side, side) for side in SIDES], append_images=others)
    application.quit()


if __name__ == "__main__":
    main()
