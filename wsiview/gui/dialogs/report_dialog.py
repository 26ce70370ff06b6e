"""Report dialog: a bug met the reader; says so, offers the details, and lets them go on."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget


class ReportDialog(QDialog):
    """Shows what happened, folded, with a button that copies it."""

    def __init__(self, trace: str, log_file: Path, parent: QWidget | None = None) -> None:
        """Word it."""
        super().__init__(parent)
        self.setWindowTitle("Something went wrong")
        last = trace.strip().splitlines()[-1] if trace.strip() else "unknown"
        words = QLabel(
            f"wsiview met an error that it did not expect ({last[:160]}). What you wrote is saved. "
            f"You can go on; if something looks wrong, start the program again. The log is {log_file}."
        )
        words.setWordWrap(True)
        words.setMinimumWidth(460)
        self.details = QPlainTextEdit(trace)
        self.details.setReadOnly(True)
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setAccessibleName("Details of the error")
        self.details.setMinimumHeight(180)
        self.details.hide()
        show = QPushButton("Show details")
        show.setCheckable(True)
        show.toggled.connect(self.details.setVisible)
        copy = QPushButton("Copy details")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(trace))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(show, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(12)
        column.addWidget(words)
        column.addWidget(self.details, 1)
        column.addWidget(buttons)
