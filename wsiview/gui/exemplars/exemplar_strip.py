"""Exemplar strip: three kinds of exemplars of the class that is being named, one kind at a time."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from wsiview.gui.exemplars.thumb_grid import ThumbGrid
from wsiview.gui.panels.elided import ElidedLabel

KINDS = (
    ("strongest", "Strongest", "Cells whose features this class accounts for most (W²/q), apart from one another"),
    ("random", "Random", "Cells drawn at random from those where this class is the strongest; the same each time"),
    ("borderline", "Borderline", "Cells that this class wins by least: nearly as strong is another"),
)

SHAPES = {True: (3, 2), False: (4, 1)}
"""Columns and lines of pictures, with and without room for many."""
ENOUGH = 420  # px of the panel's height


class ExemplarStrip(QWidget):
    """Told which exemplars to show."""

    kind_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Room for one line of pictures."""
        super().__init__(parent)
        self.grid = ThumbGrid(*SHAPES[False])
        self.where = ElidedLabel()
        self.where.setObjectName("caption")
        self.where.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QToolButton] = {}
        kinds = QHBoxLayout()
        kinds.setSpacing(2)
        for name, text, tip in KINDS:
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(f"{text} exemplars")
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setObjectName("kind")
            self._group.addButton(button)
            button.clicked.connect(lambda _=False, name=name: self.kind_changed.emit(name))
            self.buttons[name] = button
            kinds.addWidget(button)
        self.buttons["strongest"].setChecked(True)
        kinds.addWidget(self.where, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(kinds)
        column.addWidget(self.grid)

    def fit(self, height: int) -> bool:
        """Show more pictures where the panel is high enough; whether that changed anything."""
        return self.grid.reshape(*SHAPES[height >= ENOUGH])

    @property
    def kind(self) -> str:
        """The kind that is shown."""
        return next(name for name, button in self.buttons.items() if button.isChecked())

    def show_where(self, complete: bool) -> None:
        """Say what they are chosen from."""
        self.where.show_text("on this slide" if complete else "on this slide, so far")
