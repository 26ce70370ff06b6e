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
from wsiview.gui.panels.swatch import SIDE, paint_swatch
from wsiview.scene.layers import ClassLook, LayerStack

MEASURES = (
    ("iou", "Overlap", "Share of the cells that have the class or an upward influence which have both (IoU)"),
    ("corr_relu", "r, up", "Correlation of the class's strength with the influence where it pushes the score up"),
    ("corr_signed", "r, signed", "Correlation of the class's strength with the influence up and down"),
)
HINT = "Once a map with an influence map is shown, how far each class agrees with it stands here."
UNDEFINED = "not def."
_ROW = 23  # px


class AgreementTable(QTableWidget):
    """One row for each class, one column for each measure."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Lay out an empty table."""
        super().__init__(0, len(MEASURES), parent)
        self.setAccessibleName(name)
        self.lines: list[str] = []
        for column, (_, title, tip) in enumerate(MEASURES):
            header = QTableWidgetItem(title)
            header.setToolTip(tip)
            self.setHorizontalHeaderItem(column, header)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.setIconSize(QSize(SIDE - 4, SIDE - 4))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)

    def show_classes(self, stack: LayerStack) -> None:
        """Name the rows."""
        self.setRowCount(len(stack.classes))
        for row, look in enumerate(stack.classes):
            header = QTableWidgetItem(_sign(look, self.devicePixelRatioF()), "")
            header.setToolTip(look.name or f"Class {look.letter}")
            header.setData(Qt.ItemDataRole.AccessibleTextRole, f"Class {look.letter} {look.name}".strip())
            self.setVerticalHeaderItem(row, header)
        height = self.horizontalHeader().sizeHint().height() + _ROW * len(stack.classes) + 2
        self.setFixedHeight(height)

    def show_figures(self, found: CellAgreement | None, stack: LayerStack) -> None:
        """Fill in the figures; None while they are being worked out."""
        self.lines = []
        for row, look in enumerate(stack.classes):
            one = found.classes[row] if found is not None and row < len(found.classes) else None
            items = [_item(None if one is None else getattr(one, measure)) for measure, _, _ in MEASURES]
            for column, item in enumerate(items):
                what = f"Class {look.letter}, {MEASURES[column][1]}: {item.text()}"
                item.setData(Qt.ItemDataRole.AccessibleTextRole, what)
                self.setItem(row, column, item)
            self.lines.append("\t".join([look.letter, *(item.text() for item in items)]))


class AgreementPanel(QScrollArea):
    """Told what was measured; beside every figure stands what it is worth."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self._stack: LayerStack | None = None
        self.hint = _label(HINT, "hint")
        self.source = _label("", "caption")
        self.view_title, self.slide_title = _label("In view"), _label("Whole slide")
        self.view = AgreementTable("Agreement in view")
        self.slide = AgreementTable("Agreement on the whole slide")
        self.reasons = _label("", "hint")
        self.warning = _label("")
        self.warning.setObjectName("agreementWarning")
        self.copy = QPushButton("Copy figures")
        self.copy.setToolTip("Copy both tables and the warning as text")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        inside = QWidget()
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(inside)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        self._parts = (
            self.source, self.warning, self.view_title, self.view, self.slide_title, self.slide, self.reasons,
        )  # fmt: skip
        for part in (self.hint, *self._parts):
            column.addWidget(part)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.copy)
        column.addLayout(foot)
        column.addStretch(1)
        self.show_layers(None)

    def show_layers(self, stack: LayerStack | None) -> None:
        """Take letters, names and colours from here; None while there is no map with influence."""
        self._stack = stack
        self.hint.setVisible(stack is None)
        self.copy.setVisible(stack is not None)
        for part in self._parts:
            part.setVisible(stack is not None)
        if stack is not None:
            for table in (self.view, self.slide):
                table.show_classes(stack)

    def show_selected(self, index: int) -> None:
        """Mark the class that is described."""
        for table in (self.view, self.slide):
            table.selectRow(index)

    def show_source(self, influence: str, warning: str) -> None:
        """Say which influence map this is, and what agreement with it is worth."""
        self.source.setText(influence)
        self.warning.setText(warning)
        self.warning.setVisible(bool(warning) and self._stack is not None)

    def show_agreement(self, view: CellAgreement | None, slide: CellAgreement | None) -> None:
        """Show what was measured; None for what is being measured."""
        if self._stack is None:
            return
        for title, table, words, found in (
            (self.view_title, self.view, "In view", view),
            (self.slide_title, self.slide, "Whole slide", slide),
        ):
            title.setText(f"{words}: {_cells(found)}")
            table.show_figures(found, self._stack)
        self.reasons.setText(_reasons(self._stack, view, slide))
        self.reasons.setVisible(bool(self.reasons.text()))

    def text(self) -> str:
        """All of it as lines with tabs."""
        lines = [self.source.text(), self.warning.text()]
        for title, table in ((self.view_title, self.view), (self.slide_title, self.slide)):
            lines += [title.text(), "\t".join(["class", *(name for _, name, _ in MEASURES)])]
            lines += table.lines
        return "\n".join(line for line in [*lines, self.reasons.text()] if line)


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


def _reasons(stack: LayerStack, *found: CellAgreement | None) -> str:
    """Why figures are not defined, each reason once, with the classes that it holds for."""
    letters: dict[str, dict[str, None]] = {}
    for one in found:
        for look, figures in zip(stack.classes, one.classes if one is not None else (), strict=False):
            for figure in _figures(figures):
                if figure.value is None:
                    letters.setdefault(figure.reason, {})[look.letter] = None
    reasons = []
    for reason, classes in letters.items():
        whole = len(classes) == len(stack.classes)
        reasons.append(reason if whole else f"{', '.join(classes)} ({reason})")
    return f"Not defined: {'; '.join(reasons)}." if reasons else ""


def _figures(one: ClassAgreement) -> tuple[Figure, ...]:
    return tuple(getattr(one, measure) for measure, _, _ in MEASURES)


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
