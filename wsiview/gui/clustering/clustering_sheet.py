"""Clustering sheet: how well classes and their number hold, and how they compare to another clustering's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from wsiview.clustering.clustering import LETTERS, WEAKLY_IDENTIFIED, Clustering
from wsiview.clustering.rank import RankRow, choose
from wsiview.gui.clustering.class_table import ClassTable
from wsiview.gui.clustering.rank_chart import RankChart
from wsiview.gui.clustering.split_table import SplitTable, findings
from wsiview.gui.dialogs.sheets import Sheet
from wsiview.gui.panels.gutter import Gutter
from wsiview.gui.panels.scrolling import scroll_down
from wsiview.scene.layers import ClassLook

WIDE, HIGH = 660, 720  # px, where the screen has them
_SHARE = 0.9  # of the screen
ONE_K = "Only this number of classes was tried. On the command line, wsiview fit -k 2-10 … compares several."
COMPARE = "Compare with another clustering…"


class ClusteringSheet(Sheet):
    """Told the clustering that is open; asks for another one by `other_wanted`."""

    other_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show nothing yet."""
        self.headline, self.chart_hint, self.said = _text(), _text("hint"), _text()
        self.classes, self.chart, self.parts = ClassTable(), RankChart(), SplitTable()
        self.compare = QPushButton(COMPARE)
        self.compare.setAutoDefault(False)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        column.addWidget(self.headline)
        column.addWidget(self.classes)
        column.addWidget(_heading("How many classes"))
        column.addWidget(self.chart)
        column.addWidget(self.chart_hint)
        column.addWidget(_heading("Beside another clustering"))
        column.addWidget(self.compare, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.said)
        column.addWidget(self.parts)
        column.addStretch(1)
        area = QScrollArea()
        scroll_down(area, inside)
        area.setAccessibleName("Clustering")
        Gutter(area)
        super().__init__("How the classes hold", area, parent)
        self.compare.clicked.connect(self.other_wanted)
        self.forget_other()
        room = self.screen().availableGeometry().size()
        self.resize(min(WIDE, round(room.width() * _SHARE)), min(HIGH, round(room.height() * _SHARE)))

    def show_clustering(self, clustering: Clustering, looks: Sequence[ClassLook]) -> None:
        """Show what its file says, with these names and colours of its classes."""
        self.headline.setText(description(clustering))
        self.classes.show_clustering(clustering, looks)

    def show_rows(self, rows: Sequence[RankRow], chosen: int, trouble: str = "") -> None:
        """Show what each number of classes came to; `trouble` says why that can't be told."""
        self.chart.setVisible(len(rows) > 1)
        self.chart_hint.setText(trouble or ONE_K)
        if len(rows) > 1:
            best, reason = choose(rows)
            self.chart_hint.setText(f"The figures speak for {best.classes} classes: {reason}.")
            self.chart.show_rows(rows, chosen)

    def show_parts(self, parts: NDArray[np.float64], ours: Sequence[ClassLook], name: str) -> None:
        """Show how the classes (rows) are made of those of the clustering of that name."""
        mine = [f"{look.letter} {look.name}".rstrip() for look in ours]
        theirs = list(LETTERS[: parts.shape[1]])
        self.said.setText("\n".join([f"Each class by those of {name}:", *findings(parts, mine, theirs)]))
        self.parts.show_parts(parts, mine, theirs)
        self.said.show()
        self.parts.show()

    def say(self, sentence: str) -> None:
        """Say why there is nothing to compare with."""
        self.said.setText(sentence)
        self.said.show()
        self.parts.hide()

    def forget_other(self) -> None:
        """Compare with nothing."""
        self.said.hide()
        self.parts.hide()


def description(clustering: Clustering) -> str:
    """What it is, in two lines, and a third where its classes are weakly identified."""
    facts = clustering.parameters
    vectors = facts.get("vectors")
    slides = len(clustering.slides)
    of = f"the layer {clustering.layer} of {clustering.model_name}"
    second = f"Fitted to {slides} slide{'s' if slides != 1 else ''}"
    if isinstance(vectors, int):
        second += f", {vectors:,} feature vectors"
    if refits := facts.get("refits"):
        second += f"; found again: in how many of {refits} fits of resampled {facts.get('resampled', 'slides')}"
    third = f"\n{WEAKLY_IDENTIFIED}" if clustering.signed else ""
    return f"{clustering.name}: {clustering.n_classes} classes of {of}.\n{second}.{third}"


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("checkTitle")
    return label


def _text(name: str = "") -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
