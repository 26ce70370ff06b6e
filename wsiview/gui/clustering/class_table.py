"""Class table: what the fit knows of each class, beside the reader's name for it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from wsiview.clustering.clustering import LETTERS, Clustering
from wsiview.scene.layers import ClassLook

_HEADS = ("Class", "Share of weight", "Found again", "From an earlier clustering")
_CHIP = 14  # px


class ClassTable(QTableWidget):
    """A row for each class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show nothing yet."""
        super().__init__(0, len(_HEADS), parent)
        self.setHorizontalHeaderLabels(list(_HEADS))
        self.verticalHeader().hide()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setObjectName("figures")
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName("Classes of the clustering")

    def show_clustering(self, clustering: Clustering, looks: Sequence[ClassLook]) -> None:
        """Show its classes with these names and colours."""
        self.setRowCount(clustering.n_classes)
        self.setColumnHidden(_HEADS.index("From an earlier clustering"), not clustering.inherited)
        for index, look in enumerate(looks):
            first = QTableWidgetItem(f"{look.letter}  {look.name}".rstrip())
            chip = QPixmap(_CHIP, _CHIP)
            chip.fill(QColor(*look.color))
            first.setIcon(QIcon(chip))
            self.setItem(index, 0, first)
            for column, text in enumerate((share(clustering, index), found_again(clustering, index),
                                           origin(clustering, index)), 1):  # fmt: skip
                self.setItem(index, column, QTableWidgetItem(text))
        height = self.horizontalHeader().sizeHint().height()
        height += sum(self.rowHeight(row) for row in range(self.rowCount()))
        self.setFixedHeight(height + 2 * self.frameWidth() + 2)


def share(clustering: Clustering, index: int) -> str:
    """How much of the whole weight is this class's."""
    if not clustering.share:
        return "not recorded"
    part = clustering.share[index]
    return "none: a dead class" if part == 0 else f"{part:.1%}" if part >= 0.001 else "under 0.1%"


def found_again(clustering: Clustering, index: int) -> str:
    """In how many refits."""
    if not len(clustering.stability):
        return "not tried"
    count, refits = (int(number) for number in clustering.stability[index])
    return f"in {count} of {refits} refits"


def origin(clustering: Clustering, index: int) -> str:
    """The older class that it is alike to."""
    classes = clustering.inherited.get("classes")
    if classes is None:
        return ""
    if classes[index] is None:
        return "new"
    return f"{LETTERS[classes[index]]}, alike by {clustering.inherited['cosine'][index]:.2f}"
