"""Arrivals: opens in a window what its start, or another one, asks for, and brings the window to the front."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtWidgets import QApplication

from wsiview.gui.start_request import StartRequest

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow
    from wsiview.gui.single_instance import SingleInstance


def carry_out(request: StartRequest, window: MainWindow) -> None:
    """Open what is requested."""
    session = window.session
    if request.demo:
        session.open_demo()
    if request.model is not None:
        session.choose_model(request.model)
    if request.clustering is not None:
        session.choose_clustering(request.clustering)
    if request.files:
        window.open_paths(request.files)


class Arrivals(QObject):
    """Lets other starts reach a window for as long as it is open."""

    def __init__(self, window: MainWindow, instance: SingleInstance) -> None:
        """Carry out what the instance is asked."""
        super().__init__(window)
        self._window, self._instance = window, instance
        instance.setParent(self)
        instance.asked.connect(self._take)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A window that is closing, which can take a moment, can't be reached any more."""
        if watched is self._window and event.type() == QEvent.Type.Close:
            watched.removeEventFilter(self)
            self._instance.close()
        return super().eventFilter(watched, event)

    @Slot(object)
    def _take(self, request: StartRequest) -> None:
        if request.token:
            os.environ["XDG_ACTIVATION_TOKEN"] = request.token  # Qt gives it to the compositor
        window = self._window
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized | Qt.WindowState.WindowActive)
        window.show()
        window.raise_()
        window.activateWindow()
        QApplication.alert(window)  # where the desktop keeps it from the front, its name in the list of windows blinks
        carry_out(request, window)
