"""Keys sheet: all keys in columns, and a field that finds the one wanted."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from wsiview.gui.dialogs.sheets import Sheet

Group = tuple[str, Sequence[tuple[str, str]]]
KEY = "F1"
"""Opens the sheet, and closes it again, in the window as in the sheet."""
_COLUMN = 330  # px that a column of keys needs
_WIDE, _HIGH = 1180, 700  # px, where the screen has them
_SHARE = 0.9  # of the screen


class KeysSheet(Sheet):
    """Groups of (keys, what they do); it can stay open beside the work."""

    def __init__(self, groups: Sequence[Group], parent: QWidget | None = None) -> None:
        """Show all of them."""
        self._groups = tuple(groups)
        self._shown: tuple[int, tuple[Group, ...]] | None = None
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a key or what it does")
        self.search.setAccessibleName("Find a key")
        self.search.setClearButtonEnabled(True)
        self.none = QLabel("No key does that. The menus have more, without keys.")
        self.none.setObjectName("hint")
        self._columns = QHBoxLayout()
        self._columns.setSpacing(26)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 8, 0)
        column.addWidget(self.none)
        column.addLayout(self._columns)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidget(inside)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setAccessibleName("Keys")
        content = QWidget()
        whole = QVBoxLayout(content)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(10)
        whole.addWidget(self.search)
        whole.addWidget(self.area, 1)
        super().__init__("Keys", content, parent)
        QShortcut(QKeySequence(KEY), self, self.reject)
        self.search.textChanged.connect(self._show)
        room = self.screen().availableGeometry().size()
        self.resize(min(_WIDE, round(room.width() * _SHARE)), min(_HIGH, round(room.height() * _SHARE)))
        self._show()
        self.search.setFocus()

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Keys and words that are shown now."""
        return [] if self._shown is None else [line for _, lines in self._shown[1] for line in lines]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many columns as there is room for."""
        super().resizeEvent(event)
        self._show()

    def _show(self) -> None:
        groups = found(self._groups, self.search.text())
        count = max(1, (self.width() - 60) // _COLUMN)
        if (count, groups) == self._shown:
            return
        self._shown = count, groups
        while (item := self._columns.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        columns = in_columns(groups, count)
        for part in [*columns, *[[]] * (count - len(columns))]:
            self._columns.addWidget(_column(part), 1, Qt.AlignmentFlag.AlignTop)
        self.none.setVisible(not groups)


def found(groups: Sequence[Group], words: str) -> tuple[Group, ...]:
    """What has all of these words in its title, its keys or what they do."""
    wanted = words.casefold().split()
    kept = []
    for title, lines in groups:
        rest = tuple(line for line in lines if all(word in " ".join((title, *line)).casefold() for word in wanted))
        if rest:
            kept.append((title, rest))
    return tuple(kept)


def in_columns(groups: Sequence[Group], count: int) -> list[list[Group]]:
    """Groups in their order, none torn, over at most so many columns whose longest is as short as can be."""
    heights = [len(lines) + 2 for _, lines in groups]
    for limit in range(max(heights, default=0), sum(heights) + 1):
        columns: list[list[Group]] = [[]]
        used = 0
        for group, height in zip(groups, heights, strict=True):
            if columns[-1] and used + height > limit:
                columns.append([])
                used = 0
            columns[-1].append(group)
            used += height
        if len(columns) <= count:
            return columns
    return [list(groups)]


def _column(groups: Sequence[Group]) -> QLabel:
    parts = []
    for title, lines in groups:
        rows = "".join(
            f"<tr><td width='128' style='padding: 2px 12px 2px 0'><b>{escape(keys)}</b></td>"
            f"<td style='padding: 2px 0'>{escape(what)}</td></tr>"
            for keys, what in lines
        )
        parts.append(f"<h4 style='margin: 10px 0 4px 0'>{escape(title)}</h4><table width='100%'>{rows}</table>")
    label = QLabel("".join(parts))
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
