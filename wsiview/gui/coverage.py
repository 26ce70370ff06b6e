"""Coverage: dims in the overview what the map does not show yet."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QColor, QImage

from wsiview.geometry import Region
from wsiview.gui.canvas.overview import OverviewWidget
from wsiview.gui.display import Display
from wsiview.scene.grids import MapGrids

_DIM = QColor(40, 42, 52, 110)
_CLEAR = QColor(0, 0, 0, 0)


class Coverage(QObject):
    """One pixel per block of the map; a finished map dims nothing."""

    def __init__(self, display: Display, overview: OverviewWidget) -> None:
        """Listen to what the display brings."""
        super().__init__(overview)
        self._overview = overview
        self._veil: QImage | None = None
        self._region: Region | None = None
        self._missing = 0
        display.map_changed.connect(self._begin)
        display.block_arrived.connect(self._uncover)

    @Slot(object)
    def _begin(self, grids: MapGrids | None) -> None:
        self._veil = None if grids is None else _veil(grids)
        if grids is not None and self._veil is not None:
            corner = grids.block_region(0, 0)
            across, down = self._veil.width() * corner.width, self._veil.height() * corner.height
            self._region = Region(corner.x, corner.y, across, down)
            self._missing = self._veil.width() * self._veil.height()
        self._show()

    @Slot(int, int)
    def _uncover(self, row: int, col: int) -> None:
        if self._veil is not None and self._veil.pixelColor(col, row).alpha():
            self._veil.setPixelColor(col, row, _CLEAR)
            self._missing -= 1
            self._show()

    def _show(self) -> None:
        self._overview.set_veil(self._veil if self._missing else None, self._region)


def _veil(grids: MapGrids) -> QImage:
    rows, cols = (math.ceil(count / grids.block) for count in grids.shape)
    veil = QImage(cols, rows, QImage.Format.Format_ARGB32_Premultiplied)
    veil.fill(_DIM)
    return veil
