"""Agreement dock: measures how far classes and the influence map agree, while anybody looks at the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from wsiview.analysis.agreement import warning_of_agreement
from wsiview.analysis.cell_agreement import CellAgreement
from wsiview.gui.jobs import Job
from wsiview.gui.panels.agreement_panel import AgreementPanel
from wsiview.gui.timers import single_shot
from wsiview.maps.cluster_map import ClusterMap
from wsiview.scene.agreement import map_agreement
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.viewport import Viewport

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

PAUSE = 250  # ms without a move before what is in view is measured
GROWING = 1500  # ms between measurements of a map that is filling
NOT_KNOWN = "Whether this model does so is not known."


class AgreementDock(QObject):
    """Follows the main view; measures on a worker, the whole slide only when its map has grown."""

    def __init__(self, window: MainWindow) -> None:
        """Make the dock, put away at first."""
        super().__init__(window)
        self._window, self._session, self._canvas = window, window.session, window.canvas
        self.panel = AgreementPanel()
        self.dock = window.docks.add("Agreement", "agreement", self.panel)
        self.dock.hide()
        self._whole: CellAgreement | None = None  # of the map as it is now
        self._figures: tuple[CellAgreement | None, CellAgreement | None] = (None, None)  # as they are shown
        self._growth = 0
        self._job = Job(self)
        self._job.succeeded.connect(self._take)
        self._pause = single_shot(self, PAUSE, self._measure)
        self._canvas.view_changed.connect(self._wait)
        self._session.layers_changed.connect(self._show_layers)
        self._session.selected_changed.connect(self.panel.show_selected)
        self._session.map_changed.connect(self._forget)
        self._session.block_arrived.connect(self._grow)
        self.dock.visibilityChanged.connect(self._wait)

    @property
    def visible(self) -> bool:
        """Whether the dock is open, perhaps behind another one's tab."""
        return not self.dock.isHidden()

    @property
    def settled(self) -> bool:
        """Whether the figures shown are of what is in view."""
        return not self._pause.isActive() and not self._job.running

    def toggle(self) -> None:
        """Bring the dock to the front, or close it where it is seen."""
        seen = self.dock.isVisible()
        self.dock.setVisible(not seen)
        if not seen:
            self.dock.raise_()

    def close(self) -> None:
        """End timer and worker."""
        self._pause.stop()
        self._job.close()

    @property
    def _influence(self) -> str | None:
        """The influence map that is shown, else the first of the map."""
        stack, cluster_map = self._session.layers, self._session.cluster_map
        if stack is None or cluster_map is None or not cluster_map.saliency_names:
            return None
        return stack.influence_shown or cluster_map.saliency_names[0]

    @Slot()
    def _forget(self) -> None:
        self._job.cancel()
        self._figures = (None, None)
        self._grow()

    @Slot()
    def _grow(self) -> None:
        """Measure a map that fills again and again, but not with every block."""
        self._whole, self._growth = None, self._growth + 1
        if self.dock.isVisible() and not self._pause.isActive():
            self._pause.start(GROWING)

    @Slot()
    def _wait(self) -> None:
        """Measure once nothing has moved for a moment."""
        if self.dock.isVisible():
            self._pause.start(PAUSE)
        else:
            self._pause.stop()

    @Slot(object)
    def _show_layers(self, stack: LayerStack | None) -> None:
        name, cluster_map = self._influence, self._session.cluster_map
        self.panel.show_layers(stack if name is not None else None)
        if stack is None or name is None or cluster_map is None:
            return
        self.panel.show_selected(self._session.selected)
        self.panel.show_source(*_words(name, cluster_map))
        self.panel.show_agreement(*self._figures)
        self._wait()

    @Slot()
    def _measure(self) -> None:
        grids, name = self._session.grids, self._influence
        if grids is None or name is None:
            return
        view, whole, growth = self._canvas.viewport, self._whole, self._growth
        self._job.start(lambda progress: (growth, *_measured(grids, name, view, whole)))

    @Slot(object)
    def _take(self, found: tuple[int, CellAgreement, CellAgreement]) -> None:
        growth, *figures = found
        self._figures = figures[0], figures[1]
        self._whole = figures[1] if growth == self._growth else None
        self.panel.show_agreement(*self._figures)


def _measured(
    grids: MapGrids, name: str, view: Viewport, whole: CellAgreement | None
) -> tuple[CellAgreement, CellAgreement]:
    return map_agreement(grids, name, view), whole if whole is not None else map_agreement(grids, name)


def _words(name: str, cluster_map: ClusterMap) -> tuple[str, str]:
    """Which influence map it is, and the warning that belongs to it."""
    method, _, target = name.partition("/")
    outputs = cluster_map.target_names
    known = target.isdecimal() and int(target) < len(outputs)
    output = f"the output {outputs[int(target)]}" if known else "the model's output"
    title = {"gradcam": "Grad-CAM"}.get(method, method)
    linear = cluster_map.attributes.get("model", {}).get("linear_head")
    warning = warning_of_agreement(linear)
    source = f"Classes and the influence map ({title}) of {output}."
    return source, f"{warning} {NOT_KNOWN}" if linear is None else warning
