"""Layers panel: what lies over the slide, and how; one row per class, which is the legend's other half."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wsiview.gui import looks
from wsiview.gui.panels.class_row import ClassRow
from wsiview.scene.layers import LayerStack, Look

LOOKS: tuple[tuple[Look, str], ...] = (("default", "Clear"), ("paper", "As in the paper"))
CHOOSE = "Layers appear here once a model and a clustering are chosen for the slide."
WAIT = "Layers appear here as soon as the map begins to fill."
NO_MAP = "There is no map of the slide in the second view yet; open it in the first view and press Explain."
PAPER_WARNING = "Weak signals amplified: cube-root opacity, all classes stacked."


class LayersPanel(QWidget):
    """Told a stack of layers; says which stack the reader wants instead."""

    changed = Signal(object)  # LayerStack
    selected = Signal(int)
    recolored = Signal(int, object)
    difference_wanted = Signal()  # the difference map, or what was shown before

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self._stack: LayerStack | None = None
        self._saliency: tuple[str, ...] = ()
        self._shown_saliency: str | None = None
        self._selected = 0
        self.rows: list[ClassRow] = []
        self._build_switches()
        self._build_looks()
        self._classes = QVBoxLayout()
        self._classes.setSpacing(0)
        self._classes.setContentsMargins(0, 0, 0, 0)
        self.empty = QLabel(CHOOSE)
        self.empty.setObjectName("hint")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(6)
        body.addLayout(self._switches)
        body.addWidget(_rule())
        body.addLayout(self._captions())
        body.addWidget(self._scroller(), 1)
        body.addWidget(_rule())
        body.addLayout(self._looks)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(10, 8, 10, 8)
        whole.addWidget(self.empty)
        whole.addWidget(self._body, 1)
        whole.addStretch(0)
        self.show_layers(None)

    def show_sources(self, saliency: tuple[str, ...], prediction: bool) -> None:
        """Say which influence maps the open map holds, and whether it holds model scores."""
        self._saliency = saliency
        self._shown_saliency = saliency[0] if saliency else None
        self.influence.setEnabled(bool(saliency))
        self.prediction.setEnabled(prediction)
        self._show_difference()

    def show_waiting(self, waiting: bool) -> None:
        """Say what the reader has to do, or to wait for, before there are layers."""
        self.empty.setText(WAIT if waiting else CHOOSE)

    def show_no_map(self) -> None:
        """Say that the slide of the second view has none."""
        self.empty.setText(NO_MAP)

    def show_layers(self, stack: LayerStack | None) -> None:
        """Show this stack; None when there is no map."""
        self._stack = stack
        self.empty.setVisible(stack is None)
        self._body.setVisible(stack is not None)
        if stack is None:
            return
        if len(self.rows) != len(stack.classes):
            self._make_rows(stack)
        for index, (row, look) in enumerate(zip(self.rows, stack.classes, strict=True)):
            row.show_look(look)
            row.show_strength(index in stack.strength, alone=stack.look != "paper")
        self.strongest.setChecked(stack.strongest and stack.look != "paper")
        self.strongest.setEnabled(stack.look != "paper")  # which stacks all classes instead
        self.influence.setChecked(stack.saliency is not None)
        self.prediction.setChecked(stack.prediction)
        self.letters.setChecked(stack.letters)
        self.letters.setEnabled(stack.look != "paper" and stack.strongest)
        self._show_difference()
        self.opacity.blockSignals(True)
        self.opacity.setValue(round(stack.opacity * 100))
        self.opacity.blockSignals(False)
        self.opacity_text.setText(f"{100 * stack.opacity:.0f} %")
        self.look.setCurrentIndex([name for name, _ in LOOKS].index(stack.look))
        self.warning.setVisible(stack.look == "paper")

    def show_selected(self, index: int) -> None:
        """Mark the class that is described."""
        self._selected = index
        for position, row in enumerate(self.rows):
            row.show_selected(position == index)
        self._show_difference()

    def set_threshold_of_selected(self, threshold: float) -> None:
        """Draw the selected class from this strength up."""
        self._set_threshold(self._selected, threshold)

    def _show_difference(self) -> None:
        """Name the class that it is about: the one shown, else the one that is described."""
        stack = self._stack
        if stack is None:
            return
        index = self._selected if stack.difference is None else stack.difference[0]
        letter = stack.classes[index].letter if index < len(stack.classes) else stack.classes[0].letter
        self.difference.setText(f"{letter} against influence")
        self.difference.setChecked(stack.difference_shown is not None)
        self.difference.setEnabled(bool(self._saliency) and stack.look != "paper")

    # What the reader does

    def _want(self, stack: LayerStack) -> None:
        self.changed.emit(stack)
        if self._stack is not None:
            self.show_layers(self._stack)  # if nobody took it up, show again what is so

    def _switch_strongest(self, on: bool) -> None:
        if self._stack is not None:
            self._want(looks.with_strongest(self._stack, on))

    def _switch_influence(self, on: bool) -> None:
        if self._stack is not None:
            self._want(looks.with_saliency(self._stack, self._shown_saliency if on else None))

    def _switch_letters(self, on: bool) -> None:
        if self._stack is not None:
            self._want(replace(self._stack, letters=on))

    def _ask_for_difference(self) -> None:
        self.difference_wanted.emit()
        self._show_difference()  # if nobody took it up, show again what is so

    def _switch_prediction(self, on: bool) -> None:
        if self._stack is not None:
            self._want(looks.with_prediction(self._stack, on))

    def _switch_all(self) -> None:
        if self._stack is not None:
            everything = all(look.visible for look in self._stack.classes)
            self._want(looks.all_visible(self._stack, not everything))

    def _set_opacity(self, percent: int) -> None:
        if self._stack is not None:
            self._want(replace(self._stack, opacity=percent / 100, hidden=False))

    def _set_look(self, index: int) -> None:
        if self._stack is not None:
            self._want(replace(self._stack, look=LOOKS[index][0]))

    def _set_class(self, index: int, **facts: object) -> None:
        if self._stack is not None:
            self._want(looks.changed(self._stack, index, **facts))

    def _set_threshold(self, index: int, threshold: float) -> None:
        if self._stack is not None:
            self.selected.emit(index)
            self._want(looks.with_threshold(self._stack, index, threshold))

    def _set_strength(self, index: int, add: bool) -> None:
        if self._stack is not None:
            self.selected.emit(index)
            self._want(looks.with_strength(self._stack, index, add=add))

    def _choose_color(self, index: int) -> None:
        if self._stack is None:
            return
        look = self._stack.classes[index]
        dialog = QColorDialog(QColor(*look.color), self)
        dialog.setWindowTitle(f"Colour of class {look.letter}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(
            lambda color: self.recolored.emit(index, (color.red(), color.green(), color.blue()))
        )
        dialog.open()

    # Parts

    def _make_rows(self, stack: LayerStack) -> None:
        for row in self.rows:
            self._classes.removeWidget(row)
            row.deleteLater()
        self.rows = []
        for index, look in enumerate(stack.classes):
            row = ClassRow(look)
            row.selected.connect(lambda index=index: self.selected.emit(index))
            row.visibility_wanted.connect(lambda on, index=index: self._set_class(index, visible=on))
            row.threshold_wanted.connect(lambda value, index=index: self._set_threshold(index, value))
            row.strength_wanted.connect(lambda add, index=index: self._set_strength(index, add))
            row.color_wanted.connect(lambda index=index: self._choose_color(index))
            self._classes.insertWidget(index, row)
            self.rows.append(row)
        self.show_selected(self._selected if self._selected < len(self.rows) else 0)

    def _build_switches(self) -> None:
        self.strongest = QCheckBox("Strongest class")
        self.influence = QCheckBox("Influence map (Grad-CAM)")
        self.prediction = QCheckBox("Model score")
        self.difference = QCheckBox("Class against influence")
        self.letters = QCheckBox("Letters")
        self.strongest.setToolTip("Which class is strongest in each cell (S)")
        self.influence.setToolTip("Where the tissue pushes the score up (solid) or down (dashed): Grad-CAM (G)")
        self.prediction.setToolTip("The model's score on each patch's label region (P)")
        self.difference.setToolTip("Where the class that is described is stronger, and where the influence map is (V)")
        self.letters.setToolTip("The letter of the strongest class on every region that has room for it")
        self.difference.clicked.connect(self._ask_for_difference)
        self.letters.clicked.connect(self._switch_letters)
        self.strongest.clicked.connect(self._switch_strongest)
        self.influence.clicked.connect(self._switch_influence)
        self.prediction.clicked.connect(self._switch_prediction)
        self._switches = QVBoxLayout()
        self._switches.setSpacing(4)
        for pair in ((self.strongest, self.letters), (self.influence, None), (self.prediction, self.difference)):
            line = QHBoxLayout()
            line.addWidget(pair[0])
            line.addStretch(1)
            if pair[1] is not None:
                line.addWidget(pair[1])
            self._switches.addLayout(line)

    def _captions(self) -> QHBoxLayout:
        self.all_classes = QToolButton()
        self.all_classes.setText("All / none")
        self.all_classes.setAutoRaise(True)
        self.all_classes.setToolTip("Show all classes, or none")
        self.all_classes.clicked.connect(self._switch_all)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 2, 0)
        row.setSpacing(8)
        row.addWidget(self.all_classes)
        row.addStretch(1)
        for text in ("Threshold", "Strength"):
            label = QLabel(text)
            label.setObjectName("caption")
            row.addWidget(label)
        return row

    def _scroller(self) -> QScrollArea:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._classes)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumHeight(84)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return area

    def _build_looks(self) -> None:
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setAccessibleName("Opacity of all layers")
        self.opacity.setToolTip("Opacity of all layers (Ctrl + wheel over the slide)")
        self.opacity.valueChanged.connect(self._set_opacity)
        self.opacity_text = QLabel()
        self.opacity_text.setMinimumWidth(36)
        self.opacity_text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.look = QComboBox()
        self.look.addItems([text for _, text in LOOKS])
        self.look.setAccessibleName("Look of the layers")
        self.look.activated.connect(self._set_look)
        self.warning = QLabel(PAPER_WARNING)
        self.warning.setObjectName("hint")
        self.warning.setWordWrap(True)
        self._looks = QGridLayout()
        self._looks.setHorizontalSpacing(10)
        self._looks.setVerticalSpacing(6)
        self._looks.addWidget(QLabel("Opacity"), 0, 0)
        self._looks.addWidget(self.opacity, 0, 1)
        self._looks.addWidget(self.opacity_text, 0, 2)
        self._looks.addWidget(QLabel("Look"), 1, 0)
        self._looks.addWidget(self.look, 1, 1, 1, 2)
        self._looks.addWidget(self.warning, 2, 0, 1, 3)
        self._looks.setColumnStretch(1, 1)


def _rule() -> QFrame:
    line = QFrame()
    line.setObjectName("rule")
    line.setFixedHeight(1)
    return line
