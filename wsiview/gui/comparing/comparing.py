"""Comparing: everything that lays one view against another, built for one window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsiview.gui.canvas.captions import Captions
from wsiview.gui.canvas.letters import Letters
from wsiview.gui.comparing.agreement_dock import AgreementDock
from wsiview.gui.comparing.blink_key import BlinkKey
from wsiview.gui.comparing.class_keys import ClassKeys
from wsiview.gui.comparing.curtain import Curtain
from wsiview.gui.comparing.differences import Differences
from wsiview.gui.comparing.fading import Fading
from wsiview.gui.comparing.field_walk import FieldWalk
from wsiview.gui.comparing.two_views import TwoViews

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Comparing:
    """Letters, blink, curtain, difference, agreement and the walk from field to field of the first canvas."""

    def __init__(self, window: MainWindow) -> None:
        """Build them; each connects itself."""
        session, canvas = window.session, window.canvas
        self.letters = Letters(canvas)
        session.block_arrived.connect(self.letters.block_arrived)
        captions = Captions(canvas)
        self.captions = captions
        self.views = TwoViews(session, canvas, captions)
        self.views.changed.connect(lambda: window.menus.refresh())
        self.curtain = Curtain(self.views, canvas)
        self._keys = BlinkKey(self.views, canvas), ClassKeys(session, canvas)
        self.fading, self.differences = Fading(window), Differences(window)
        window.docks.layers.difference_wanted.connect(lambda: self.differences.toggle(window.active_display))
        self.fields = FieldWalk(window, captions)
        self.agreement = AgreementDock(window)
        self.agreement.dock.visibilityChanged.connect(lambda _: window.menus.refresh())

    def close(self) -> None:
        """End workers and timers."""
        self.letters.close()
        self.views.close()
        self.fields.close()
        self.agreement.close()
