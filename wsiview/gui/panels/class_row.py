"""Class row: one class in the layers panel."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QSizePolicy,
    QSlider,
    QWidget,
)

from wsiview.gui.panels.swatch import Swatch
from wsiview.gui.strength_key import strength_key
from wsiview.scene.layers import ClassLook

STEPS = 100  # slider steps from strength 0 to 1


class ElidedLabel(QLabel):
    """A label that ends in an ellipsis where there is no room; the whole text is its tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def show_text(self, text: str) -> None:
        """Show as much of the text as fits."""
        if text != self._whole:
            self._whole = text
            self.setAccessibleName(text)
            self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the text to the new width."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        shown = QFontMetrics(self.font()).elidedText(self._whole, Qt.TextElideMode.ElideRight, max(0, self.width()))
        self.setText(shown)
        tip = self._whole if shown != self._whole else ""
        if tip != self.toolTip():
            self.setToolTip(tip)


class ClassRow(QFrame):
    """Visibility, letter, name, threshold and strength of one class."""

    selected = Signal()
    visibility_wanted = Signal(bool)
    threshold_wanted = Signal(float)
    strength_wanted = Signal(bool)  # True: beside the class that is shown already
    color_wanted = Signal()

    def __init__(self, look: ClassLook, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self.setObjectName("classRow")
        self.visible_box = QCheckBox()
        self.swatch = Swatch(look)
        self.name = ElidedLabel()
        self.name.setObjectName("className")
        self.threshold = QSlider(Qt.Orientation.Horizontal)
        self.threshold.setRange(0, STEPS)
        self.threshold.setFixedWidth(72)
        self.strength = QRadioButton()
        self.strength.setAutoExclusive(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 2, 6, 2)
        row.setSpacing(8)
        for widget in (self.visible_box, self.swatch):
            row.addWidget(widget)
        row.addWidget(self.name, 1)
        row.addWidget(self.threshold)
        row.addWidget(self.strength)
        self.visible_box.clicked.connect(self.visibility_wanted)
        self.swatch.clicked.connect(self.color_wanted)
        self.threshold.valueChanged.connect(lambda value: self.threshold_wanted.emit(value / STEPS))
        self.strength.clicked.connect(self._want_strength)
        self.show_look(look)

    def show_look(self, look: ClassLook) -> None:
        """Show what is so, without saying that the reader did it."""
        letter = look.letter
        self.visible_box.setChecked(look.visible)
        self.visible_box.setAccessibleName(f"Show class {letter}")
        self.visible_box.setToolTip(f"Show class {letter} among the strongest classes (Alt+{letter})")
        self.swatch.show_look(look)
        self.swatch.setToolTip(f"Colour of class {letter}…")
        self.name.show_text(look.name or f"Class {letter}")
        if self.name.property("named") != bool(look.name):
            self.name.setProperty("named", bool(look.name))
            self.name.style().unpolish(self.name)
            self.name.style().polish(self.name)
        self.threshold.blockSignals(True)
        self.threshold.setValue(round(look.threshold * STEPS))
        self.threshold.blockSignals(False)
        self.threshold.setAccessibleName(f"Threshold of class {letter}")
        self.threshold.setToolTip(
            f"The strength of class {letter} is drawn from {100 * look.threshold:.0f} % up; moving this shows it"
        )
        self.strength.setAccessibleName(f"Strength of class {letter}")
        self.strength.setToolTip(
            f"Show how strong class {letter} is ({strength_key(letter)}); with Ctrl beside the one that is shown"
        )

    def show_strength(self, on: bool, *, alone: bool) -> None:
        """Whether this class's strength is on the slide; not `alone` in the paper's look, which stacks all of them."""
        self.strength.setChecked(on and alone)
        self.strength.setEnabled(alone)
        self.threshold.setEnabled(alone)

    def show_selected(self, on: bool) -> None:
        """Whether this is the class that is described."""
        self.setProperty("selected", on)
        self.style().unpolish(self)
        self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press anywhere on the row selects the class."""
        self.selected.emit()
        super().mousePressEvent(event)

    def _want_strength(self) -> None:
        beside = bool(QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier)
        self.strength_wanted.emit(beside)
