"""Whereabouts: keeps status line and menus true to the magnification in use and to how the slide is turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from wsiview.scene.magnification import preset_at
from wsiview.scene.orientation import orientation

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Whereabouts(QObject):
    """Refreshes the menus only when something they show has changed, which a mere pan never does."""

    def __init__(self, window: MainWindow) -> None:
        """Follow the view."""
        super().__init__(window)
        self._window = window
        self._known: tuple[object, ...] = ()
        window.canvas.view_changed.connect(self.refresh)
        window.session.scale_changed.connect(self.refresh)

    def refresh(self) -> None:
        """Look again."""
        window, canvas = self._window, self._window.active_canvas
        words = orientation(canvas.viewport) if canvas.slide is not None else ""
        known = canvas, preset_at(canvas.microns), words
        if known != self._known:
            self._known = known
            downsample = canvas.viewport.downsample if canvas.slide is not None else None
            window.status.show_scale(downsample, window.active_display.mpp, canvas.pixel_ratio)
            window.status.show_orientation(words)
            window.menus.refresh()
