"""Messages: what the window has to say, in one sentence, without ever standing in the way."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QStyle, QToolButton, QWidget

from wsiview.gui.timers import single_shot


class Weight(enum.Enum):
    """How much a message matters."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


SIGNS = {
    Weight.NOTE: QStyle.StandardPixmap.SP_MessageBoxInformation,
    Weight.WARNING: QStyle.StandardPixmap.SP_MessageBoxWarning,
    Weight.ERROR: QStyle.StandardPixmap.SP_MessageBoxCritical,
}
SIGN_SIZE = 18  # px
NOTE_STAYS = 8000  # ms


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence for the reader, with what can be done about it.

    Attributes
    ----------
    text
        The sentence.
    weight
        How much it matters.
    offer
        Identifier of an action of `gui.actions` that helps, shown as a button; empty for none.
    """

    text: str
    weight: Weight = Weight.NOTE
    offer: str = ""


class Banner(QFrame):
    """A strip over the slide with the latest message; a note goes by itself, the rest waits to be dismissed."""

    offered = Signal(str)
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show nothing."""
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAccessibleName("Message")
        self.message: Message | None = None
        self._sign = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._offer = QPushButton()
        self._offer.clicked.connect(self._take_offer)
        self._close = QToolButton()
        self._close.setText("×")
        self._close.setAutoRaise(True)
        self._close.setAccessibleName("Dismiss the message")
        self._close.setToolTip("Dismiss (Esc)")
        self._close.clicked.connect(self.dismiss)
        self._fade = single_shot(self, NOTE_STAYS, self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(10)
        row.addWidget(self._sign)
        row.addWidget(self._text, 1)
        row.addWidget(self._offer)
        row.addWidget(self._close)
        self.hide()

    def show_message(self, message: Message, offer_text: str = "") -> None:
        """Show a message in place of the one before."""
        self.message = message
        self._fade.stop()
        if message.weight is Weight.NOTE and not message.offer:
            self._fade.start()
        self._sign.setPixmap(self.style().standardIcon(SIGNS[message.weight]).pixmap(SIGN_SIZE, SIGN_SIZE))
        self._text.setText(message.text)
        self._text.setAccessibleName(message.text)
        self._offer.setText(offer_text)
        self._offer.setVisible(bool(message.offer and offer_text))
        self.setProperty("weight", message.weight.value)
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()

    def dismiss(self) -> None:
        """Take the message away."""
        self.message = None
        self._fade.stop()
        self.hide()
        self.dismissed.emit()

    def _take_offer(self) -> None:
        offer = self.message.offer if self.message else ""
        self.dismiss()
        self.offered.emit(offer)
