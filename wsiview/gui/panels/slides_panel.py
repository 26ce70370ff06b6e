"""Slides panel: the list of slides, each with its picture, its name and whether there is a map of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel, QListView, QMenu, QVBoxLayout, QWidget

from wsiview.gui.panels.slide_row import SlideRowPainter

ROW, PICTURE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_HINT = "Drop slides or a folder of slides here."
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list; a heading has no path.

    Attributes
    ----------
    note
        What is to be said below the name.
    current
        It is open.
    faded
        It can't be opened.
    map
        "none", "begun" or "finished".
    """

    path: Path | None
    title: str
    note: str = ""
    current: bool = False
    faded: bool = False
    map: str = "none"


class Pictures(Protocol):
    """Where the rows' pictures come from."""

    def picture(self, path: Path) -> QImage | None:
        """The picture of a slide; null if there is none, None while it is still to come."""
        ...


class SlidesPanel(QWidget):
    """Told rows; says what the reader wants of them.

    Signals
    -------
    open_wanted(Path), beside_wanted(Path), removal_wanted(Path)
        Enter or a double click; the same with Shift; Delete.
    left()
        Esc.
    """

    open_wanted = Signal(object)
    beside_wanted = Signal(object)
    removal_wanted = Signal(object)
    left = Signal()

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        """List nothing yet."""
        super().__init__(parent)
        self.model = _Rows(pictures, self)
        self.list = _List(self)
        self.list.setModel(self.model)
        self.list.setItemDelegate(SlideRowPainter(ROW, PICTURE, self.list))
        self.list.setAccessibleName("Slides")
        self.list.doubleClicked.connect(lambda index: self._want(index, self.open_wanted))
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._offer)
        self.hint = QLabel(_HINT)
        self.hint.setObjectName("hint")
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hint.setMargin(10)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.hint)
        column.addWidget(self.list, 1)
        self.show_rows(())

    def show_rows(self, rows: Sequence[Row]) -> None:
        """List these."""
        chosen = self.chosen
        if self.model.show(rows):
            self._choose(chosen)
        self.hint.setVisible(not rows)
        self.list.setVisible(bool(rows))

    @property
    def chosen(self) -> Path | None:
        """The slide on which the keys are."""
        row = self.list.currentIndex().data(ROW)
        return row.path if isinstance(row, Row) else None

    def take_keys(self, path: Path | None) -> None:
        """Give the list the keys, on this slide."""
        if self.chosen is None or path is not None:
            self._choose(path)
        self.list.setFocus()

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key stands for; whether it stands for anything."""
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        ):
            self._want(self.list.currentIndex(), self.beside_wanted if shift else self.open_wanted)
        elif event.key() == Qt.Key.Key_Delete:
            self._want(self.list.currentIndex(), self.removal_wanted)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            return False
        return True

    def _choose(self, path: Path | None) -> None:
        at = self.model.index_of(path)
        if at.isValid():
            self.list.setCurrentIndex(at)

    def _want(self, index: _Index, what: Any) -> None:
        row = index.data(ROW)
        if isinstance(row, Row) and row.path is not None:
            what.emit(row.path)

    def _offer(self, position: QPoint) -> None:
        index = self.list.indexAt(position)
        row = index.data(ROW)
        if not isinstance(row, Row) or row.path is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, what in (
            ("Open\tEnter", self.open_wanted),
            ("Open in the second view\tShift+Enter", self.beside_wanted),
            ("Take off the list\tDel", self.removal_wanted),
        ):
            menu.addAction(text).triggered.connect(lambda _=False, what=what, path=row.path: what.emit(path))
        menu.popup(self.list.viewport().mapToGlobal(position))


class _List(QListView):
    """Offers keys to the panel first."""

    def __init__(self, panel: SlidesPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(False)
        self.setMouseTracking(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._panel.press(event):
            super().keyPressEvent(event)


class _Rows(QAbstractListModel):
    def __init__(self, pictures: Pictures, parent: QWidget) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._rows: tuple[Row, ...] = ()

    def show(self, rows: Sequence[Row]) -> bool:
        """Whether other slides are listed now, not only other words about them."""
        before, fresh = [row.path for row in self._rows], [row.path for row in rows]
        if before != fresh:
            self.beginResetModel()
            self._rows = tuple(rows)
            self.endResetModel()
            return True
        self._rows = tuple(rows)
        if rows:
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
        return False

    def index_of(self, path: Path | None) -> QModelIndex:
        paths = [row.path for row in self._rows]
        return self.index(paths.index(path)) if path is not None and path in paths else QModelIndex()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        heading = self._rows[index.row()].path is None
        return Qt.ItemFlag.NoItemFlags if heading else Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role == PICTURE:
            return None if row.path is None or row.faded else self._pictures.picture(row.path)
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(part for part in (str(row.path or ""), row.note) if part)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (row.title, "open" if row.current else "", row.note) if part)
        return None
