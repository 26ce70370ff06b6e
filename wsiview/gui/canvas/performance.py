"""Performance: a plate over the slide that tells how long frames take, what is waited for, and how full caches are."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from wsiview.gui.canvas.hud import MARGIN
from wsiview.gui.canvas.plate import TEXT, Plate, paint_plate, picture_of, small_font
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.viewport import Viewport

_PAUSE_MS = 250
_LINE, _PAD, _GAP = 17.0, 10.0, 14.0
Rows = tuple[tuple[str, str], ...]


class Performance(QObject):
    """A decoration of one canvas, on its screen only; while it is off there is none."""

    def __init__(self, canvas: SlideCanvas) -> None:
        """Start off."""
        super().__init__(canvas)
        self._canvas = canvas
        self._rows: Rows = ()
        self._picture = QImage()
        self._again = QTimer(self)
        self._again.setInterval(_PAUSE_MS)
        self._again.timeout.connect(self._look)

    @property
    def on(self) -> bool:
        """Whether it is shown."""
        return self._again.isActive()

    @property
    def rows(self) -> Rows:
        """What was told last, line by line: of what, and how much."""
        return self._rows

    def toggle(self) -> None:
        """Show it, or no more."""
        if self.on:
            self.stop()
        else:
            self._again.start()
            self._canvas.add_decoration(self, screen_only=True)
            self._look()

    def stop(self) -> None:
        """Show it no more."""
        if self.on:
            self._again.stop()
            self._canvas.remove_decoration(self)

    def paint(self, painter: QPainter, view: Viewport, pixel_ratio: float, mpp: float | None) -> None:
        """Copy the plate into the lower right corner."""
        if self._picture.devicePixelRatio() != pixel_ratio or self._picture.isNull():
            self._picture = picture_of(_RowsPlate(self._rows), pixel_ratio)
        across, down = view.size.width / pixel_ratio, view.size.height / pixel_ratio
        size = self._picture.deviceIndependentSize()
        at = QPointF(round(across - MARGIN - size.width()), round(down - MARGIN - size.height()))
        painter.drawImage(at, self._picture)

    def _look(self) -> None:
        rows = self._facts()
        if rows != self._rows:
            self._rows, self._picture = rows, QImage()
            self._canvas.update()

    def _facts(self) -> Rows:
        tally, times = self._canvas.tally, self._canvas.frames.summary()
        frames = "none yet"
        if times is not None:
            frames = f"{times.median:.1f} ms median, {times.high:.1f} p95, {times.worst:.1f} worst of {times.count}"
        tiles = f"{tally.waiting} waiting, {tally.late} late, {tally.dropped} given up, {tally.bad} unreadable"
        caches = ((name, f"{held / 2**20:.0f} of {limit / 2**20:.0f} MB") for name, held, limit in tally.caches)
        return ("Frames", frames), ("Tiles", tiles), *caches


class _RowsPlate(Plate):
    """Two columns of words."""

    def __init__(self, rows: Rows) -> None:
        """Measure them."""
        metrics = QFontMetricsF(small_font())
        self._rows = rows
        self._first = max(metrics.horizontalAdvance(name) for name, _ in rows)
        self.width = 2 * _PAD + self._first + _GAP + max(metrics.horizontalAdvance(words) for _, words in rows)
        self.height = 2 * _PAD - 4 + _LINE * len(rows)

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        paint_plate(painter, QRectF(0, 0, self.width, self.height))
        painter.setPen(TEXT)
        painter.setFont(small_font())
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for line, (name, words) in enumerate(self._rows):
            y = _PAD - 2 + _LINE * line
            painter.drawText(QRectF(_PAD, y, self._first, _LINE), left, name)
            painter.drawText(QRectF(_PAD + self._first + _GAP, y, self.width, _LINE), left, words)
