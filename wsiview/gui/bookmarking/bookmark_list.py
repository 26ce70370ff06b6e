"""Bookmark list: rows of thumbnail, name and magnification, led by the keyboard alone if one likes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from wsiview.gui.canvas import keyboard

_ICON = QSize(72, 54)
_KEY = Qt.ItemDataRole.UserRole
_OWN_KEYS = (Qt.Key.Key_Delete, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)


@dataclass(frozen=True, slots=True)
class Row:
    """One bookmark as the list shows it; `key` is its item's UUID."""

    key: str
    name: str
    about: str
    tip: str
    picture: bytes


class BookmarkList(QTreeWidget):
    """Told what there is; says what the reader does with it.

    Signals
    -------
    wanted(str)
        Go to this bookmark.
    renamed(str, str)
        It shall be called so.
    unwanted(list[str])
        Delete these.
    """

    wanted = Signal(str)
    renamed = Signal(str, str)
    unwanted = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self.setAccessibleName("Bookmarks of this slide")
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIconSize(_ICON)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.SelectedClicked
        )
        self.setTabKeyNavigation(False)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.itemChanged.connect(self._rename)
        self.itemDoubleClicked.connect(lambda item, _: self.wanted.emit(item.data(0, _KEY)))

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these bookmarks; whichever was the present one stays so."""
        keys, present = [row.key for row in rows], self.currentItem()
        self.blockSignals(True)
        if keys == self._keys():  # a name that was just written must not lose its row while it is written
            for row, item in zip(rows, self._items(), strict=True):
                _show(item, row)
        else:
            key = present.data(0, _KEY) if present is not None else None
            at = self.indexOfTopLevelItem(present) if present is not None else 0
            self.clear()
            items = [_show(QTreeWidgetItem(), row) for row in rows]
            self.addTopLevelItems(items)
            if items:
                self.setCurrentItem(items[keys.index(key) if key in keys else min(max(at, 0), len(items) - 1)])
        self.blockSignals(False)
        self.itemSelectionChanged.emit()

    def choose(self, key: str) -> None:
        """Make one the present one, and bring it into view."""
        for item in self._items():
            if item.data(0, _KEY) == key:
                self.setCurrentItem(item)
                self.scrollToItem(item)

    def chosen(self) -> list[str]:
        """What is selected."""
        return [item.data(0, _KEY) for item in self.selectedItems()]

    def event(self, event: QEvent) -> bool:
        """Keep the keys that mean something here from the window's actions."""
        asked = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if asked and isinstance(event, QKeyEvent) and event.key() in _OWN_KEYS:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes there, Del deletes, F2 renames; digits and signs magnify, as everywhere."""
        if self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)  # what ends a name being written comes by here too
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if (item := self.currentItem()) is not None:
                self.wanted.emit(item.data(0, _KEY))
        elif event.key() == Qt.Key.Key_Delete:
            if chosen := self.chosen():
                self.unwanted.emit(chosen)
        elif event.key() == Qt.Key.Key_F2:
            self.rename()
        elif event.key() == Qt.Key.Key_Escape or keyboard.digit(event) is not None or keyboard.sign(event) is not None:
            event.ignore()  # else the list would search for a name that begins so
        else:
            super().keyPressEvent(event)

    def rename(self) -> None:
        """Let the reader write the present one's name."""
        if (item := self.currentItem()) is not None:
            self.editItem(item, 0)

    def _rename(self, item: QTreeWidgetItem, column: int) -> None:
        if column == 0:
            self.renamed.emit(item.data(0, _KEY), item.text(0).strip())

    def _items(self) -> list[QTreeWidgetItem]:
        items = (self.topLevelItem(index) for index in range(self.topLevelItemCount()))
        return [item for item in items if item is not None]

    def _keys(self) -> list[str]:
        return [item.data(0, _KEY) for item in self._items()]


def _show(item: QTreeWidgetItem, row: Row) -> QTreeWidgetItem:
    """Let an item show a bookmark; a picture never changes."""
    if item.data(0, _KEY) is None:
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        item.setData(0, _KEY, row.key)
        picture = QPixmap()
        if row.picture and picture.loadFromData(row.picture):
            item.setIcon(0, QIcon(picture))
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for column, text in enumerate((row.name, row.about)):
        item.setText(column, text)
        item.setToolTip(column, row.tip)
    return item
