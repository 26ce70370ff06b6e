"""Checks sheet: every check of the map with its figures and what they mean; stays open and true while one looks on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from wsiview.analysis.lamp import Lamp
from wsiview.gui.checks.lamp_sign import WORDS, LampSign
from wsiview.gui.dialogs.sheets import Sheet
from wsiview.gui.panels.scrolling import scroll_down

SIGN = 20  # px
WIDE, HIGH = 560, 560


class ChecksList(QScrollArea):
    """The checks below each other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self._lines: list[tuple[LampSign, QLabel, QLabel, QLabel]] = []
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, 8, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self.none = QLabel("No map is shown.")
        self.none.setObjectName("hint")
        column = QVBoxLayout()
        column.addWidget(self.none)
        column.addStretch(1)
        self._grid.addLayout(column, 100, 1)
        self._grid.setRowStretch(100, 1)
        scroll_down(self, self._inside)
        self.setAccessibleName("Checks of the map")

    def show_lamps(self, lamps: Sequence[Lamp]) -> None:
        """Show these."""
        self.none.setVisible(not lamps)
        while len(self._lines) < len(lamps):
            self._lines.append(self._line(len(self._lines)))
        for index, parts in enumerate(self._lines):
            for part in parts:
                part.setVisible(index < len(lamps))
        for (sign, title, finding, meaning), lamp in zip(self._lines, lamps, strict=False):
            sign.show_level(lamp.level)
            title.setText(f"{lamp.title}: {WORDS[lamp.level]}")
            finding.setText(lamp.finding)
            meaning.setText(lamp.meaning)

    def texts(self) -> list[str]:
        """What is found, line by line."""
        return [finding.text() for _, _, finding, _ in self._lines if not finding.isHidden()]

    def _line(self, index: int) -> tuple[LampSign, QLabel, QLabel, QLabel]:
        sign, title, finding, meaning = LampSign(SIGN), QLabel(), QLabel(), QLabel()
        title.setObjectName("checkTitle")
        meaning.setObjectName("hint")
        row = 4 * index
        self._grid.addWidget(sign, row, 0, Qt.AlignmentFlag.AlignTop)
        for below, label in enumerate((title, finding, meaning)):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            self._grid.addWidget(label, row + below, 1)
        self._grid.setRowMinimumHeight(row + 3, 10)
        return sign, title, finding, meaning


class ChecksSheet(Sheet):
    """The list in a window that does not stand in the way."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        self.list = ChecksList()
        super().__init__("Checks of this map", self.list, parent)
        self.resize(WIDE, HIGH)
