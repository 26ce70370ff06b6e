"""Places: where one was on each slide, so that going back leads there again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.viewport import Viewport
from wsiview.slide.slide import Slide

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Places(QObject):
    """Follows the first canvas; slides are told apart by what they hold, not by their names."""

    def __init__(self, window: MainWindow) -> None:
        """Remember none yet."""
        super().__init__(window)
        self._canvas: SlideCanvas = window.canvas
        self._views: dict[str, tuple[Viewport, bool]] = {}
        self._present = ""
        self._canvas.view_changed.connect(self._keep)
        self._canvas.slide_shown.connect(self._return)

    def _keep(self, view: Viewport) -> None:
        slide = self._canvas.slide
        if slide is not None and slide.fingerprint == self._present:
            self._views[self._present] = view, self._canvas.fitting

    def _return(self, slide: Slide | None) -> None:
        self._present = "" if slide is None else slide.fingerprint
        kept = self._views.get(self._present)
        if kept is not None:
            view, whole = kept
            self._canvas.set_viewport(view)
            if whole:
                self._canvas.fit()  # which keeps the turn
