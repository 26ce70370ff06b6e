"""Agreement panel: how far each class and the influence map agree, in view and on the whole slide."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from wsiview.analysis.cell_agreement import CellAgreement, ClassAgreement, Figure
from wsiview.gui.panels.scrolling import scroll_down
from wsiview.gui.panels.swatch import SIDE, paint_swatch
from wsiview.scene.layers import ClassLook, LayerStack

MEASURES = (
    ("iou", "IoU", "Overlap: of the cells that have the class or an upward influence, the share that has both"),
    ("corr_relu", "r, up", "Correlation of the class's strength with the influence where it pushes the score up"),
    ("corr_signed", "r, ±", "Correlation of the class's strength with the influence, up and down"),
)
SCOPES = ("In view", "Whole slide")
HINT = "Once a map with an influence map is shown, how far each class agrees with it stands here."
UNDEFINED = "n. def."
_ROW, _SIGNS = 23, 30  # px of a row's height, and of the width of the column of signs


class AgreementTable(QTableWidget):
    """One row for each class; one column for each measure, in view and then on the whole slide."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out an empty table."""
        super().__init__(0, len(SCOPES) * len(MEASURES), parent)
        self.setAccessibleName("Agreement of classes with the influence map")
        self.lines: list[str] = []
        for column in range(self.columnCount()):
            _, title, tip = MEASURES[column % len(MEASURES)]
            header = QTableWidgetItem(title)
            header.setToolTip(f"{SCOPES[column // len(MEASURES)]}. {tip}")
            self.setHorizontalHeaderItem(column, header)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setMinimumSectionSize(24)
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.verticalHeader().setFixedWidth(_SIGNS)
        self.setIconSize(QSize(SIDE - 4, SIDE - 4))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabKeyNavigation(False)

    def show_classes(self, stack: LayerStack) -> None:
        """Name the rows."""
        self.setRowCount(len(stack.classes))
        for row, look in enumerate(stack.classes):
            header = QTableWidgetItem(_sign(look, self.devicePixelRatioF()), "")
            header.setToolTip(look.name or f"Class {look.letter}")
            header.setData(Qt.ItemDataRole.AccessibleTextRole, f"Class {look.letter} {look.name}".strip())
            self.setVerticalHeaderItem(row, header)
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + _ROW * len(stack.classes) + 2)

    def show_figures(self, stack: LayerStack, *found: CellAgreement | None) -> None:
        """Fill in the figures of both scopes; None for what is being measured."""
        self.lines = []
        for row, look in enumerate(stack.classes):
            figures = [figure for one in found for figure in _figures(one, row)]
            items = [_item(figure) for figure in figures]
            for column, item in enumerate(items):
                scope, title = SCOPES[column // len(MEASURES)], MEASURES[column % len(MEASURES)][1]
                item.setData(
                    Qt.ItemDataRole.AccessibleTextRole, f"Class {look.letter}, {scope}, {title}: {item.text()}"
                )
                self.setItem(row, column, item)
            self.lines.append("\t".join([look.letter, *(item.text() for item in items)]))


class AgreementPanel(QScrollArea):
    """Told what was measured; beside every figure stands what it is worth."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self._stack: LayerStack | None = None
        self.hint, self.source = _label(HINT, "hint"), _label("", "caption")
        self.titles = [_label(words) for words in SCOPES]
        self.table = AgreementTable()
        self.reasons, self.warning = _label("", "hint"), _label("")
        self.copy = QPushButton("Copy figures")
        self.copy.setToolTip("Copy the table and the warning as text")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        self._parts = (self.source, self.warning, *self.titles, self.table, self.copy)
        inside = QWidget()
        scroll_down(self, inside)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lay_out(inside)
        self.show_layers(None)

    def show_layers(self, stack: LayerStack | None) -> None:
        """Take letters, names and colours from here; None while there is no map with influence."""
        self._stack = stack
        self.hint.setVisible(stack is None)
        for part in self._parts:
            part.setVisible(stack is not None)
        self.reasons.setVisible(stack is not None and bool(self.reasons.text()))
        if stack is not None:
            self.table.show_classes(stack)

    def show_selected(self, index: int) -> None:
        """Mark the class that is described."""
        self.table.selectRow(index)

    def show_source(self, influence: str, warning: str) -> None:
        """Say which influence map this is, and what agreement with it is worth."""
        self.source.setText(influence)
        self.warning.setText(warning)
        self.warning.setVisible(bool(warning) and self._stack is not None)

    def show_agreement(self, view: CellAgreement | None, slide: CellAgreement | None) -> None:
        """Show what was measured; None for what is being measured."""
        if self._stack is None:
            return
        for label, words, found in zip(self.titles, SCOPES, (view, slide), strict=True):
            label.setText(f"{words}: {_cells(found)}")
        self.table.show_figures(self._stack, view, slide)
        self.reasons.setText(_reasons(self._stack, view, slide))
        self.reasons.setVisible(bool(self.reasons.text()))

    def text(self) -> str:
        """All of it as lines with tabs."""
        head = [f"{title}, {scope.lower()}" for scope in SCOPES for _, title, _ in MEASURES]
        counts = "; ".join(label.text() for label in self.titles)
        lines = [self.source.text(), self.warning.text(), counts, "\t".join(["class", *head]), *self.table.lines]
        return "\n".join(line for line in [*lines, self.reasons.text()] if line)

    def _lay_out(self, inside: QWidget) -> None:
        column = QVBoxLayout(inside)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        for part in (self.hint, self.source, self.warning):
            column.addWidget(part)
        titles = QHBoxLayout()
        titles.setContentsMargins(_SIGNS, 4, 0, 0)
        titles.setSpacing(0)
        for label in self.titles:
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            titles.addWidget(label, 1)
        column.addLayout(titles)
        column.addWidget(self.table)
        column.addWidget(self.reasons)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.copy)
        column.addLayout(foot)
        column.addStretch(1)


def _label(text: str, name: str = "") -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _cells(found: CellAgreement | None) -> str:
    if found is None:
        return "measuring …"
    return "1 cell" if found.n_cells == 1 else f"{found.n_cells:,} cells".replace(",", " ")


def _item(figure: Figure | None) -> QTableWidgetItem:
    if figure is None:
        item = QTableWidgetItem("…")
    elif figure.value is None:
        item = QTableWidgetItem(UNDEFINED)
        item.setToolTip(f"Not defined: {figure.reason}")
    else:
        item = QTableWidgetItem(f"{figure.value:.2f}".replace("-", "−"))
    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
    return item


def _figures(found: CellAgreement | None, row: int) -> tuple[Figure | None, ...]:
    """All measures of one class; None for what is being measured."""
    if found is None or row >= len(found.classes):
        return (None,) * len(MEASURES)
    one: ClassAgreement = found.classes[row]
    return tuple(getattr(one, measure) for measure, _, _ in MEASURES)


def _reasons(stack: LayerStack, *found: CellAgreement | None) -> str:
    """Why figures are not defined, each reason once, with the classes that it holds for."""
    letters: dict[str, dict[str, None]] = {}
    for one in found:
        for row, look in enumerate(stack.classes):
            for figure in _figures(one, row):
                if figure is not None and figure.value is None:
                    letters.setdefault(figure.reason, {})[look.letter] = None
    reasons = []
    for reason, classes in letters.items():
        whole = len(classes) == len(stack.classes)
        reasons.append(reason if whole else f"{', '.join(classes)} ({reason})")
    return f"Not defined: {'; '.join(reasons)}." if reasons else ""


def _sign(look: ClassLook, ratio: float) -> QIcon:
    """The class's swatch."""
    side = SIDE - 4
    picture = QPixmap(round(side * ratio), round(side * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint_swatch(painter, QRectF(0, 0, side, side), look)
    painter.end()
    return QIcon(picture)
