"""Top edge: lets a message lie over the slide's upper edge, with legend and overview clear of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect
from PySide6.QtWidgets import QWidget

from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.panels.corner import Corner

_MOVES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)


class TopEdge(QObject):
    """Keeps the banner as wide as the canvas, or as the pages while no slide is shown; the slide stays where it is."""

    def __init__(self, banner: QWidget, pages: QWidget, canvas: SlideCanvas, corner: Corner) -> None:
        """Put it there, over the pages, and watch."""
        super().__init__(pages)
        self._banner, self._pages, self._canvas, self._corner = banner, pages, canvas, corner
        banner.setParent(pages)
        banner.hide()
        for widget in (banner, pages, canvas):
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow what lies below, and the length of the message."""
        kinds = _MOVES if watched is not self._banner else (*_MOVES[2:], QEvent.Type.LayoutRequest)
        if event.type() in kinds:
            self.place()
        return super().eventFilter(watched, event)

    def place(self) -> None:
        """Lie over the edge; without a message, give the room back."""
        shown = not self._banner.isHidden()
        if shown:
            below = self._canvas if self._canvas.isVisible() else self._pages
            corner, width = below.mapTo(self._pages, QPoint(0, 0)), below.width()
            height = max(self._banner.heightForWidth(width), self._banner.minimumSizeHint().height())
            self._banner.setGeometry(QRect(corner.x(), corner.y(), width, height))
            self._banner.raise_()
        clear = self._banner.height() if shown else 0
        self._canvas.keep_clear(clear)
        self._corner.keep_clear(clear)
