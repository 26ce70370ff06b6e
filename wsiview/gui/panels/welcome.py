"""Welcome: what the window shows while no slide is open."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

LISTED = 5


class Welcome(QWidget):
    """Invites to open a slide."""

    wanted = Signal(str)
    path_wanted = Signal(object)

    def __init__(self, icon: QIcon, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self.setObjectName("welcome")
        sign = QLabel()
        sign.setPixmap(icon.pixmap(QSize(88, 88), self.devicePixelRatioF()))
        sign.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.title = QLabel("Drop a slide here")
        self.title.setObjectName("welcomeTitle")
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        words = QLabel("Whole-slide images and plain pictures. Drop a model's folder or a clustering too.")
        words.setObjectName("hint")
        words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        words.setWordWrap(True)
        self.open = QPushButton("Open slide…")
        self.open.setObjectName("primary")
        self.open.clicked.connect(lambda: self.wanted.emit("open"))
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        column = QVBoxLayout(self)
        column.setSpacing(14)
        column.addStretch(2)
        for widget in (sign, self.title, words):
            column.addWidget(widget)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.open)
        row.addStretch(1)
        column.addLayout(row)
        column.addSpacing(6)
        column.addLayout(self._list)
        column.addStretch(3)

    def show_opening(self, name: str) -> None:
        """Say that a slide is on its way."""
        self.title.setText(f"Opening {name} …" if name else "Drop a slide here")

    def show_recent(self, paths: Sequence[Path]) -> None:
        """List files opened lately."""
        while (item := self._list.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for path in paths[:LISTED]:
            button = QPushButton(path.name)
            button.setObjectName("link")
            button.setFlat(True)
            button.setToolTip(str(path))
            button.clicked.connect(partial(self._want, path))
            self._list.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)

    def _want(self, path: Path, checked: bool = False) -> None:
        self.path_wanted.emit(path)
