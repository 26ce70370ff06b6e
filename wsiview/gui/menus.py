"""Menus: made from the table of actions, and kept true to the session."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from wsiview.gui.actions import ACTIONS, CANVAS_KEYS
from wsiview.gui.actions.action import Action

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


ALT_KEYS = {"Explain": "E&xplain"}  # where another menu has the first letter


class Menus(QObject):
    """The menu bar of one window; `refresh` after anything changed."""

    def __init__(self, window: MainWindow) -> None:
        """Fill the menu bar."""
        super().__init__(window)
        self._window = window
        self._menus: dict[str, QMenu] = {}
        self.actions: dict[str, QAction] = {}
        bar = window.menuBar()
        for action in ACTIONS:
            menu = self._menu(bar, action.menu.removeprefix("-"))
            if action.menu.startswith("-"):
                menu.addSeparator()
            shown = f"\t{action.placed}" if action.placed and not action.keys else ""
            item = QAction(action.text + shown, window)
            item.setShortcuts([QKeySequence(key) for key in action.keys])
            item.setCheckable(action.checked is not None)
            item.setStatusTip(action.tip)
            item.setToolTip(_with_keys(action))
            item.triggered.connect(partial(self._run, action.run))
            menu.addAction(item)
            window.addAction(item)  # so that its keys work while the menu bar is hidden
            self.actions[action.name] = item
            if action.name == "open":
                self.recent = menu.addMenu("Open recent")
                self.recent.aboutToShow.connect(self._list_recent)
        self.refresh()

    def refresh(self) -> None:
        """Enable and check what the session allows and shows."""
        window = self._window
        for action in ACTIONS:
            item = self.actions[action.name]
            enabled = action.enabled(window)
            item.setEnabled(enabled)
            if action.checked is not None:
                item.setChecked(action.checked(window))
            if action.name.startswith("class_"):
                item.setVisible(enabled)
        self.recent.setEnabled(bool(window.companions.recent.paths))

    def add_to(self, title: str, actions: list[QAction]) -> None:
        """Put further items at the end of a menu."""
        self._menus[title].addSeparator()
        self._menus[title].addActions(actions)

    def run(self, name: str) -> None:
        """Do what an item stands for."""
        self.actions[name].trigger()

    def keys(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """All keys by menu, for the sheet."""
        groups: dict[str, list[tuple[str, str]]] = {"On the slide": list(CANVAS_KEYS)}
        for action in ACTIONS:
            if (action.keys or action.placed) and not action.name.startswith("class_"):
                native = QKeySequence.SequenceFormat.NativeText
                names = [QKeySequence(key).toString(native) for key in action.keys]
                words = " or ".join([*names, *([action.placed] if action.placed else [])])
                title = action.menu.strip("-").replace("/", " · ")
                groups.setdefault(title, []).append((words, action.text.removesuffix("…")))
        groups["Layers"].append(("Shift+A … Shift+P", "Strength of class A … P (of N: Ctrl+Shift+N)"))
        groups["Layers"].append(("Alt+A … Alt+P", "Class A … P shown, or not"))
        return list(groups.items())

    def _menu(self, bar: QMenuBar, path: str) -> QMenu:
        if path not in self._menus:
            parent, _, title = path.rpartition("/")
            above, words = (self._menu(bar, parent), title) if parent else (bar, ALT_KEYS.get(title, f"&{title}"))
            self._menus[path] = above.addMenu(words)
            self._menus[path].setToolTipsVisible(True)
        return self._menus[path]

    def _run(self, run: Callable[[MainWindow], None], checked: bool = False) -> None:
        run(self._window)
        self.refresh()

    def _list_recent(self) -> None:
        recent = self._window.companions.recent
        recent.look()
        self.recent.clear()
        for path in recent.paths:
            item = self.recent.addAction(path.name)
            item.setToolTip(str(path))
            item.triggered.connect(partial(self._open, path))
        self.recent.addSeparator()
        self.recent.addAction("Forget these").triggered.connect(recent.forget)

    def _open(self, path: Path, checked: bool = False) -> None:
        self._window.open_paths([path])


def _with_keys(action: Action) -> str:
    """What it does, and by which keys."""
    names = [QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in action.keys]
    keys = " or ".join([*names, *([action.placed] if action.placed else [])])
    return " ".join([action.tip or action.text, *([f"({keys})"] if keys else [])])
