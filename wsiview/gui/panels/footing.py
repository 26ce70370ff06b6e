"""Footing: tells what lies over another widget when that one's size changes, as long as it is seen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget


class Footing(QObject):
    """Of a widget and its parent, which it lies over.

    While the widget is hidden nothing is watched: each event of a canvas would be asked about.

    Parameters
    ----------
    place
        Called when the parent's size has changed.
    """

    def __init__(self, widget: QWidget, place: Callable[[], None]) -> None:
        """Watch from when the widget is next shown."""
        super().__init__(widget)
        self._widget, self._place = widget, place
        self._below: QWidget | None = None
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow what lies below."""
        kind = event.type()
        if watched is self._widget and kind in (QEvent.Type.Show, QEvent.Type.Hide):
            self._watch(self._widget.parentWidget() if kind == QEvent.Type.Show else None)
        elif watched is self._below and kind == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _watch(self, below: QWidget | None) -> None:
        if self._below is not None:
            self._below.removeEventFilter(self)
        self._below = below
        if below is not None:
            below.installEventFilter(self)
