"""Source bar: slide, model and clustering in the order in which they make a map, and the button that makes it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

WIDEST = 230  # px of a name


class SourceBar(QWidget):
    """Told names and states; `wanted` names the action that a button stands for."""

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self.setObjectName("sourceBar")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.slide = self._source("open", "Open slide (Ctrl+O)")
        self.model = self._source("model", "Choose model (Ctrl+M)")
        self.clustering = self._source("clustering", "Choose clustering (Ctrl+K)")
        self.explain = QPushButton("Explain")
        self.explain.setObjectName("primary")
        self.explain.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._explains = "explain"
        self.explain.clicked.connect(self._press)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 5, 8, 5)
        row.setSpacing(6)
        for widget in (self.slide, _arrow(), self.model, _arrow(), self.clustering, _arrow(), self.explain):
            row.addWidget(widget)
        row.addStretch(1)
        self.screenshot = QPushButton("Screenshot…")
        self.screenshot.setFlat(True)
        self.screenshot.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.screenshot.setToolTip("Export screenshot (Ctrl+E)")
        self.screenshot.clicked.connect(lambda: self.wanted.emit("export"))
        row.addWidget(self.screenshot)

    def show_sources(self, slide: str, model: str, clustering: str) -> None:
        """Show names; empty for what is not there."""
        for button, kind, name in (
            (self.slide, "slide", slide),
            (self.model, "model", model),
            (self.clustering, "clustering", clustering),
        ):
            elided = QFontMetrics(button.font()).elidedText(name, Qt.TextElideMode.ElideMiddle, WIDEST)
            button.setText(elided or f"Choose {kind}…")
            button.setProperty("chosen", bool(name))
            button.setAccessibleName(f"{kind.capitalize()}: {name or 'none'}")
            button.style().unpolish(button)
            button.style().polish(button)

    def show_state(self, *, can_explain: bool, computing: bool, has_slide: bool, begun: bool = False) -> None:
        """Say what the last buttons can do; `begun` means that a part of the map is there already."""
        self._explains = "cancel" if computing else "explain"
        self.explain.setText("Stop" if computing else "Go on" if begun and can_explain else "Explain")
        self.explain.setEnabled(computing or can_explain)
        self.explain.setToolTip(
            "Stop computing; what is done stays (Ctrl+.)"
            if computing
            else "A part of this map is there: compute the rest, what is in view first (F5)"
            if begun
            else "Compute the cluster map of this slide, what is in view first (F5)"
        )
        self.screenshot.setEnabled(has_slide)

    def _press(self) -> None:
        self.wanted.emit(self._explains)

    def _source(self, action: str, tip: str) -> QPushButton:
        button = QPushButton()
        button.setObjectName("source")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(tip)
        button.clicked.connect(lambda: self.wanted.emit(action))
        return button


def _arrow() -> QLabel:
    arrow = QLabel("›")
    arrow.setObjectName("arrow")
    return arrow
