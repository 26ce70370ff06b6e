"""Header: the line above a view, with what it shows and, above the second view, what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from wsiview.gui.panels.elided import ElidedLabel


class Header(QFrame):
    """Names slide and map of a view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Name nothing yet."""
        super().__init__(parent)
        self.setObjectName("viewHeader")
        self.slide, self.map = ElidedLabel(), ElidedLabel()
        self.slide.setObjectName("viewName")
        self.map.setObjectName("hint")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(8, 2, 4, 2)
        self.row.setSpacing(8)
        self.row.addWidget(self.slide)
        self.row.addWidget(self.map)
        self.row.addStretch(1)

    def sizeHint(self) -> QSize:
        """The same height above both views."""
        return QSize(super().sizeHint().width(), max(30, self.fontMetrics().height() + 14))

    def minimumSizeHint(self) -> QSize:
        """Names give way, buttons do not."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def show_names(self, slide: str, slide_tip: str, clustering: str, map_tip: str = "") -> None:
        """Show names; without a map `clustering` is empty."""
        self.slide.show_text(slide, slide_tip)
        self.map.show_text(clustering or "no map", map_tip or "There is no map of this slide yet")


class SecondHeader(Header):
    """With buttons.

    Signals
    -------
    wanted(str)
        The action that a button stands for.
    """

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Lay out the buttons."""
        super().__init__(parent)
        self.layers = _button("Layers ▾", "What is laid over the second view")
        self.layers.setObjectName("menuButton")
        self.layers.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.layers.setMenu(QMenu(self.layers))
        self.link = _button("Linked", "")
        self.link.setCheckable(True)
        self.align = _button("Align…", "")
        self.swap = _button("⇄", "")
        self.close_view = _button("×", "")
        self._stands_for = {"link": self.link, "align": self.align, "swap": self.swap, "second": self.close_view}
        for name, button in self._stands_for.items():
            button.clicked.connect(lambda _=False, name=name: self.wanted.emit(name))
        for button in (self.layers, self.link, self.align, self.swap, self.close_view):
            self.row.addWidget(button)

    def show_actions(self, actions: dict[str, QAction]) -> None:
        """Say of every button what the menu says of its action."""
        for name, button in self._stands_for.items():
            action = actions[name]
            key = action.shortcut().toString()
            button.setToolTip(f"{action.toolTip()} ({key})" if key else action.toolTip())
            button.setAccessibleName(action.text().removesuffix("…"))
        self.close_view.setToolTip(f"Close the second view ({actions['second'].shortcut().toString()})")
        self.close_view.setAccessibleName("Close the second view")

    def show_link(self, *, linked: bool, can_align: bool) -> None:
        """Whether the views move together, and whether there is something to align."""
        self.link.setChecked(linked)
        self.link.setText("Linked" if linked else "Not linked")
        self.align.setVisible(can_align)

    def show_opening(self, name: str) -> None:
        """Say what is on its way."""
        self.map.show_text(f"Opening {name} …")


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip or text)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
