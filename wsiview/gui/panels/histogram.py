"""Histogram: how strong one class is over the cells computed so far, with its threshold as a line to drag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from wsiview.maps.cell_state import COMPUTED
from wsiview.scene.layers import ClassLook

BINS = 40
LEAST, MOST = 84, 180  # px of height


class Tally:
    """Counts of cells by strength, for every class; block by block.

    Strength 0 is left out: most cells hold nothing of most classes, and their bar would flatten all others.
    """

    def __init__(self, n_classes: int) -> None:
        """Count nothing yet."""
        self._blocks: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._sum = np.zeros((n_classes, BINS), np.int64)

    def put(self, row: int, col: int, strength: NDArray[np.floating[Any]], state: NDArray[np.uint8]) -> None:
        """Count one block's strengths (K, h, w); counted again, it replaces what it was."""
        here = state == COMPUTED
        counts = np.zeros((len(strength), BINS), np.int64)
        if here.any():
            strengths = np.minimum(strength[:, here].astype(np.float32), 1.0)
            counts[:] = [np.histogram(one[one > 0], BINS, (0.0, 1.0))[0] for one in strengths]
        before = self._blocks.get((row, col))
        self._sum += counts if before is None else counts - before
        self._blocks[(row, col)] = counts

    def counts(self, index: int) -> NDArray[np.int64]:
        """Cells in each of the BINS equal steps of strength."""
        counts: NDArray[np.int64] = self._sum[index]
        return counts


class Histogram(QWidget):
    """A small chart; made on first use, because its library takes a moment to load."""

    threshold_wanted = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Count nothing yet."""
        super().__init__(parent)
        self._plot: Any = None
        self._bars: Any = None
        self._line: Any = None
        self._moving = False
        self.caption = QLabel()
        self.caption.setObjectName("caption")
        self.caption.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(10, 8, 10, 8)
        self._column.setSpacing(6)
        self._column.addWidget(self.caption)
        self._column.addStretch(1)
        self.show_class(None, None)

    def show_class(self, look: ClassLook | None, counts: NDArray[np.int64] | None) -> None:
        """Show one class; None while there is no map."""
        if look is None or counts is None:
            self.caption.setText("How strong a class is over the cells of a map, and where it starts to be drawn.")
            if self._plot is not None:
                self._plot.hide()
            return
        if self._plot is None:
            self._make_plot()
        self._plot.show()
        self.caption.setText(f"Class {look.letter}: cells by strength. Drag the line to set the threshold.")
        # Roots, so that few strong cells can be seen beside many weak ones; the axis has no numbers to mislead.
        self._bars.setOpts(height=np.sqrt(counts.astype(float)), brush=look.color, pen=(0, 0, 0, 60))
        top = float(np.sqrt(max(1, int(counts.max()))))
        self._plot.setYRange(0, top * 1.05, padding=0)
        if not self._moving:
            self._line.blockSignals(True)
            self._line.setValue(look.threshold)
            self._line.blockSignals(False)
        self.setAccessibleName(f"Strengths of class {look.letter}; threshold {100 * look.threshold:.0f} %")

    def changeEvent(self, event: QEvent) -> None:
        """Follow the system from light to dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._plot is not None:
            self._take_colors()

    def close_plot(self) -> None:
        """Let go of the chart."""
        if self._plot is not None:
            self._plot.close()
            self._plot = None

    def _make_plot(self) -> None:
        import pyqtgraph

        plot = pyqtgraph.PlotWidget(self)
        plot.setMinimumHeight(LEAST)
        plot.setMaximumHeight(MOST)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(x=False, y=False)
        plot.hideAxis("left")
        plot.setXRange(0, 1, padding=0.03)
        plot.getAxis("bottom").setTicks([[(0, "0"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (1, "1")]])
        width = 1 / BINS
        self._bars = pyqtgraph.BarGraphItem(x0=np.arange(BINS) * width, width=width, height=np.zeros(BINS))
        self._line = pyqtgraph.InfiniteLine(0.1, angle=90, movable=True, bounds=(0, 1))
        self._line.sigDragged.connect(self._drag)
        self._line.sigPositionChangeFinished.connect(self._drop)
        plot.addItem(self._bars)
        plot.addItem(self._line)
        self._plot = plot
        self._column.insertWidget(1, plot, 4)
        self._take_colors()

    def _take_colors(self) -> None:
        palette = self.palette()
        self._plot.setBackground(None)
        axis = self._plot.getAxis("bottom")
        axis.setPen(palette.mid().color())
        axis.setTextPen(palette.text().color())
        self._line.setPen(palette.text().color(), width=1.5)
        self._line.setHoverPen(palette.highlight().color(), width=3)

    def _drag(self, line: Any) -> None:
        self._moving = True
        self.threshold_wanted.emit(round(float(line.value()), 2))

    def _drop(self, line: Any) -> None:
        self._moving = False
        self.threshold_wanted.emit(round(float(line.value()), 2))
