"""Full screen: the slide and what lies on it, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDockWidget, QToolBar, QWidget

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

_STATE = Qt.WindowState.WindowFullScreen


class FullScreen(QObject):
    """Hides bars and docks while the window fills the screen, however it came to do so, and brings them back."""

    def __init__(self, window: MainWindow) -> None:
        """Watch the window's state."""
        super().__init__(window)
        self._window = window
        self._hidden: list[QWidget] = []
        self._docks: QByteArray | None = None
        window.installEventFilter(self)

    @property
    def on(self) -> bool:
        """Whether only the slide is shown."""
        return self._docks is not None

    def toggle(self) -> None:
        """Fill the screen, or go back."""
        self._window.setWindowState(self._window.windowState() ^ _STATE)

    def leave(self) -> None:
        """Go back to a window, at once; bars and docks are where they were."""
        if self.on:
            self._window.setWindowState(self._window.windowState() & ~_STATE)
            self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's state; Esc, where nothing else wanted it, goes back."""
        if watched is self._window:
            if event.type() == QEvent.Type.WindowStateChange:
                full = bool(self._window.windowState() & _STATE)
                (self._hide if full else self._show)()
            elif isinstance(event, QKeyEvent) and self._goes_back(event):
                self.leave()
        return super().eventFilter(watched, event)

    def _goes_back(self, event: QKeyEvent) -> bool:
        return self.on and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape

    def _hide(self) -> None:
        if self.on:
            return
        window = self._window
        self._docks = window.saveState()
        bars = [window.menuBar(), window.status, *window.findChildren(QToolBar), *window.findChildren(QDockWidget)]
        self._hidden = [bar for bar in bars if not bar.isHidden()]
        for bar in self._hidden:
            bar.hide()
        window.active_canvas.setFocus()

    def _show(self) -> None:
        if self._docks is None:
            return
        docks, self._docks = self._docks, None
        for bar in self._hidden:
            bar.show()
        self._hidden = []
        self._window.restoreState(docks)
        self._window.menus.refresh()
