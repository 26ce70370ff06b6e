"""Two views: A, the layers as they are set, and B, others over the same place: blinked, or parted by a curtain."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from wsiview.gui import looks
from wsiview.gui.canvas.captions import Captions, Part
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.display import Display
from wsiview.gui.timers import single_shot
from wsiview.scene.description import described
from wsiview.scene.layers import LayerStack

LEAST, MOST, STEP = 0.02, 0.98, 0.02
"""Shares of the width: as far as the curtain can be drawn, and how far a key draws it."""
_NAMED = 4000  # ms that the two stay named after the last change between them


class TwoViews(QObject):
    """Which of the two is on one canvas, and what B is.

    Signals
    -------
    changed()
        Another one is shown, or the curtain was drawn.
    """

    changed = Signal()

    def __init__(self, display: Display, canvas: SlideCanvas, captions: Captions) -> None:
        """Show A; prepare B when it is first asked for."""
        super().__init__(canvas)
        self._display, self._canvas, self._captions = display, canvas, captions
        self._own: LayerStack | None = None  # chosen by the reader
        self._beside: Display | None = None  # another view of the slide, whose map and layers B shows
        self._heard: list[Display] = []
        self._wanted = False
        self._shows_b = False
        self._curtain: float | None = None
        self._last_curtain = 0.5
        self._seen = display.layers
        self._named = single_shot(self, _NAMED, self._tell)
        display.layers_changed.connect(self._follow)
        display.map_changed.connect(self._follow_map)

    @property
    def shows_b(self) -> bool:
        """Whether B is shown instead of A."""
        return self._shows_b

    @property
    def curtain(self) -> float | None:
        """The share of the width where the curtain hangs, None while it is put away or there is nothing to part."""
        return self._curtain if self.b is not None else None

    @property
    def a(self) -> LayerStack | None:
        """What A shows: the layers as they are set."""
        return self._display.layers

    @property
    def b(self) -> LayerStack | None:
        """What B shows: the reader's choice, else the influence map against classes, and classes against that."""
        stack, cluster_map = self._display.layers, self._display.cluster_map
        if stack is None or cluster_map is None:
            return None
        if self._beside is not None and self._beside.layers is not None:
            return replace(self._beside.layers, opacity=stack.opacity, hidden=stack.hidden)
        own = self._own
        if own is None or len(own.classes) != len(stack.classes):
            own = looks.counterpart(stack, cluster_map.saliency_names)
        # Classes look the same in both, and what hides or fades one does so to the other.
        return replace(own, classes=stack.classes, opacity=stack.opacity, hidden=stack.hidden)

    @property
    def shown(self) -> LayerStack | None:
        """The layers on screen; of a curtain those at its left."""
        return self.b if self._shows_b else self._display.layers

    def show(self, b: bool) -> None:
        """Show B, or A again; a curtain is put away."""
        if self._display.layers is None or (b == self._shows_b and self._curtain is None):
            return
        self._wanted, self._shows_b, self._curtain = True, b, None
        self._named.start()
        self._apply()

    def toggle(self) -> None:
        """Show the other one."""
        self.show(not self._shows_b)

    def set_b_from_shown(self) -> None:
        """Let B be what is on screen now, and show A."""
        self._own, self._beside = self.shown, None
        self.show(False)
        self._apply()

    def set_b_from(self, display: Display) -> None:
        """Let B be what another view of the same slide shows, perhaps another map, and follow it."""
        if display not in self._heard:
            self._heard.append(display)
            for told in (display.layers_changed, display.map_changed, display.predictions_arrived):
                told.connect(self._follow_beside)
        self._beside = display
        self.show(False)
        self._apply()

    def toggle_curtain(self) -> None:
        """Hang the curtain where it last hung, or put it away."""
        self.draw_curtain(None if self._curtain is not None else self._last_curtain)

    def draw_curtain(self, share: float | None) -> None:
        """Hang the curtain at a share of the width, A at its left and B at its right; None puts it away."""
        if self._display.layers is None:
            return
        if share is not None:
            share = self._last_curtain = min(max(share, LEAST), MOST)
            self._wanted = True
        self._shows_b, self._curtain = False, share
        self._apply()

    def close(self) -> None:
        """Leave no timer behind."""
        self._named.stop()

    @Slot(object)
    def _follow(self, stack: LayerStack | None) -> None:
        """Go back to A when its layers are changed, or the change would not be seen; classes change in both."""
        before, self._seen = self._seen, stack
        self._named.stop()
        if stack is not None and before is not None and self._shows_b:
            alike = replace(before, classes=stack.classes, opacity=stack.opacity, hidden=stack.hidden)
            self._shows_b = self._shows_b and alike == stack
        self._apply()

    @Slot(object)
    def _follow_map(self, grids: object) -> None:
        """Another slide begins with A; the curtain hangs on."""
        self._shows_b, self._beside = False, None
        self._apply()

    @Slot()
    def _follow_beside(self) -> None:
        if self._beside is not None and self._beside.grids is None:
            self._beside = None
        self._apply()

    def _apply(self) -> None:
        canvas, b = self._canvas, self.b if self._wanted else None
        grids = self._display.grids if self._beside is None else self._beside.grids
        if canvas.comparison.grids is not grids:
            canvas.set_other_grids(grids)
        canvas.set_other_layers(b)
        canvas.show_other(self._shows_b and b is not None)
        canvas.set_curtain(self._curtain if b is not None else None)
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        stack, b, both = self._display.layers, self.b, self._curtain is not None
        if stack is None or b is None or both or not (self._shows_b or self._named.isActive()):
            self._captions.say("views")  # the curtain has its own words
            return
        first = Part(f"View A: {described(stack)}", not self._shows_b)
        self._captions.say("views", first, Part(f"View B: {described(b)}", self._shows_b))
