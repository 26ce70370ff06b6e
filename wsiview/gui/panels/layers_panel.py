"""Layers panel: what lies over the slide, and how; or what has to be done before anything can."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QFrame, QLabel, QVBoxLayout, QWidget

from wsiview.gui import looks
from wsiview.gui.panels.class_list import ClassList
from wsiview.gui.panels.class_row import ClassRow
from wsiview.gui.panels.layer_switches import LayerSwitches
from wsiview.gui.panels.look_fields import LookFields
from wsiview.scene.layers import LayerStack, Look

Lack = Literal["choice", "explaining", "blocks", "map of other slide"]
"""Why there are no layers: something is not chosen yet, Explain not pressed yet, no block of the map done yet; or the
slide of the second view has no map."""

HINTS: dict[Lack, str] = {
    "choice": "Layers appear here once slide, model and clustering are chosen.",
    "explaining": "There is no map of this slide yet: press Explain (F5) to compute it.",
    "blocks": "Layers appear here as soon as the map begins to fill.",
    "map of other slide":
        "There is no map of the slide in the second view yet: open it in the first view and press Explain (F5).",
}  # fmt: skip


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
        self._saliency: str | None = None
        self._selected = 0
        self.switches, self.classes, self.looks = LayerSwitches(), ClassList(), LookFields()
        self.empty = QLabel(HINTS["choice"])
        self.empty.setObjectName("hint")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.warning = QLabel()
        self.warning.setObjectName("hint")
        self.warning.setWordWrap(True)
        self.warning.hide()
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(6)
        body.addWidget(self.switches)
        body.addWidget(_rule())
        body.addWidget(self.classes, 1)
        body.addWidget(self.warning)
        body.addWidget(_rule())
        body.addWidget(self.looks)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(10, 8, 10, 8)
        whole.addWidget(self.empty)
        whole.addWidget(self._body, 1)
        whole.addStretch(0)
        self._connect()
        self.show_layers(None)

    def _connect(self) -> None:
        self.switches.strongest_wanted.connect(self._switch_strongest)
        self.switches.letters_wanted.connect(self._switch_letters)
        self.switches.influence_wanted.connect(self._switch_influence)
        self.switches.prediction_wanted.connect(self._switch_prediction)
        self.switches.difference_wanted.connect(self._ask_for_difference)
        self.classes.selected.connect(self.selected)
        self.classes.visibility_wanted.connect(self._set_visible)
        self.classes.threshold_wanted.connect(self._set_threshold)
        self.classes.strength_wanted.connect(self._set_strength)
        self.classes.color_wanted.connect(self._choose_color)
        self.classes.all_wanted.connect(self._switch_all)
        self.looks.opacity_wanted.connect(self._set_opacity)
        self.looks.look_wanted.connect(self._set_look)

    @property
    def rows(self) -> list[ClassRow]:
        """One per class."""
        return self.classes.rows

    def show_sources(self, saliency: tuple[str, ...], prediction: bool) -> None:
        """Say which influence maps the open map holds, and whether it holds model scores."""
        self._saliency = saliency[0] if saliency else None
        self.switches.show_sources(influence=bool(saliency), prediction=prediction)
        self._show_switches()

    def show_lack(self, lack: Lack) -> None:
        """Say what the reader has to do, or to wait for, before there are layers."""
        self.empty.setText(HINTS[lack])

    def show_warning(self, sentence: str) -> None:
        """Say below the classes what to think of before naming any; "" for nothing."""
        self.warning.setText(sentence)
        self.warning.setVisible(bool(sentence))

    def show_layers(self, stack: LayerStack | None) -> None:
        """Show this stack; None when there is no map."""
        self._stack = stack
        self.empty.setVisible(stack is None)
        self._body.setVisible(stack is not None)
        if stack is not None:
            self.classes.show_layers(stack)
            self._show_switches()
            self.looks.show_layers(stack)

    def show_selected(self, index: int) -> None:
        """Mark the class that is described."""
        self._selected = index
        self.classes.show_selected(index)
        self._show_switches()

    def set_threshold_of_selected(self, threshold: float) -> None:
        """Draw the selected class from this strength up."""
        self._set_threshold(self._selected, threshold)

    def _show_switches(self) -> None:
        if self._stack is not None:
            self.switches.show_layers(self._stack, self._selected)

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
            self._want(looks.with_saliency(self._stack, self._saliency if on else None))

    def _switch_letters(self, on: bool) -> None:
        if self._stack is not None:
            self._want(replace(self._stack, letters=on))

    def _switch_prediction(self, on: bool) -> None:
        if self._stack is not None:
            self._want(looks.with_prediction(self._stack, on))

    def _ask_for_difference(self) -> None:
        self.difference_wanted.emit()
        self._show_switches()  # if nobody took it up, show again what is so

    def _switch_all(self) -> None:
        if self._stack is not None:
            everything = all(look.visible for look in self._stack.classes)
            self._want(looks.all_visible(self._stack, not everything))

    def _set_opacity(self, opacity: float) -> None:
        if self._stack is not None:
            self._want(replace(self._stack, opacity=opacity, hidden=False))

    def _set_look(self, look: Look) -> None:
        if self._stack is not None:
            self._want(replace(self._stack, look=look))

    def _set_visible(self, index: int, on: bool) -> None:
        if self._stack is not None:
            self._want(looks.changed(self._stack, index, visible=on))

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


def _rule() -> QFrame:
    line = QFrame()
    line.setObjectName("rule")
    line.setFixedHeight(1)
    return line
