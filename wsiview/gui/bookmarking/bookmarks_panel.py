"""Bookmarks panel: the list, the buttons that do with the mouse what keys do, and whether all of it is saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from wsiview.gui.bookmarking.bookmark_list import BookmarkList, Row

_BESIDE = 22  # px of a button beside its text

class BookmarksPanel(QWidget):
    """Signals as of its list; `add_wanted` when the present view shall be kept."""

    add_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self.list = BookmarkList()
        self.empty = QLabel("Ctrl+B keeps what you see: the place, how closely, and the layers over it.")
        self.empty.setObjectName("hint")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.add = _button("Add", "Keep this view with its layers (Ctrl+B)", self.add_wanted.emit)
        self.go = _button("Go there", "Show the place as it was seen (Enter)", self._go)
        self.rename = _button("Rename", "Write another name (F2)", self.list.rename)
        self.delete = _button("Delete", "Delete the selected bookmarks (Del); Undo brings them back", self._delete)
        self.state = QLabel()
        self.state.setObjectName("saveState")
        self.state.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.add, self.go, self.rename, self.delete):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(8)
        column.addWidget(self.empty)
        column.addWidget(self.list, 1)
        column.addStretch(0)
        column.addLayout(buttons)
        column.addWidget(self.state)
        self.list.itemSelectionChanged.connect(self._show_buttons)
        self.show_rows((), 0, can_add=False)

    def show_rows(self, rows: Sequence[Row], unsaved: int, *, can_add: bool) -> None:
        """Show bookmarks, and how many of them could not be saved."""
        self.list.show_rows(rows)
        self.list.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.add.setEnabled(can_add)
        text = f"✕ {unsaved} not saved, kept until the window is closed" if unsaved else "✓ saved" if rows else ""
        self.state.setText(text)
        self.state.setAccessibleName(text)
        self.state.setVisible(bool(text))
        self.state.setProperty("state", "error" if unsaved else "saved")
        self.state.style().unpolish(self.state)
        self.state.style().polish(self.state)
        self._show_buttons()

    def _show_buttons(self) -> None:
        chosen = self.list.chosen()
        self.go.setEnabled(len(chosen) == 1)
        self.rename.setEnabled(len(chosen) == 1)
        self.delete.setEnabled(bool(chosen))

    def _go(self) -> None:
        for key in self.list.chosen():
            self.list.wanted.emit(key)

    def _delete(self) -> None:
        self.list.unwanted.emit(self.list.chosen())


def _button(text: str, tip: str, press: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setMinimumWidth(button.fontMetrics().horizontalAdvance(text) + _BESIDE)  # else the style asks for more
    button.clicked.connect(lambda: press())
    return button
