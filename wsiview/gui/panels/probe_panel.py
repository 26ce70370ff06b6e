"""Probe panel: what the map says of the cell under the cursor."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wsiview.gui.panels.class_row import ElidedLabel
from wsiview.gui.panels.scrolling import scroll_down
from wsiview.gui.panels.swatch import paint_swatch
from wsiview.gui.probing import Reading
from wsiview.scene.layers import LayerStack

LINE = 18  # px for one class
GAP = 8
NUMBER = 44  # px for the value
PER_COLUMN = 8  # classes; more stand in two columns


class StrengthBars(QWidget):
    """One bar for each class: its strength in the cell, on the scale of the whole clustering."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self._stack: LayerStack | None = None
        self._strengths: tuple[float, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Strength of every class under the cursor")

    def show_layers(self, stack: LayerStack | None) -> None:
        """Take letters and colours from here."""
        if stack != self._stack:
            self._stack = stack
            self.updateGeometry()
            self.update()

    def show_strengths(self, strengths: tuple[float, ...]) -> None:
        """Show these (K,) strengths; empty for no value."""
        if strengths != self._strengths:
            self._strengths = strengths
            self.update()

    def sizeHint(self) -> QSize:
        """One line for each class, or for two."""
        return QSize(200, LINE * self._lines())

    def minimumSizeHint(self) -> QSize:
        """No line is ever cut."""
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw signs, bars and values."""
        if self._stack is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text, track = self.palette().text().color(), self.palette().text().color()
        track.setAlpha(28)
        lines, columns = self._lines(), 2 if len(self._stack.classes) > PER_COLUMN else 1
        width = (self.width() - (columns - 1) * 2 * GAP) / columns
        room = width - (LINE - 4) - GAP - NUMBER
        for index, look in enumerate(self._stack.classes):
            left, top = index // lines * (width + 2 * GAP), index % lines * LINE
            paint_swatch(painter, QRectF(left, top + 2, LINE - 4, LINE - 4), look)
            bar = QRectF(left + LINE - 4 + GAP, top + LINE / 2 - 4, room, 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(track)
            painter.drawRoundedRect(bar, 3, 3)
            if index < len(self._strengths):
                value = self._strengths[index]
                painter.setBrush(QColor(*look.color))
                painter.setPen(QColor(0, 0, 0, 90))
                if value > 0:
                    painter.drawRoundedRect(QRectF(bar.x(), bar.y(), max(3.0, bar.width() * min(1.0, value)), 8), 3, 3)
                painter.setPen(text)
                number = QRectF(left + width - NUMBER, top, NUMBER, LINE)
                flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(number, int(flags), f"{value:.2f}" if value > 0 else "0")
        painter.end()

    def _lines(self) -> int:
        count = len(self._stack.classes) if self._stack is not None else 0
        return count if count <= PER_COLUMN else math.ceil(count / 2)


class ProbePanel(QScrollArea):
    """Bars for all classes, and in words what else is known."""

    copy_wanted = Signal()
    release_wanted = Signal()
    came_up = Signal()  # from behind other panels, or out of hiding: what it shows may be old

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the parts."""
        super().__init__(parent)
        self.hint = QLabel("Once a map is shown, the values of every class under the cursor stand here.")
        self.hint.setObjectName("hint")
        self.hint.setWordWrap(True)
        self.bars = StrengthBars()
        self._fields: dict[str, ElidedLabel] = {}
        self._lines = QWidget()
        form = QFormLayout(self._lines)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(2)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        for name in ("State", "Strongest", "Unexplained", "Influence", "Model score"):
            value = ElidedLabel()
            value.setAccessibleDescription(name)
            caption = QLabel(name)
            caption.setObjectName("caption")
            form.addRow(caption, value)
            self._fields[name] = value
        self._fields["Unexplained"].setToolTip("Share of the cell's features that no class explains")
        inside = QWidget()
        scroll_down(self, inside)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(10, 6, 10, 4)
        whole.setSpacing(8)
        whole.addWidget(self.hint)
        whole.addWidget(self._keeping())
        whole.addWidget(self.bars)
        whole.addWidget(self._lines)
        whole.addStretch(1)
        self.show_layers(None)

    def show_layers(self, stack: LayerStack | None) -> None:
        """Take letters and colours from here."""
        self.bars.show_layers(stack)
        self.hint.setVisible(stack is None)
        self._lines.setVisible(stack is not None)
        if stack is None:
            self.show_reading(None)

    def show_kept(self, kept: bool) -> None:
        """Say that a reading is kept, and offer to copy it or let it go."""
        self.kept.setVisible(kept)

    def _keeping(self) -> QWidget:
        self.kept = QWidget()
        words = QLabel("Kept")
        words.setObjectName("keptWords")
        row = QHBoxLayout(self.kept)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(words, 1)
        for text, tip, wanted in (
            ("Copy", "Copy the reading as text (Ctrl+Shift+K)", self.copy_wanted),
            ("Let go", "Follow the cursor again (K or Esc)", self.release_wanted),
        ):
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(f"{text}: the reading that is kept")
            button.clicked.connect(wanted)
            row.addWidget(button)
        self.kept.hide()
        return self.kept

    def show_reading(self, reading: Reading | None) -> None:
        """Show what is known of a cell; None where the cursor is on no cell."""
        self.bars.show_strengths(reading.strengths if reading is not None else ())
        words = reading.words if reading is not None else {}
        for name, label in self._fields.items():
            label.show_text(words.get(name, "—"))

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what is to be shown."""
        super().showEvent(event)
        self.came_up.emit()

    def text(self, name: str) -> str:
        """What one line says."""
        return self._fields[name].accessibleName()
