"""Places: where one was on each slide, and which map was chosen for it, so that going back leads there again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from wsiview.scene.viewport import Viewport
from wsiview.slide.slide import Slide

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Places(QObject):
    """Follows the first canvas; slides are told apart by what they hold, not by their names."""

    def __init__(self, window: MainWindow) -> None:
        """Remember none yet."""
        super().__init__(window)
        self._session, self._canvas = window.session, window.canvas
        self._maps: dict[str, Path] = {}  # by what the slides hold, as all of this
        self._expected: dict[str, Path] = {}
        self._views: dict[str, tuple[Viewport, bool]] = {}
        self._present = ""
        self._canvas.view_changed.connect(self._keep)
        self._canvas.slide_shown.connect(self._return)
        self._session.map_changed.connect(self._keep_map)

    def expect(self, maps: Mapping[str, Path]) -> None:
        """Maps that were dropped together with their slides, by the fingerprints of these."""
        self._expected.update(maps)

    def _keep(self, view: Viewport) -> None:
        slide = self._canvas.slide
        if slide is not None and slide.fingerprint == self._present:
            self._views[self._present] = view, self._canvas.fitting

    def _keep_map(self, grids: object) -> None:
        cluster_map = self._session.cluster_map
        if grids is not None and cluster_map is not None and self._session.slide is not None:
            self._maps[self._session.slide.fingerprint] = cluster_map.path

    def _return(self, slide: Slide | None) -> None:
        self._present = "" if slide is None else slide.fingerprint
        kept = self._views.get(self._present)
        if kept is not None:
            view, whole = kept
            self._canvas.set_viewport(view)
            if whole:
                self._canvas.fit()  # which keeps the turn
        chosen = self._expected.get(self._present)
        if chosen is None and self._session.clustering is None:  # else model and clustering say which map
            chosen = self._maps.get(self._present)
        if chosen is not None:
            self._session.expect_map(chosen)
