"""Docks: the panels beside the slide, each told by the session what to show."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from wsiview.clustering.clustering import WEAKLY_IDENTIFIED
from wsiview.geometry import Point
from wsiview.gui.display import Display
from wsiview.gui.panels.histogram import Histogram, Tally
from wsiview.gui.panels.layers_panel import Lack, LayersPanel
from wsiview.gui.panels.meanings_panel import MeaningsPanel
from wsiview.gui.panels.probe_panel import ProbePanel
from wsiview.gui.probing import read_at
from wsiview.gui.session import Session
from wsiview.scene.layers import LayerStack

WIDE = 316  # px of width on first start
HIGH, LOW = 424, 320  # px of height of the layers and of the cursor's panel on first start
SHORT = 620  # px of screen height below which all panels share one place
TALL = 900  # px of screen height from which the cursor's panel stands below the meaning's, not behind it


class Docks(QObject):
    """Layers, meaning, cursor and strengths, at the right of a window."""

    def __init__(self, window: QMainWindow, session: Session) -> None:
        """Make the panels and connect them."""
        super().__init__(window)
        self._window, self._session = window, session
        self._shown: Display = session  # whose layers the panel of layers speaks of
        self._tally: Tally | None = None
        self.layers, self.histogram, self.probe = LayersPanel(), Histogram(), ProbePanel()
        self.meanings = MeaningsPanel(session.notebook)
        self._docks = [
            self._dock("Layers", "layers", self.layers),
            self._dock("Meaning", "meaning", self.meanings),
            self._dock("Cursor", "probe", self.probe),
            self._dock("Strengths", "strengths", self.histogram),
        ]
        self._behind: list[QDockWidget] = []
        session.inputs_changed.connect(self._show_lack)
        session.map_changed.connect(self._show_map)
        session.block_arrived.connect(self._count_block)
        session.predictions_arrived.connect(self._show_histogram)
        session.layers_changed.connect(self._show_layers)
        session.selected_changed.connect(self._show_selected)
        self.layers.changed.connect(lambda stack: self._shown.set_layers(stack))
        self.layers.selected.connect(self._select)
        self.layers.recolored.connect(self._recolor)
        self.histogram.threshold_wanted.connect(self.layers.set_threshold_of_selected)
        self.meanings.class_wanted.connect(session.select)

    def add(self, title: str, name: str, panel: QWidget) -> QDockWidget:
        """One more panel, which stands behind the layers on first start."""
        dock = self._dock(title, name, panel)
        self._behind.append(dock)
        return dock

    def arrange(self) -> None:
        """Docks as on first start: what matters least stands behind tabs."""
        layers, meaning, probe, strengths = self._docks
        if self.room != "tall":
            front = layers if self.room == "short" else meaning
            for behind in self._docks[self._docks.index(front) + 1 :]:
                self._window.tabifyDockWidget(front, behind)
            front.raise_()
            below = []
        else:
            self._window.tabifyDockWidget(probe, strengths)
            probe.raise_()
            below = [probe]
        self._put_behind(layers)
        layers.raise_()
        self._window.resizeDocks(self._docks, [WIDE] * len(self._docks), Qt.Orientation.Horizontal)
        heights = [HIGH, *[LOW] * len(below)]
        room = max(1, self._window.height() - sum(heights))
        self._window.resizeDocks([layers, *below, meaning], [*heights, room], Qt.Orientation.Vertical)

    def _put_behind(self, front: QDockWidget) -> None:
        # Taken from places of their own, they would leave tabs painted where those were.
        hidden = [dock.isHidden() for dock in self._behind]
        for dock in self._behind:
            self._window.removeDockWidget(dock)
        for dock in self._behind:
            self._window.tabifyDockWidget(front, dock)
        for dock, was_hidden in zip(self._behind, hidden, strict=True):
            dock.setHidden(was_hidden)

    @property
    def room(self) -> str:
        """How much the screen has for panels: "short", "low" or "tall"; each has its arrangement."""
        screen = QGuiApplication.primaryScreen()
        height = screen.availableGeometry().height() if screen is not None else 0
        return "short" if height < SHORT else "low" if height < TALL else "tall"

    def show_panel(self, panel: QWidget) -> None:
        """Bring a panel to the front, whether it is hidden or behind others."""
        for dock in self._docks:
            if dock.widget() is panel:
                dock.show()
                dock.raise_()

    def toggles(self) -> list[QAction]:
        """Menu items that show and hide the docks."""
        return [dock.toggleViewAction() for dock in (*self._docks, *self._behind)]

    def show_view(self, display: Display) -> None:
        """Let the panel of layers speak of another view."""
        self._shown = display
        shown = display.cluster_map
        names = shown.saliency_names if shown is not None else ()
        signed = shown is not None and shown.attributes.get("clustering", {}).get("method") == "semi-nmf"
        self.layers.show_warning(WEAKLY_IDENTIFIED if signed else "")
        self.layers.show_sources(names, prediction=display.grids is not None)
        self.layers.show_layers(display.layers)
        self.layers.show_selected(display.selected)
        self._show_lack()
        self._docks[0].setWindowTitle("Layers" if display is self._session else "Layers of the second view")

    def show_place(self, display: Display, place: Point | None) -> None:
        """Read the map of a view at a place (level-0 px)."""
        grids, stack = display.grids, display.layers
        if place is None or grids is None or stack is None:
            self.probe.show_layers(self._session.layers)
            self.probe.show_reading(None)
        else:
            self.probe.show_layers(stack)
            self.probe.show_reading(read_at(grids, stack, place))

    def close(self) -> None:
        """Keep what was written, let go of the chart."""
        self.meanings.save()
        self.histogram.close_plot()

    def _dock(self, title: str, name: str, panel: QWidget) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setWidget(panel)
        dock.setAllowedAreas(Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        return dock

    def _show_lack(self) -> None:
        self.layers.show_lack(self._lack)

    @property
    def _lack(self) -> Lack:
        """Why the panel of layers may have none to speak of."""
        session = self._session
        if self._shown.slide is not session.slide:
            return "map of other slide"
        return "blocks" if session.computing else "explaining" if session.can_explain else "choice"

    def _show_map(self, grids: object) -> None:
        session = self._session
        self._tally = Tally(session.grids.n_classes) if session.grids is not None else None
        if self._shown is session:
            self.show_view(session)
        self.histogram.show_class(None, None)

    def _count_block(self, row: int, col: int) -> None:
        block = self._session.grids.block_at(row, col) if self._session.grids is not None else None
        if block is not None and self._tally is not None:
            self._tally.put(row, col, block.strength, block.state)

    def _show_layers(self, stack: LayerStack | None) -> None:
        if self._shown is self._session:
            self.layers.show_layers(stack)
        for panel in (self.meanings, self.probe):
            panel.show_layers(stack)
        self._show_histogram()

    def _show_selected(self, index: int) -> None:
        if self._shown is self._session:
            self.layers.show_selected(index)
        self.meanings.show_class(index)
        self._show_histogram()

    def _show_histogram(self) -> None:
        stack, index = self._session.layers, self._session.selected
        if stack is not None and self._tally is not None and index < len(stack.classes):
            self.histogram.show_class(stack.classes[index], self._tally.counts(index))

    def _select(self, index: int) -> None:
        """Choose a class in the panel of layers; what is written about it is shown where the first view has it too."""
        self._shown.select(index)
        if self._shown.clustering_fingerprint == self._session.clustering_fingerprint:
            self._session.select(index)
        self.layers.show_selected(index)

    def _recolor(self, index: int, color: tuple[int, int, int]) -> None:
        if (stack := self._shown.layers) is not None:
            clustering = self._shown.clustering_fingerprint
            self._session.notebook.recolor(clustering, index, stack.classes[index].color, color)
