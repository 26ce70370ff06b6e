"""Rank chart: how well each number of classes holds, of which one was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from wsiview.clustering.rank import RankRow

HEIGHT = 210  # px


@dataclass(frozen=True, slots=True)
class _Line:
    """One figure over K: its name, what it is of a row, colour in light and dark, sign (also as text) and stroke."""

    name: str
    value: Callable[[RankRow], float | None]
    light: str
    dark: str
    symbol: str
    sign: str
    style: Qt.PenStyle


_SOLID, _DASH, _DOT, _MIXED = (
    Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine,
)  # fmt: skip
_LINES = (
    _Line("worst class found again (cosine)", lambda row: row.worst_cosine, "#0b5cad", "#6cb6ff", "o", "●", _SOLID),
    _Line("dispersion (1: refits agree)", lambda row: row.dispersion, "#9a5b00", "#f0b35a", "s", "■", _DASH),
    _Line("not explained by any class", lambda row: row.residual, "#555b66", "#aab2c0", "t", "▼", _DOT),
    _Line("fidelity", lambda row: row.fidelity, "#0a7a4b", "#5fd39b", "d", "◆", _MIXED),
)


class RankChart(QWidget):
    """Lines over K, all between 0 and 1; told the rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show nothing yet."""
        super().__init__(parent)
        self._plot: Any = None
        self._shown: tuple[tuple[RankRow, ...], int] = ((), 0)
        self.key = QLabel()
        self.key.setWordWrap(True)
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.key)

    def show_rows(self, rows: Sequence[RankRow], chosen: int) -> None:
        """Show these, with a line at the K that was chosen."""
        self._shown = tuple(rows), chosen
        told = "; ".join(
            f"{row.classes} classes: worst cosine {row.worst_cosine:.2f}, dispersion {row.dispersion:.2f}, "
            f"not explained {row.residual:.0%}"
            for row in rows
        )
        self.setAccessibleName(f"How well each number of classes holds, {chosen} chosen. {told}")
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the system from light to dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._plot is not None:
            self._draw()

    def close_plot(self) -> None:
        """Let go of the chart."""
        if self._plot is not None:
            self._plot.close()
            self._plot = None

    def _draw(self) -> None:
        import pyqtgraph

        rows, chosen = self._shown
        self.close_plot()
        palette = self.palette()
        text, dark = palette.text().color(), palette.window().color().lightness() < 128
        plot = pyqtgraph.PlotWidget(self)
        plot.setFixedHeight(HEIGHT)
        plot.setBackground(None)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(x=False, y=False)
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for side in ("left", "bottom"):
            plot.getAxis(side).setPen(palette.mid().color())
            plot.getAxis(side).setTextPen(text)
        plot.setLabel("bottom", "classes (K)", color=text.name())
        plot.getAxis("bottom").setTicks([[(row.classes, str(row.classes)) for row in rows]])
        plot.getAxis("left").setTicks([[(step / 4, f"{step / 4:g}") for step in range(5)]])
        plot.setYRange(0, 1, padding=0.06)
        plot.showGrid(y=True, alpha=0.15)
        mark = pyqtgraph.mkPen(palette.highlight().color(), width=3)
        plot.addItem(pyqtgraph.InfiniteLine(chosen, angle=90, pen=mark))
        told = []
        for line in _LINES:
            points = [(row.classes, value) for row in rows if (value := line.value(row)) is not None]
            if not points:
                continue
            color = line.dark if dark else line.light
            told.append(f"<span style='color: {color}'>{line.sign}</span>&nbsp;{line.name.replace(' ', '&nbsp;')}")
            pen = pyqtgraph.mkPen(color, width=2, style=line.style)
            plot.plot(
                *zip(*points, strict=True), symbol=line.symbol, symbolSize=8, symbolBrush=color, symbolPen=None, pen=pen
            )
        self.key.setText(" &nbsp; ".join(told))
        self._plot = plot
        self._column.addWidget(plot)
