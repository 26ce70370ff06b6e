"""Sheets: windows to read in, not to answer: what the program is, a slide's label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

import wsiview

NOT_A_DIAGNOSIS = "Groups tissue that looks alike to this network. Not a diagnosis, not a segmentation."


class Sheet(QDialog):
    """A window with something to read and a button that closes it."""

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        """Put content and button below each other."""
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(12)
        column.addWidget(content, 1)
        column.addWidget(buttons)


def about_sheet(logo: QPixmap, parent: QWidget | None = None) -> Sheet:
    """What the program is, and what it is not."""
    text = QLabel(
        f"<h2 style='margin-bottom: 4px'>wsiview {wsiview.__version__}</h2>"
        "<p>Shows, on a whole-slide image, what a tile classifier sees: its activations, grouped into classes "
        "and laid over the tissue.</p>"
        f"<p><b>{NOT_A_DIAGNOSIS}</b> Classes come from a network and not from a pathologist; they may follow stain, "
        "scanner or artefacts. For research only: never decide about a patient from what is shown here.</p>"
        "<p>Licensed under the Apache License 2.0.</p>"
    )
    text.setWordWrap(True)
    text.setMinimumWidth(420)
    picture = QLabel()
    picture.setPixmap(logo)
    picture.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    content = QWidget()
    column = QVBoxLayout(content)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(picture)
    column.addWidget(text)
    return Sheet("About wsiview", content, parent)


def picture_sheet(name: str, pixels: NDArray[np.uint8], parent: QWidget | None = None) -> Sheet:
    """A picture that travels with the slide, (height, width, 3) uint8."""
    pixels = np.ascontiguousarray(pixels)
    height, width, _ = pixels.shape
    image = QImage(pixels.data, width, height, width * 3, QImage.Format.Format_RGB888).copy()
    shown = QPixmap.fromImage(image).scaled(
        720, 560, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    label = QLabel()
    label.setPixmap(shown)
    label.setAccessibleName(f"The slide's {name}")
    note = QLabel("May show who the patient is. Never part of a screenshot.")
    note.setObjectName("hint")
    content = QWidget()
    column = QVBoxLayout(content)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(label)
    column.addWidget(note)
    return Sheet(f"{name.capitalize()} of the slide", content, parent)
