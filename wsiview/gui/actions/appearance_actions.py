"""Appearance actions: light, dark, or as the system has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from wsiview.gui.actions.action import Action, always
from wsiview.gui.appearance import THEMES, Theme

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

_WORDS: dict[Theme, tuple[str, str]] = {
    "system": ("As the system", "Light or dark as the computer is set"),
    "light": ("Light", "Dark text on light panels"),
    "dark": ("Dark", "Light text on dark panels, for a dim room"),
}


def _chosen(theme: Theme) -> Callable[[MainWindow], bool]:
    return lambda window: window.companions.appearance.theme == theme


def _choose(theme: Theme) -> Callable[[MainWindow], None]:
    return lambda window: window.companions.appearance.choose(theme)


def appearance_actions() -> Iterator[Action]:
    """The View menu's choice of colours."""
    for theme in THEMES:
        text, tip = _WORDS[theme]
        yield Action(
            f"theme_{theme}", "View/Appearance", text, (), _choose(theme), always, tip, checked=_chosen(theme)
        )
