"""Comparing: everything that lays one view against another, built for one window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsiview.gui.canvas.captions import Captions
from wsiview.gui.canvas.letters import Letters
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.comparing.agreement_dock import AgreementDock
from wsiview.gui.comparing.differences import Differences
from wsiview.gui.comparing.fading import Fading
from wsiview.gui.comparing.field_walk import FieldWalk
from wsiview.gui.comparing.instruments import Instruments
from wsiview.gui.comparing.two_views import TwoViews
from wsiview.gui.display import Display

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Comparing:
    """Blink, curtain and the walk from field to field of the view that has the keys; difference and agreement."""

    def __init__(self, window: MainWindow) -> None:
        """Build them; each connects itself."""
        self._window = window
        self._instruments: dict[SlideCanvas, Instruments] = {}
        session = window.session
        self.letters = Letters(window.canvas)
        session.block_arrived.connect(self.letters.block_arrived)
        self.attach(session, window.canvas)
        self.fading, self.differences = Fading(window), Differences(window)
        window.docks.layers.difference_wanted.connect(lambda: self.differences.toggle(window.active_display))
        self.agreement = AgreementDock(window)
        self.agreement.dock.visibilityChanged.connect(lambda _: window.menus.refresh())

    def attach(self, display: Display, canvas: SlideCanvas) -> None:
        """Compare within one more view."""
        made = self._instruments[canvas] = Instruments(self._window, display, canvas)
        made.views.changed.connect(lambda: self._window.menus.refresh())

    @property
    def views(self) -> TwoViews:
        """A and B of the view that has the keys."""
        return self._instruments[self._window.active_canvas].views

    @property
    def fields(self) -> FieldWalk:
        """The walk through the view that has the keys."""
        return self._instruments[self._window.active_canvas].fields

    @property
    def captions(self) -> Captions:
        """The words at the foot of the view that has the keys."""
        return self._instruments[self._window.active_canvas].captions

    def close(self) -> None:
        """End workers and timers."""
        self.letters.close()
        for instruments in self._instruments.values():
            instruments.close()
        self.agreement.close()
