"""Second pane: the second canvas, kept true to its display."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.display import Display
from wsiview.gui.second.header import Header, SecondHeader
from wsiview.gui.second.layer_menu import fill_layer_menu
from wsiview.gui.second.pane import Pane
from wsiview.gui.second.second_display import SecondDisplay
from wsiview.gui.session import Session
from wsiview.scene.layers import LayerStack
from wsiview.scene.viewport import Viewport
from wsiview.slide.slide import Slide


class SecondPane(Pane):
    """Shows what the second display says, and tells it what is clicked."""

    def __init__(self, session: Session, display: SecondDisplay, parent: QWidget | None = None) -> None:
        """Connect everything; the display tells the rest when it starts."""
        canvas, header = SlideCanvas(), SecondHeader()
        super().__init__(canvas, header, parent)
        self.buttons = header
        self._display = display
        canvas.setAccessibleName("Slide in the second view")
        self.take_drops()
        display.scale_changed.connect(self._show_scale)
        display.map_changed.connect(canvas.set_grids)
        display.block_arrived.connect(canvas.grids_changed)
        display.predictions_arrived.connect(canvas.predictions_changed)
        display.layers_changed.connect(self._show_layers)
        display.opening_changed.connect(self._show_opening)
        canvas.class_toggled.connect(display.toggle_class)
        canvas.class_soloed.connect(display.show_alone)
        canvas.opacity_turned.connect(display.turn_opacity)
        canvas.view_changed.connect(self._tell_view)
        header.layers.menu().aboutToShow.connect(lambda: fill_layer_menu(header.layers.menu(), display, session))

    def show_slide(self, slide: Slide | None) -> None:
        """Show another slide, or none, which ends the threads."""
        mpp = self._display.mpp if slide is not None else None
        self.canvas.set_slide(slide, mpp[0] if mpp is not None else None)
        if slide is None:
            self.canvas.shutdown()
        self._name()

    def _show_scale(self) -> None:
        if self._display.slide is not None and self._display.mpp is not None:
            self.canvas.set_mpp(self._display.mpp[0])

    def _show_layers(self, stack: LayerStack | None) -> None:
        if stack is not None:
            self.canvas.set_layers(stack)
        self._name()

    def _show_opening(self, name: str) -> None:
        if name:
            self.buttons.show_opening(name)
        else:
            self._name()

    def _tell_view(self, view: Viewport) -> None:
        self._display.look_at(view.region)

    def _name(self) -> None:
        name_in(self.buttons, self._display)


def name_in(header: Header, display: Display) -> None:
    """Name slide and map of a display."""
    slide, cluster_map = display.slide, display.cluster_map
    if slide is None:
        return
    clustering = "" if cluster_map is None else str(cluster_map.attributes["clustering"].get("name") or "unnamed map")
    header.show_names(slide.name, str(slide.path), clustering, "" if cluster_map is None else str(cluster_map.path))
