"""Layer switches: which layers lie over the slide, beside those of the classes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from wsiview.scene.layers import LayerStack


class LayerSwitches(QWidget):
    """Told what is shown and what there is to show; says what the reader wants instead."""

    strongest_wanted = Signal(bool)
    letters_wanted = Signal(bool)
    influence_wanted = Signal(bool)
    prediction_wanted = Signal(bool)
    difference_wanted = Signal()  # the difference map, or what was shown before

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self._has_influence = False
        self.strongest = _switch("Strongest class", "Which class is strongest in each cell (S)")
        self.letters = _switch("Letters", "The letter of the strongest class on every region that has room for it")
        self.influence = _switch(
            "Influence map (Grad-CAM)",
            "Where the tissue pushes the score up (solid) or down (dashed): Grad-CAM (G)",
        )
        self.prediction = _switch("Model score", "The model's score on each patch's label region (P)")
        self.difference = _switch(
            "Class against influence",
            "Where the class that is described is stronger, and where the influence map is (V)",
        )
        for box, wanted in (
            (self.strongest, self.strongest_wanted),
            (self.letters, self.letters_wanted),
            (self.influence, self.influence_wanted),
            (self.prediction, self.prediction_wanted),
        ):
            box.clicked.connect(wanted)
        self.difference.clicked.connect(lambda _: self.difference_wanted.emit())
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(4)
        for left, right in ((self.strongest, self.letters), (self.influence, None), (self.prediction, self.difference)):
            line = QHBoxLayout()
            line.addWidget(left)
            line.addStretch(1)
            if right is not None:
                line.addWidget(right)
            lines.addLayout(line)

    def show_sources(self, *, influence: bool, prediction: bool) -> None:
        """Say whether the map holds influence maps and model scores."""
        self._has_influence = influence
        self.influence.setEnabled(influence)
        self.prediction.setEnabled(prediction)

    def show_layers(self, stack: LayerStack, selected: int) -> None:
        """Show this stack; `selected` is the class that is described."""
        clear = stack.look != "paper"  # which stacks all classes instead
        self.strongest.setChecked(stack.strongest and clear)
        self.strongest.setEnabled(clear)
        self.influence.setChecked(stack.saliency is not None)
        self.prediction.setChecked(stack.prediction)
        self.letters.setChecked(stack.letters)
        self.letters.setEnabled(clear and stack.strongest)
        self._show_difference(stack, selected)

    def _show_difference(self, stack: LayerStack, selected: int) -> None:
        """Name the class that it is about: the one shown, else the one that is described."""
        index = selected if stack.difference is None else stack.difference[0]
        letter = stack.classes[index if index < len(stack.classes) else 0].letter
        self.difference.setText(f"{letter} against influence")
        self.difference.setChecked(stack.difference_shown is not None)
        self.difference.setEnabled(self._has_influence and stack.look != "paper")


def _switch(text: str, tip: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tip)
    return box
