"""Pane: a canvas with a line above it that names what it shows, and a frame that tells which one has the keys."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.second.header import Header

_FRAME = 2  # px


class Pane(QFrame):
    """Bare until there are two of them.

    Signals
    -------
    dropped(list[Path])
        Files were dropped here; only where `take_drops` was called, else the window gets them.
    """

    dropped = Signal(object)

    def __init__(self, canvas: SlideCanvas, header: Header, parent: QWidget | None = None) -> None:
        """Put the header above the canvas, both without a frame."""
        super().__init__(parent)
        self.setObjectName("pane")
        self.canvas, self.header = canvas, header
        self._column = QVBoxLayout(self)
        self._column.setSpacing(0)
        self._column.addWidget(header)
        self._column.addWidget(canvas, 1)
        self.show_framed(False)

    def show_framed(self, framed: bool) -> None:
        """With frame and header, as beside another pane, or without."""
        width = _FRAME if framed else 0
        self._column.setContentsMargins(width, width, width, width)
        self.header.setVisible(framed)
        self._dress(framed=framed)

    def show_active(self, active: bool) -> None:
        """Whether this one has the keys."""
        self._dress(active=active)

    def take_drops(self) -> None:
        """Files that are dropped here are meant for this pane."""
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand them on."""
        event.acceptProposedAction()
        self.dropped.emit([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])

    def _dress(self, **facts: bool) -> None:
        for widget in (self, self.header):
            for name, value in facts.items():
                widget.setProperty(name, value)
            widget.style().unpolish(widget)
            widget.style().polish(widget)
