"""Mpp dialog: asks for a slide's scale where the file doesn't tell, when a model needs it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

LEAST, MOST = 0.05, 10.0  # µm per pixel; beyond these no scanner works
USUAL = (("40×", 0.25), ("20×", 0.5), ("10×", 1.0))


class MppDialog(QDialog):
    """Asks for µm per pixel; `given` tells the answer."""

    given = Signal(object)  # (x, y)

    def __init__(
        self, slide_name: str, mpp: tuple[float, float] | None, *, reason: str = "", parent: QWidget | None = None
    ) -> None:
        """Ask about this slide, with `mpp` filled in."""
        super().__init__(parent)
        self.setWindowTitle("Scale of the slide")
        words = QLabel(f"{slide_name}: how many micrometres wide is one pixel of the finest level? {reason}".strip())
        words.setWordWrap(True)
        words.setMinimumWidth(400)
        self.across, self.down = _number("µm per pixel across"), _number("µm per pixel down")
        self.square = QCheckBox("The same in both directions")
        self.square.setChecked(mpp is None or mpp[0] == mpp[1])
        self.across.setValue(mpp[0] if mpp is not None else USUAL[0][1])
        self.down.setValue(mpp[1] if mpp is not None else USUAL[0][1])
        self.down.setEnabled(not self.square.isChecked())
        self.square.toggled.connect(self._couple)
        self.across.valueChanged.connect(self._follow)
        form = QFormLayout()
        form.addRow("Across", self.across)
        form.addRow("Down", self.down)
        form.addRow("", self.square)
        form.addRow("Usual values", self._usual())
        note = QLabel("Kept for this slide, and part of every map made from it.")
        note.setObjectName("hint")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Use this scale")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.accepted.connect(lambda: self.given.emit((self.across.value(), self.down.value())))
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(12)
        for part in (words, form, note, buttons):
            if isinstance(part, QFormLayout):
                column.addLayout(part)
            else:
                column.addWidget(part)
        self.across.setFocus()
        self.across.selectAll()

    def _follow(self, value: float) -> None:
        if self.square.isChecked():
            self.down.setValue(value)

    def _couple(self, square: bool) -> None:
        self.down.setEnabled(not square)
        if square:
            self.down.setValue(self.across.value())

    def _usual(self) -> QWidget:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        for name, value in USUAL:
            button = QPushButton(f"{name}  {value:g}")
            button.setAutoDefault(False)
            button.setAccessibleName(f"Objective {name}, {value:g} µm per pixel")
            button.clicked.connect(lambda _=False, value=value: self._take(value))
            row.addWidget(button)
        row.addStretch(1)
        return box

    def _take(self, value: float) -> None:
        self.across.setValue(value)
        self.down.setValue(value)


def _number(name: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(LEAST, MOST)
    box.setDecimals(4)
    box.setSingleStep(0.01)
    box.setSuffix(" µm")
    box.setAccessibleName(name)
    return box
