"""Differences: the map of what is stronger, the class that is described or the influence."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from wsiview.gui import looks
from wsiview.gui.display import Display
from wsiview.scene.layers import LayerStack


class Differences(QObject):
    """Puts the difference map in place of the classes' layers and these back again; it follows the class described."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Show none."""
        super().__init__(parent)
        self._before: dict[Display, LayerStack] = {}

    @staticmethod
    def possible(display: Display) -> bool:
        """Whether a map with influence is shown, class by class."""
        stack, cluster_map = display.layers, display.cluster_map
        clear = stack is not None and stack.look != "paper"
        return clear and cluster_map is not None and bool(cluster_map.saliency_names)

    def toggle(self, display: Display) -> None:
        """Show the difference of the class that is described, or what was shown before."""
        stack, cluster_map = display.layers, display.cluster_map
        if stack is None or cluster_map is None or not self.possible(display):
            return
        if display not in self._before:
            display.selected_changed.connect(partial(self._follow, display))
        if stack.difference is None:
            self._before[display] = stack
            compared = (display.selected, cluster_map.saliency_names[0])
            display.set_layers(looks.with_difference(stack, compared))
        else:
            display.set_layers(looks.without_difference(stack, self._before.get(display, stack)))

    def _follow(self, display: Display, index: int) -> None:
        stack = display.layers
        if stack is not None and stack.difference is not None and index < len(stack.classes):
            display.change_layers(difference=(index, stack.difference[1]))
