"""Preparing: says in the status line how far a slide's overview has come, and stops it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QToolButton, QWidget

from wsiview.gui.panels.elided import ElidedLabel
from wsiview.gui.panels.status_line import time_left
from wsiview.progress import Step

_WIDEST = 260  # px of its words


class Preparing(QWidget):
    """Hidden while nothing is prepared; `stopped` when the reader doesn't want it."""

    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start hidden."""
        super().__init__(parent)
        self.setAccessibleName("Progress of the overview")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.words = ElidedLabel()
        self.words.setMaximumWidth(_WIDEST)
        self.bar = QProgressBar()
        self.bar.setFixedWidth(90)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName("How far the overview has come")
        self.stop = QToolButton()
        self.stop.setText("Stop")
        self.stop.setToolTip("Stop preparing the overview; opening the slide again begins anew (Ctrl+Shift+.)")
        self.stop.setAccessibleName("Stop preparing the overview")
        self.stop.clicked.connect(self.stopped)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(6)
        for part in (self.words, self.bar, self.stop):
            row.addWidget(part)
        self.hide()

    def show_step(self, step: Step | None) -> None:
        """Show how far it has come; None when nothing is prepared."""
        self.setVisible(step is not None)
        if step is None:
            return
        left = f", {time_left(step.remaining)}" if step.remaining is not None else ""
        tip = f"{step.stage}{left}. It is kept, so this slide needs it only once."
        self.words.show_text(f"{step.stage} …", tip)
        self.bar.setValue(round(1000 * step.done / step.total) if step.total else 0)
