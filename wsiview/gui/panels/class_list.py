"""Class list: a row for every class in the layers panel, the legend's other half."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from wsiview.gui.panels.class_row import ClassRow
from wsiview.gui.panels.scrolling import scroll_down
from wsiview.scene.layers import LayerStack


class ClassList(QWidget):
    """As many rows as there are classes, scrolled where they need more room.

    Signals
    -------
    selected(int), color_wanted(int)
        A class's row or swatch was pressed.
    visibility_wanted(int, bool), threshold_wanted(int, float), strength_wanted(int, bool)
        As of the class's row.
    all_wanted()
        All classes, or none of them.
    """

    selected = Signal(int)
    visibility_wanted = Signal(int, bool)
    threshold_wanted = Signal(int, float)
    strength_wanted = Signal(int, bool)
    color_wanted = Signal(int)
    all_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the captions; the rows come with the first stack."""
        super().__init__(parent)
        self._selected = 0
        self.rows: list[ClassRow] = []
        self._classes = QVBoxLayout()
        self._classes.setSpacing(0)
        self._classes.setContentsMargins(0, 0, 0, 0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        whole.addLayout(self._captions())
        whole.addWidget(self._scroller(), 1)

    def show_layers(self, stack: LayerStack) -> None:
        """Show the classes of this stack."""
        if len(self.rows) != len(stack.classes):
            self._make_rows(stack)
        for index, (row, look) in enumerate(zip(self.rows, stack.classes, strict=True)):
            row.show_look(look)
            row.show_strength(index in stack.strength, alone=stack.look != "paper")

    def show_selected(self, index: int) -> None:
        """Mark the class that is described."""
        self._selected = index
        for position, row in enumerate(self.rows):
            row.show_selected(position == index)

    def _make_rows(self, stack: LayerStack) -> None:
        for row in self.rows:
            self._classes.removeWidget(row)
            row.deleteLater()
        self.rows = []
        for index, look in enumerate(stack.classes):
            row = ClassRow(look)
            row.selected.connect(lambda index=index: self.selected.emit(index))
            row.visibility_wanted.connect(lambda on, index=index: self.visibility_wanted.emit(index, on))
            row.threshold_wanted.connect(lambda value, index=index: self.threshold_wanted.emit(index, value))
            row.strength_wanted.connect(lambda add, index=index: self.strength_wanted.emit(index, add))
            row.color_wanted.connect(lambda index=index: self.color_wanted.emit(index))
            self._classes.insertWidget(index, row)
            self.rows.append(row)
        self.show_selected(self._selected if self._selected < len(self.rows) else 0)

    def _captions(self) -> QHBoxLayout:
        self.all_classes = QToolButton()
        self.all_classes.setText("All / none")
        self.all_classes.setAutoRaise(True)
        self.all_classes.setToolTip("Show all classes, or none")
        self.all_classes.clicked.connect(lambda _: self.all_wanted.emit())
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
        scroll_down(area, inside)
        area.setMinimumHeight(84)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return area
