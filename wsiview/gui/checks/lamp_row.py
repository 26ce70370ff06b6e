"""Lamp row: all checks of the map in one line of the status bar; pressed, it tells more."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QToolTip, QWidget

from wsiview.analysis.lamp import Lamp, Level
from wsiview.gui.checks.lamp_sign import WORDS, paint_lamp

SIDE, STEP, PAD = 15, 19, 6  # px


class LampRow(QAbstractButton):
    """Told the lamps; hidden while there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show nothing."""
        super().__init__(parent)
        self.lamps: tuple[Lamp, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_lamps(self, lamps: Sequence[Lamp]) -> None:
        """Show these, none with none."""
        self.lamps = tuple(lamps)
        self.setText(summary(self.lamps))
        self.setAccessibleName(f"Checks of the map: {self.text()}")
        self.setAccessibleDescription(" ".join(f"{one.title}: {WORDS[one.level]}. {one.finding}" for one in self.lamps))
        self.setVisible(bool(self.lamps))
        self.updateGeometry()
        self.update()

    def lamp_at(self, x: float) -> Lamp | None:
        """The lamp at a place across the row (px), None beside them."""
        index = int((x - PAD + (STEP - SIDE) / 2) // STEP)
        return self.lamps[index] if 0 <= index < len(self.lamps) else None

    def sizeHint(self) -> QSize:
        """Room for all lamps and the words."""
        words = QFontMetrics(self.font()).horizontalAdvance(self.text())
        return QSize(2 * PAD + STEP * len(self.lamps) + words + 4, max(SIDE + 6, self.fontMetrics().height() + 4))

    def event(self, event: QEvent) -> bool:
        """Tell of the lamp under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            lamp = self.lamp_at(event.pos().x())
            QToolTip.showText(event.globalPos(), tip(lamp) if lamp is not None else TIP, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw lamps and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = self.palette().windowText().color()
        top = (self.height() - SIDE) / 2
        for index, lamp in enumerate(self.lamps):
            paint_lamp(painter, QRectF(PAD + index * STEP, top, SIDE, SIDE), lamp.level, text)
        painter.setPen(text)
        words = QRectF(PAD + len(self.lamps) * STEP + 4, 0, self.width(), self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())
        if self.hasFocus():
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()


TIP = "Checks of this map: press to read them all (W)"


def summary(lamps: Sequence[Lamp]) -> str:
    """All lamps in a few words, the worst first."""
    count = {level: sum(one.level is level for one in lamps) for level in Level}
    if count[Level.BAD]:
        return "don't rely on this map"
    if count[Level.LOOK]:
        return f"look twice at {count[Level.LOOK]}"
    return "all well" if count[Level.GOOD] == len(lamps) else f"{count[Level.GOOD]} of {len(lamps)} well"


def tip(lamp: Lamp) -> str:
    """A lamp's figures and what they mean, for a tooltip."""
    return (
        f"<p><b>{escape(lamp.title)}:</b> {WORDS[lamp.level]}</p>"
        f"<p>{escape(lamp.finding)}</p><p><i>{escape(lamp.meaning)}</i></p>"
    )
