"""Appearance: light or dark, as the system has it or as the reader wants it."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from wsiview.gui.preferences import Preferences

Theme = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = ("system", "light", "dark")

_SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


_ROLES = (
    "Window", "WindowText", "Base", "AlternateBase", "Text", "PlaceholderText", "Button", "ButtonText", "BrightText",
    "Light", "Midlight", "Mid", "Dark", "Shadow", "Highlight", "HighlightedText", "Link", "LinkVisited",
    "ToolTipBase", "ToolTipText",
)  # fmt: skip
_COLORS: dict[Theme, str] = {
    "light": "#f0f1f3 #1b1d21 #ffffff #f5f6f8 #1b1d21 #6b7079 #f4f5f7 #1b1d21 #ffffff "
    "#ffffff #dcdfe3 #b9bdc4 #9aa0a8 #6b7079 #1f6fd6 #ffffff #1b5fb8 #6a4ab0 #ffffff #1b1d21",
    "dark": "#26282d #e8eaed #3a3e46 #41454e #e8eaed #9aa0aa #33363c #e8eaed #ffffff "
    "#4a4e56 #3c4047 #2f3238 #191b1e #0e0f11 #2f7de0 #ffffff #7ab4ff #b7a2f0 #33363c #e8eaed",
}
_FAINT = {"light": "#a2a7af", "dark": "#6c717a"}


def apply_theme(theme: Theme) -> None:
    """Dress all windows, now.

    The system is told too, for its title bars; where it can't follow (a bare X server), the palette alone does it.
    """
    QGuiApplication.styleHints().setColorScheme(_SCHEMES[theme])
    QApplication.setPalette(_palette(theme) if theme in _COLORS else QPalette())
    application = QApplication.instance()
    if isinstance(application, QApplication) and (sheet := application.styleSheet()):
        # Widgets that a sheet has dressed keep the colours of before unless it is put on anew.
        application.setStyleSheet("")
        application.setStyleSheet(sheet)


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    for role, color in zip(_ROLES, _COLORS[theme].split(), strict=True):
        palette.setColor(QPalette.ColorRole[role], QColor(color))
    for role in ("WindowText", "Text", "ButtonText"):
        palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole[role], QColor(_FAINT[theme]))
    return palette


class Appearance:
    """The reader's choice, remembered."""

    def __init__(self, preferences: Preferences) -> None:
        """Dress the windows as they were last."""
        self._preferences = preferences
        apply_theme(self.theme)

    @property
    def theme(self) -> Theme:
        """What was chosen."""
        return self._preferences.theme()

    def choose(self, theme: Theme) -> None:
        """Dress the windows otherwise, and remember it."""
        self._preferences.set_theme(theme)
        apply_theme(theme)
