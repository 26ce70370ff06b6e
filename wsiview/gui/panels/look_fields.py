"""Look fields: how densely all layers lie over the slide, and in which look."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSlider, QWidget

from wsiview.scene.layers import LayerStack, Look

LOOKS: tuple[tuple[Look, str], ...] = (("default", "Clear"), ("paper", "As in the paper"))
PAPER_WARNING = "Weak signals amplified: cube-root opacity, all classes stacked."


class LookFields(QWidget):
    """Told a stack of layers; says which opacity (0–1) and which look the reader wants."""

    opacity_wanted = Signal(float)
    look_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setAccessibleName("Opacity of all layers")
        self.opacity.setToolTip("Opacity of all layers (Ctrl + wheel over the slide)")
        self.opacity.valueChanged.connect(lambda percent: self.opacity_wanted.emit(percent / 100))
        self.opacity_text = QLabel()
        self.opacity_text.setMinimumWidth(36)
        self.opacity_text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.look = QComboBox()
        self.look.addItems([text for _, text in LOOKS])
        self.look.setAccessibleName("Look of the layers")
        self.look.activated.connect(lambda index: self.look_wanted.emit(LOOKS[index][0]))
        self.warning = QLabel(PAPER_WARNING)
        self.warning.setObjectName("hint")
        self.warning.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.addWidget(QLabel("Opacity"), 0, 0)
        grid.addWidget(self.opacity, 0, 1)
        grid.addWidget(self.opacity_text, 0, 2)
        grid.addWidget(QLabel("Look"), 1, 0)
        grid.addWidget(self.look, 1, 1, 1, 2)
        grid.addWidget(self.warning, 2, 0, 1, 3)
        grid.setColumnStretch(1, 1)

    def show_layers(self, stack: LayerStack) -> None:
        """Show what is so, without saying that the reader did it."""
        self.opacity.blockSignals(True)
        self.opacity.setValue(round(stack.opacity * 100))
        self.opacity.blockSignals(False)
        self.opacity_text.setText(f"{100 * stack.opacity:.0f} %")
        self.look.setCurrentIndex([name for name, _ in LOOKS].index(stack.look))
        self.warning.setVisible(stack.look == "paper")
