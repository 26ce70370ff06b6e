"""Snapshot: what is on screen, at once to four times its resolution, with legend, scale bar and where it came from."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

from wsiview.gui.canvas.comparison import Comparison
from wsiview.gui.canvas.decoration import Decoration
from wsiview.gui.canvas.hud import MARGIN, ScalePlate, paint_probe
from wsiview.gui.canvas.legend_plate import LegendPlate
from wsiview.gui.canvas.plate import bold_font, font, small_font
from wsiview.gui.canvas.renderer import Renderer
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.legend import NOT_A_DIAGNOSIS, Legend
from wsiview.scene.orientation import orientation
from wsiview.scene.probe import ProbeMarks
from wsiview.scene.scale_bar import scale_bar
from wsiview.scene.synthetic import remark_on
from wsiview.scene.viewport import Viewport
from wsiview.slide.slide import Slide

_MOST_PIXELS = 200_000_000
_PAD = 12.0
_WRAP = Qt.TextFlag.TextWordWrap
_LONG_WORD = 12
"""Letters after which a word without blanks, such as a fingerprint, may be broken."""


class Snapshot(QObject):
    """Renders one picture without holding up the window; it reads the slide on threads of its own.

    Parameters
    ----------
    viewport
        What is on screen, in device pixels.
    slide
        Should stay open until the picture is done or `cancel` has returned.
    factor
        Device pixels of the picture per device pixel of the screen: 1, 2 or 4.
    pixel_ratio
        Device pixels of the screen per screen pixel.
    provenance
        Lines for the footer: slide, model, clustering, program.

    Signals
    -------
    finished(QImage)
        The picture; the device pixel ratio of the image is 1.
    failed(str)
        A sentence about why there is none.
    """

    finished = Signal(QImage)
    failed = Signal(str)

    def __init__(
        self,
        viewport: Viewport,
        slide: Slide,
        *,
        factor: int = 1,
        pixel_ratio: float = 1.0,
        grids: MapGrids | None = None,
        stack: LayerStack | None = None,
        comparison: Comparison | None = None,
        legend: Legend | None = None,
        probe: ProbeMarks | None = None,
        mpp: float | None = None,
        decorations: Sequence[Decoration] = (),
        provenance: Sequence[str] = (),
        parent: QObject | None = None,
    ) -> None:
        """Take down what is to be shown; nothing is read yet."""
        super().__init__(parent)
        self._view, self._ratio = viewport.magnified(factor), pixel_ratio * factor
        self._legend, self._probe, self._provenance = legend, probe, tuple(provenance)
        self._decorations = tuple(decorations)
        self._remark = remark_on(slide.name)
        self._renderer = Renderer(self)
        self._renderer.sharp.connect(self._finish)
        self._renderer.trouble.connect(self._fail)
        self._renderer.set_slide(slide, mpp)
        self._renderer.set_grids(grids)
        self._renderer.set_stack(stack if stack is not None else LayerStack(()))
        if comparison is not None:
            self._renderer.set_other_grids(comparison.grids)
            self._renderer.set_other_stack(comparison.stack)
            self._renderer.show_other(comparison.shown)
            self._renderer.set_curtain(comparison.curtain)
        self._over = False

    @classmethod
    def of(cls, canvas: SlideCanvas, *, factor: int = 1, provenance: Sequence[str] = ()) -> Snapshot:
        """What a canvas shows.

        Raises
        ------
        ValueError
            If it shows no slide.
        """
        if canvas.slide is None:
            raise ValueError("there is no slide to take a picture of")
        return cls(
            canvas.viewport,
            canvas.slide,
            factor=factor,
            pixel_ratio=canvas.pixel_ratio,
            grids=canvas.grids,
            stack=canvas.layers,
            comparison=canvas.comparison,
            legend=canvas.legend,
            probe=canvas.probe,
            mpp=canvas.mpp,
            decorations=canvas.decorations,
            provenance=provenance,
            parent=canvas,
        )

    def start(self) -> None:
        """Begin; the answer is a signal."""
        size = self._view.size
        if size.width * size.height > _MOST_PIXELS:
            self._over = True
            words = f"A picture of {size.width} × {size.height} px is too large; choose a smaller resolution."
            QTimer.singleShot(0, self, lambda: self.failed.emit(words))
            return
        self._renderer.look(self._view, self._ratio)

    def cancel(self) -> None:
        """Give up; no signal follows, and threads end after what they are reading, which nobody waits for."""
        self._over = True
        self._renderer.abandon()

    def _finish(self) -> None:
        if self._over:
            return
        image = self._picture()
        self.cancel()
        self.finished.emit(image)

    def _fail(self, sentence: str) -> None:
        if not self._over:
            self.cancel()
            self.failed.emit(sentence)

    def _picture(self) -> QImage:
        width, height = self._view.size.width / self._ratio, self._view.size.height / self._ratio
        plate = LegendPlate(self._legend) if self._legend is not None else None
        scale = ScalePlate(
            scale_bar(self._view.downsample, self._renderer.mpp, min(180.0, width / 3) * self._ratio, self._ratio),
            self._ratio,
            self._remark,
            orientation(self._view),
        )
        inside = plate is not None and _fits(plate, scale, width, height)
        footer = Footer(self._provenance, width, None if inside else plate)
        whole = QImage(
            self._view.size.width, math.ceil((height + footer.height) * self._ratio), QImage.Format.Format_RGB32
        )
        whole.fill(QColor(255, 255, 255))
        painter = QPainter(whole)
        painter.setClipRect(QRectF(0, 0, self._view.size.width, self._view.size.height))
        self._renderer.paint(painter, self._view)
        painter.scale(self._ratio, self._ratio)
        for decoration in self._decorations:
            painter.save()
            decoration.paint(painter, self._view, self._ratio, self._renderer.mpp)
            painter.restore()
        if self._probe is not None:
            paint_probe(painter, self._probe, self._view, self._ratio)
        _paint_at(painter, scale, QPointF(MARGIN, height - MARGIN - scale.height))
        if plate is not None and inside:
            _paint_at(painter, plate, QPointF(MARGIN, MARGIN))
        painter.setClipping(False)
        painter.translate(0, height)
        footer.paint(painter)
        painter.end()
        return whole


class Footer:
    """Text below the picture, wrapped to its width; and the legend, where it would not fit on the picture."""

    def __init__(self, provenance: Sequence[str], width: float, plate: LegendPlate | None) -> None:
        """Measure every line."""
        self._plate, y = plate, _PAD
        if plate is not None:
            y += plate.height + _PAD
        self._blocks: list[tuple[QRectF, str, QFont]] = []
        rest = [line for line in provenance if line != NOT_A_DIAGNOSIS]  # which stands above them already
        texts = [(NOT_A_DIAGNOSIS, bold_font()), *((line, small_font()) for line in rest)]
        for line, kind in texts:
            text = _breakable(line)
            room = QRectF(0, 0, max(60.0, width - 2 * _PAD), 100_000)
            needed = QFontMetricsF(kind).boundingRect(room, _WRAP, text)
            self._blocks.append((QRectF(_PAD, y, room.width(), math.ceil(needed.height()) + 1), text, kind))
            y += math.ceil(needed.height()) + 4
        self.height = float(math.ceil(y + _PAD - 4))

    @property
    def blocks(self) -> tuple[QRectF, ...]:
        """Where the texts lie."""
        return tuple(rect for rect, _, _ in self._blocks)

    def paint(self, painter: QPainter) -> None:
        """Paint it at the painter's origin."""
        if self._plate is not None:
            _paint_at(painter, self._plate, QPointF(_PAD, _PAD))
        painter.setPen(QColor(20, 20, 22))
        for rect, text, kind in self._blocks:
            painter.setFont(kind)
            painter.drawText(rect, _WRAP, text)


def _breakable(line: str) -> str:
    """The same words with invisible places to break the very long ones."""
    return " ".join(
        "\u200b".join(word[i : i + _LONG_WORD] for i in range(0, len(word), _LONG_WORD)) if len(word) > 24 else word
        for word in line.split(" ")
    )


def _fits(plate: LegendPlate, scale: ScalePlate, width: float, height: float) -> bool:
    """Whether the legend lies on the picture without hiding most of it or touching the scale bar."""
    return plate.width + 2 * MARGIN <= width / 2 and plate.height + scale.height + 3 * MARGIN <= height


def _paint_at(painter: QPainter, plate: LegendPlate | ScalePlate, place: QPointF) -> None:
    painter.save()
    painter.translate(place)
    painter.setFont(font())
    plate.paint(painter)
    painter.restore()
