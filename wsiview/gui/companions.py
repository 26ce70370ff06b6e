"""Companions: parts of the window that listen to session and canvas on their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsiview.gui.appearance import Appearance
from wsiview.gui.digits import Digits
from wsiview.gui.full_screen import FullScreen
from wsiview.gui.peek import Peek
from wsiview.gui.second.second_view import SecondView
from wsiview.gui.turning import Turning
from wsiview.gui.whereabouts import Whereabouts

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Companions:
    """Built once for a window, after its canvas and docks and before its menus."""

    def __init__(self, window: MainWindow) -> None:
        """Build them; each connects itself."""
        self.appearance = Appearance(window.session.preferences)
        self.peek = Peek(window.session, window.canvas)
        self.digits, self.turning, self.whereabouts = Digits(window), Turning(window), Whereabouts(window)
        self.full_screen = FullScreen(window)
        self.second = SecondView(window)

    def close(self) -> None:
        """The window is closing: keep what is to be kept, end what runs."""
        self.full_screen.leave()
        self.second.close()
