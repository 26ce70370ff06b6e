"""Place field: where a reader writes the place to go to."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from wsiview.gui.panels.floating import Floating
from wsiview.scene.place_text import EXAMPLE

_WIDE = 300


class PlaceField(Floating):
    """Tells what was written with Enter; what is wrong with it stands below.

    Signals
    -------
    wanted(str)
        Go there.
    """

    wanted = Signal(str)

    def __init__(self, over: QWidget) -> None:
        """Lay out the parts, hidden."""
        super().__init__(over)
        self.setAccessibleName("Go to coordinates")
        self.text = QLineEdit()
        self.text.setMinimumWidth(_WIDE)
        self.text.setPlaceholderText(EXAMPLE)
        self.text.setAccessibleName("Coordinates")
        self.text.setToolTip(f"For example {EXAMPLE}; Enter goes there, Esc closes")
        self.text.returnPressed.connect(lambda: self.wanted.emit(self.text.text()))
        self.text.textEdited.connect(lambda _: self.show_fault(""))
        self.go = QPushButton("Go")
        self.go.setAutoDefault(False)
        self.go.setToolTip("Go there (Enter)")
        self.go.clicked.connect(lambda: self.wanted.emit(self.text.text()))
        self.fault = QLabel()
        self.fault.setObjectName("fault")
        self.fault.setWordWrap(True)
        self.fault.setTextFormat(Qt.TextFormat.PlainText)
        caption = QLabel("&Go to")
        caption.setBuddy(self.text)
        row = QHBoxLayout()
        row.setSpacing(10)
        for widget in (caption, self.text, self.go, self.close_button()):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.addLayout(row)
        column.addWidget(self.fault)
        self.fault.hide()

    def show_fault(self, sentence: str) -> None:
        """Say what is wrong; nothing with ""."""
        self.fault.setText(sentence)
        self.fault.setAccessibleName(sentence)
        self.fault.setVisible(bool(sentence))
        if self.isVisible():
            self.place()
