"""Action: one thing that can be done, as menus, keys, enabling and the sheet of keys are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


def always(window: MainWindow) -> bool:
    """Whatever is open."""
    return True


def has_slide(window: MainWindow) -> bool:
    """Whether a slide is open."""
    return window.session.slide is not None


def has_layers(window: MainWindow) -> bool:
    """Whether a map is shown in the view that has the keys."""
    return window.active_display.layers is not None


def has_clear_look(window: MainWindow) -> bool:
    """Whether a map is shown class by class, not as in the paper."""
    stack = window.active_display.layers
    return stack is not None and stack.look != "paper"  # which stacks all classes instead


@dataclass(frozen=True)
class Action:
    """One thing that can be done.

    Attributes
    ----------
    menu
        Where it stands, as "Menu" or "Menu/Submenu"; a leading "-" puts a line above it.
    keys
        Shortcuts; none of them fires while a text field takes the key.
    placed
        A key that counts by its place instead of what it types, and that the canvas takes: only shown here.
    checked
        For what is on or off: whether it is on.
    """

    name: str
    menu: str
    text: str
    keys: tuple[str, ...]
    run: Callable[[MainWindow], None]
    enabled: Callable[[MainWindow], bool] = always
    tip: str = ""
    checked: Callable[[MainWindow], bool] | None = None
    placed: str = ""
