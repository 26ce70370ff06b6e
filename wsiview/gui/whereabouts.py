"""Whereabouts: keeps status line and menus true to the magnification in use and to how the slide is turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wsiview.gui.pace import Pace
from wsiview.scene.magnification import preset_at
from wsiview.scene.orientation import orientation

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Whereabouts(QObject):
    """Refreshes the menus only when something they show has changed, which a mere pan never does.

    What is only read follows the `pace`, which tells that any view has changed.
    """

    def __init__(self, window: MainWindow) -> None:
        """Follow the view."""
        super().__init__(window)
        self._window = window
        self._known: tuple[object, ...] = ()
        self.pace = Pace(self)
        self.pace.told.connect(self.show_scale)
        window.canvas.view_changed.connect(self.refresh)
        window.session.scale_changed.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Look again; keys that depend on the view may be pressed at once."""
        window, canvas = self._window, self._window.active_canvas
        words = orientation(canvas.viewport) if canvas.slide is not None else ""
        known = canvas, preset_at(canvas.microns), words
        if known != self._known:
            self._known = known
            self.show_scale()
            window.status.show_orientation(words)
            window.menus.refresh()
        self.pace.tell()

    @Slot()
    def show_scale(self) -> None:
        """Say how closely the view that has the keys looks."""
        display, canvas = self._window.active_display, self._window.active_canvas
        downsample = canvas.viewport.downsample if display.slide is not None else None
        self._window.status.show_scale(downsample, display.mpp, canvas.pixel_ratio)

    def close(self) -> None:
        """Follow no more."""
        self.pace.close()
