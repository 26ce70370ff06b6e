"""Legend plate: the legend as it is painted on the canvas, and which row lies where."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from wsiview.gui.canvas.legend_ramp import paint_ramp, ramp_height
from wsiview.gui.canvas.legend_swatch import paint_mark, paint_swatch
from wsiview.gui.canvas.plate import GROUND, STAMP, TEXT, Plate, bold_font, font, paint_plate, small_font
from wsiview.scene.legend import Legend, LegendRow

_PAD, _ROW, _SWATCH, _GAP = 10.0, 22.0, 26.0, 8.0
_NARROWEST, _WITH_RAMP, _WIDEST = 232.0, 264.0, 290.0
_PER_COLUMN, _WIDEST_OF_TWO = 8, 176.0
"""So many classes stand below each other; more stand in two columns, each at most so wide."""
_MARK, _MARK_ROW = (18.0, 12.0), 17.0
"""Swatch and row of a cell without a colour; these stand in two columns of small print."""
_NOTE = QColor(205, 208, 214)


@dataclass(frozen=True, slots=True)
class _Line:
    row: LegendRow
    rect: QRectF


class LegendPlate(Plate):
    """The legend laid out in screen pixels, its corner at (0, 0)."""

    def __init__(self, legend: Legend) -> None:
        """Measure every row."""
        self._legend = legend
        metrics = QFontMetricsF(font())
        texts = [_PAD * 2 + _SWATCH + _GAP + metrics.horizontalAdvance(row.label) for row in legend.rows]
        least = _WITH_RAMP if any(row.ticks for row in legend.rows) else _NARROWEST
        classes = [row for row in legend.rows if row.kind == "class"]
        folded = len(classes) > _PER_COLUMN
        single = [text for row, text in zip(legend.rows, texts, strict=True) if not (folded and row.kind == "class")]
        self.width = min(max(least, *single, least), _WIDEST)
        if folded:
            widest = max(text for row, text in zip(legend.rows, texts, strict=True) if row.kind == "class")
            self.width = max(self.width, 2 * min(widest, _WIDEST_OF_TWO))
        y = _PAD
        self._stamp = QRectF()
        if legend.stamp:
            self._stamp = QRectF(_PAD, y, self.width - 2 * _PAD, _ROW)
            y += _ROW
        self._lines: list[_Line] = []
        if folded:
            y = self._fold(classes, y)
        for row in legend.rows[len(classes) if folded else 0 :]:
            height = ramp_height(row) if row.ticks else _ROW
            self._lines.append(_Line(row, QRectF(_PAD, y, self.width - 2 * _PAD, height)))
            y += height
        self._marks = QRectF(_PAD, y + 3, self.width - 2 * _PAD, _MARK_ROW * ((len(legend.marks) + 1) // 2))
        y = self._marks.bottom() if legend.marks else y
        note = QFontMetricsF(small_font()).boundingRect(
            QRectF(0, 0, self.width - 2 * _PAD, 1000), Qt.TextFlag.TextWordWrap, legend.note
        )
        self._note = QRectF(_PAD, y + 4, self.width - 2 * _PAD, note.height() + 2)
        self.height = self._note.bottom() + _PAD - 2

    def _fold(self, classes: list[LegendRow], y: float) -> float:
        """Lay classes in two columns; returns where they end."""
        half = (len(classes) + 1) // 2
        width = (self.width - 3 * _PAD) / 2
        for index, row in enumerate(classes):
            x = _PAD + index // half * (width + _PAD)
            self._lines.append(_Line(row, QRectF(x, y + index % half * _ROW, width, _ROW)))
        return y + half * _ROW

    def class_at(self, x: float, y: float) -> int | None:
        """The class whose row lies there."""
        for line in self._lines:
            if line.rect.adjusted(-_PAD / 2, 0, _PAD / 2, 0).contains(x, y):
                return line.row.class_index
        return None

    def center_of(self, class_index: int) -> QPointF | None:
        """The middle of a class's row."""
        rects = [line.rect for line in self._lines if line.row.class_index == class_index]
        return rects[0].center() if rects else None

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        paint_plate(painter, QRectF(0, 0, self.width, self.height))
        if self._legend.stamp:
            painter.setPen(STAMP)
            painter.setFont(bold_font())
            painter.drawText(self._stamp, Qt.AlignmentFlag.AlignVCenter, self._legend.stamp)
        for line in self._lines:
            self._paint_row(painter, line)
        self._paint_marks(painter)
        painter.setPen(_NOTE)
        painter.setFont(small_font())
        painter.drawText(self._note, Qt.TextFlag.TextWordWrap, self._legend.note)

    def picture_from(self, other: LegendPlate, image: QImage) -> QImage | None:
        """The picture of another plate with what differs painted anew, None where they are laid out in other ways."""
        if self._layout() != other._layout():
            return None
        result = image.copy()
        painter = QPainter(result)
        for line, before in zip(self._lines, other._lines, strict=True):
            if line.row != before.row:
                _clear(painter, line.rect)
                self._paint_row(painter, line)
        if self._legend.marks != other._legend.marks:
            _clear(painter, self._marks)
            self._paint_marks(painter)
        painter.end()
        return result

    def _layout(self) -> tuple[object, ...]:
        legend = self._legend
        lines = [(line.rect, bool(line.row.ticks)) for line in self._lines]
        return self.width, self.height, legend.stamp, legend.note, self._note, self._marks, len(legend.marks), lines

    def _paint_marks(self, painter: QPainter) -> None:
        painter.setFont(small_font())
        width = self._marks.width() / 2
        for index, (kind, words) in enumerate(self._legend.marks):
            x, y = self._marks.x() + index % 2 * width, self._marks.y() + index // 2 * _MARK_ROW
            paint_mark(painter, kind, QRectF(x, y + 2, *_MARK))
            painter.setPen(_NOTE)
            room = QRectF(x + _MARK[0] + 6, y, width - _MARK[0] - 6, _MARK_ROW)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_row(self, painter: QPainter, line: _Line) -> None:
        row, rect = line.row, line.rect
        if row.ticks:
            paint_ramp(painter, row, rect)
            return
        swatch = QRectF(rect.left(), rect.top() + (_ROW - 16) / 2, _SWATCH, 16)
        painter.setOpacity(1.0 if row.enabled else 0.4)
        paint_swatch(painter, row, swatch)
        text = QRectF(swatch.right() + _GAP, rect.top(), rect.right() - swatch.right() - _GAP, _ROW)
        label = row.label
        elided = QFontMetricsF(font()).elidedText(label, Qt.TextElideMode.ElideRight, text.width())
        painter.setFont(font())
        painter.setPen(TEXT)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, elided)
        if not row.enabled:
            width = QFontMetricsF(font()).horizontalAdvance(elided)
            painter.drawLine(QPointF(text.left(), rect.center().y()), QPointF(text.left() + width, rect.center().y()))
        painter.setOpacity(1.0)


def _clear(painter: QPainter, rect: QRectF) -> None:
    """Make the plate's ground anew, for what is painted there next."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.fillRect(rect.adjusted(-_PAD / 2, 0, _PAD / 2, 0), GROUND)
    painter.restore()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
