"""Split table: of which classes of another clustering each class is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

_TOLD = 0.05  # smaller parts are left blank
_LARGE = 0.25
"""A part from which a class counts as one of those that another was split into or merged from."""


class SplitTable(QTableWidget):
    """Rows are the classes of this clustering, columns those of the other; parts of a row sum to 100 %."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show nothing yet."""
        super().__init__(parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setTabKeyNavigation(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setMinimumSectionSize(38)
        self.setAccessibleName("Classes of this clustering by classes of the other")

    def show_parts(self, parts: NDArray[np.float64], ours: Sequence[str], theirs: Sequence[str]) -> None:
        """Show parts (K, L) with these names of rows and columns."""
        self.clear()
        self.setRowCount(len(ours))
        self.setColumnCount(len(theirs))
        self.setVerticalHeaderLabels(list(ours))
        self.setHorizontalHeaderLabels(list(theirs))
        ground, mark = self.palette().base().color(), self.palette().highlight().color()
        for row, column in np.ndindex(parts.shape):
            part = float(parts[row, column])
            item = QTableWidgetItem(f"{part:.0%}" if part >= _TOLD else "")
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            item.setToolTip(f"{part:.1%} of {ours[row]} is {theirs[column]}")
            shade = _between(ground, mark, 0.65 * part)
            item.setBackground(QBrush(shade))
            item.setForeground(QBrush(QColor("#000000" if shade.lightness() > 128 else "#ffffff")))
            self.setItem(row, column, item)
        height = self.horizontalHeader().height() + sum(self.rowHeight(row) for row in range(len(ours)))
        self.setFixedHeight(height + 2 * self.frameWidth() + 2)


def findings(parts: NDArray[np.float64], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """What was split and what was merged, a sentence each."""
    said = []
    for row, name in enumerate(ours):
        large = [other for other, part in zip(theirs, parts[row], strict=True) if part >= _LARGE]
        if len(large) > 1:
            said.append(f"{name} holds what are {_listed(large)} in the other.")
    for column, name in enumerate(theirs):
        large = [one for one, part in zip(ours, parts[:, column], strict=True) if part >= _LARGE]
        if len(large) > 1:
            said.append(f"The other's {name} is parted into {_listed(large)}.")
    return said or ["Class by class the two are alike: nothing is split, nothing merged."]


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _between(one: QColor, other: QColor, share: float) -> QColor:
    def mixed(low: int, high: int) -> int:
        return round(low + share * (high - low))

    return QColor(mixed(one.red(), other.red()), mixed(one.green(), other.green()), mixed(one.blue(), other.blue()))
