"""Display: the cluster map that is shown, how it is shown, and the class that is being described."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from wsiview.gui import looks
from wsiview.gui.map_view import Patches, grids_of, put_predictions, stack_of
from wsiview.gui.map_worker import BlockArrival
from wsiview.gui.notebook import Notebook
from wsiview.maps.cluster_map import ClusterMap
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.slide.slide import Slide


class Display(QObject):
    """Takes maps block by block, and names and colours from the reader's notebook.

    Parameters
    ----------
    notebook
        Keeps what the reader writes.
    """

    map_changed = Signal(object)  # MapGrids or None
    block_arrived = Signal(int, int)
    predictions_arrived = Signal()
    layers_changed = Signal(object)  # LayerStack or None
    selected_changed = Signal(int)  # class that is described
    scale_changed = Signal()  # the slide's scale is known otherwise

    def __init__(self, notebook: Notebook, parent: QObject | None = None) -> None:
        """Show nothing."""
        super().__init__(parent)
        self.notebook = notebook
        self.cluster_map: ClusterMap | None = None
        self.grids: MapGrids | None = None
        self.layers: LayerStack | None = None
        self.selected = 0
        self._patches: dict[tuple[int, int], Patches] = {}
        self._described: dict[str, int] = {}  # the class that was described last, of each clustering
        self._seen: dict[str, LayerStack] = {}  # how each clustering was last looked at, on any slide
        notebook.look_changed.connect(self._take_look)

    @property
    def clustering_fingerprint(self) -> str:
        """Of the clustering whose classes are shown, empty while there is no map."""
        return "" if self.cluster_map is None else str(self.cluster_map.attributes["clustering"]["fingerprint"])

    @property
    def slide(self) -> Slide | None:
        """The slide that the map lies on."""
        raise NotImplementedError

    @property
    def mpp(self) -> tuple[float, float] | None:
        """µm per level-0 pixel (x, y) of the slide, None while unknown."""
        raise NotImplementedError

    # What the reader wants

    @Slot(object)
    def set_layers(self, stack: LayerStack) -> None:
        """Show the map this way."""
        if stack != self.layers:
            self.layers = self._seen[self.clustering_fingerprint] = stack
            self.layers_changed.emit(stack)

    def change_layers(self, **facts: Any) -> None:
        """Show the map with something changed (fields of LayerStack)."""
        if self.layers is not None:
            self.set_layers(replace(self.layers, **facts))

    @Slot(int)
    def toggle_class(self, index: int) -> None:
        """Show a class, or show it no more."""
        if self.layers is not None:
            self.set_layers(looks.changed(self.layers, index, visible=not self.layers.classes[index].visible))

    @Slot(int)
    def show_alone(self, index: int) -> None:
        """Show one class and no other; all again when it is the only one."""
        if self.layers is not None:
            self.set_layers(looks.alone(self.layers, index))

    @Slot(float)
    def turn_opacity(self, change: float) -> None:
        """Add so much to the opacity of all layers."""
        if self.layers is not None:
            self.change_layers(opacity=min(1.0, max(0.0, round(self.layers.opacity + change, 2))))

    @Slot(int)
    def select(self, index: int) -> None:
        """Choose the class that is described and charted."""
        if self.layers is not None and 0 <= index < len(self.layers.classes) and index != self.selected:
            self.selected = self._described[self.clustering_fingerprint] = index
            self.selected_changed.emit(index)

    # What is read from the disk

    @Slot(object)
    def take_map(self, cluster_map: ClusterMap) -> None:
        """Show a map; the one that is shown already only learns its newest attributes."""
        if self.cluster_map is not None and self.cluster_map.path == cluster_map.path:
            self.cluster_map = cluster_map
        else:
            self.put_up(cluster_map, grids_of(cluster_map), stack_of(cluster_map))

    def put_up(self, cluster_map: ClusterMap, grids: MapGrids, first_look: LayerStack) -> None:
        """Show a map whose blocks are in these grids, or follow; as its clustering was last seen, if it was."""
        self.cluster_map, self.grids, self._patches = cluster_map, grids, {}
        self.selected = self._described.get(self.clustering_fingerprint, 0)
        self.layers = self._own_looks(self._as_last_seen(cluster_map, first_look))
        self.map_changed.emit(self.grids)
        self.layers_changed.emit(self.layers)
        self.selected_changed.emit(self.selected)

    @Slot(object)
    def take_blocks(self, arrivals: list[BlockArrival]) -> None:
        """Show more of the map."""
        for arrival in arrivals:
            if self.grids is not None:
                view = arrival.view
                self.grids.put(arrival.row, arrival.col, view.weights, view.state, view.residual, view.saliency)
                self._patches[arrival.row, arrival.col] = (arrival.positions, arrival.logits)
                self.block_arrived.emit(arrival.row, arrival.col)

    @Slot()
    def take_rest(self) -> None:
        """All that is done so far has been read: show the scores of its patches."""
        if self.grids is not None and self.cluster_map is not None and self._patches:
            put_predictions(self.grids, self.cluster_map, list(self._patches.values()))
            self.predictions_arrived.emit()

    def forget_map(self) -> None:
        """Show no map."""
        if self.grids is not None or self.layers is not None:
            self.cluster_map = self.grids = self.layers = None
            self.map_changed.emit(None)
            self.layers_changed.emit(None)

    # What the reader wrote

    @Slot(str, int)
    def _take_look(self, clustering_fingerprint: str, index: int) -> None:
        if self.layers is not None and clustering_fingerprint == self.clustering_fingerprint:
            self.set_layers(self._own_looks(self.layers, [index]))

    def _as_last_seen(self, cluster_map: ClusterMap, first_look: LayerStack) -> LayerStack:
        """The layers that this clustering was last shown with, so that they go along from slide to slide."""
        before = self._seen.get(self.clustering_fingerprint)
        return first_look if before is None else looks.carried_over(before, first_look, cluster_map.saliency_names)

    def _own_looks(self, stack: LayerStack, classes: Iterable[int] | None = None) -> LayerStack:
        """The stack with this reader's names and colours, of all classes or of some."""
        clustering = self.clustering_fingerprint
        indices = [index for index in classes or range(len(stack.classes)) if index < len(stack.classes)]
        colors = self.notebook.colors_of(clustering)
        for index in indices:
            if index in colors:
                stack = looks.changed(stack, index, color=colors[index])
        return looks.renamed(stack, {index: self.notebook.name_of(clustering, index) for index in indices})
