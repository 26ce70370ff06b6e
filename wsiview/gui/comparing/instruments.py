"""Instruments: what compares within one view – blink, curtain, the walk from field to field – and its words there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from wsiview.gui.canvas.captions import Captions
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.comparing.blink_key import BlinkKey
from wsiview.gui.comparing.class_keys import ClassKeys
from wsiview.gui.comparing.curtain import Curtain
from wsiview.gui.comparing.field_walk import FieldWalk
from wsiview.gui.comparing.two_views import TwoViews
from wsiview.gui.display import Display

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Instruments(QObject):
    """Of one canvas and the display that it shows."""

    def __init__(self, window: MainWindow, display: Display, canvas: SlideCanvas) -> None:
        """Build them; each connects itself."""
        super().__init__(canvas)
        self.captions = Captions(canvas)
        self.views = TwoViews(display, canvas, self.captions)
        self.curtain = Curtain(self.views, canvas)
        self._keys = BlinkKey(self.views, canvas), ClassKeys(display, canvas)
        self.fields = FieldWalk(window, display, canvas, self.captions)

    def close(self) -> None:
        """End workers and timers."""
        self.views.close()
        self.fields.close()
