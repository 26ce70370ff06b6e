"""Head-up display: scale bar, legend and probe marks over the slide, on screen and in exports alike."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from wsiview.geometry import Region
from wsiview.gui.canvas.legend_plate import LegendPlate
from wsiview.gui.canvas.plate import STAMP, TEXT, Plate, font, paint_plate, picture_of, small_font
from wsiview.scene.legend import Legend
from wsiview.scene.orientation import orientation
from wsiview.scene.probe import ProbeMarks
from wsiview.scene.scale_bar import ScaleBar, scale_bar
from wsiview.scene.viewport import Viewport

MARGIN = 12.0
_LONGEST_BAR, _AROUND_BAR = 180.0, 20.0
SCALE_RIGHT = MARGIN + _LONGEST_BAR + _AROUND_BAR
"""How far right the plate of a longest scale bar reaches, screen pixels."""
_SMALLEST_CIRCLE = 6.0
_LARGEST_PICTURE = 1024


class ScalePlate(Plate):
    """Scale bar and magnification; where there are any, how the view is turned, and a remark on the slide.

    Laid out in screen pixels.
    """

    def __init__(self, bar: ScaleBar, pixel_ratio: float, remark: str = "", turned: str = "") -> None:
        """Measure all texts."""
        self._bar, self._length = bar, bar.length / pixel_ratio
        self._stamps = [words for words in (turned[:1].upper() + turned[1:], remark) if words]
        small = QFontMetricsF(small_font())
        texts = (
            QFontMetricsF(font()).horizontalAdvance(bar.text),
            *(small.horizontalAdvance(words) for words in (bar.magnification, *self._stamps)),
        )
        self.width = max(self._length, *texts) + _AROUND_BAR
        self.height = 52.0 + 16.0 * len(self._stamps)

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        paint_plate(painter, QRectF(0, 0, self.width, self.height))
        painter.setPen(TEXT)
        painter.setFont(font())
        inner = QRectF(10, 4, self.width - 20, 17)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._bar.text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(QRectF(10, 25, self._length, 3), TEXT)
        for x in (10.0, 10 + self._length - 1.5):
            painter.fillRect(QRectF(x, 22, 1.5, 9), TEXT)
        painter.setFont(small_font())
        painter.drawText(
            QRectF(10, 33, self.width - 20, 16),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            self._bar.magnification,
        )
        painter.setPen(STAMP)
        for line, words in enumerate(self._stamps):
            across = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(10, 49 + 16 * line, self.width - 20, 16), across, words)


class Hud:
    """Keeps the plates as pictures, so that a frame only copies them."""

    def __init__(self) -> None:
        """Start with nothing to show."""
        self.legend: Legend | None = None
        self.probe: ProbeMarks | None = None
        self.remark = ""  # on the slide
        self.top = 0  # screen pixels at the upper edge that something else lies over
        self._plate: LegendPlate | None = None
        self._drawn: tuple[float, LegendPlate, QImage] | None = None  # the legend as it was last painted
        self._scale_key: tuple[float, float | None, float, str, str] | None = None
        self._scale_picture = QImage()
        self._probe_picture = ProbePicture()

    def set_legend(self, legend: Legend | None) -> None:
        """Show another legend."""
        if legend != self.legend:
            self.legend = legend
            self._plate = None if legend is None else LegendPlate(legend)

    def paint(self, painter: QPainter, view: Viewport, mpp: float | None, pixel_ratio: float) -> None:
        """Paint over a view; the painter counts in screen pixels."""
        if self.probe is not None:
            self._probe_picture.paint(painter, self.probe, view, pixel_ratio)
        picture = self._scale(view, mpp, pixel_ratio)
        height = view.size.height / pixel_ratio
        painter.drawImage(QPointF(MARGIN, round(height - MARGIN - picture.height() / pixel_ratio)), picture)
        if self._plate is not None:
            painter.drawImage(self._corner, self._legend_picture(self._plate, pixel_ratio))

    def _legend_picture(self, plate: LegendPlate, pixel_ratio: float) -> QImage:
        """The plate as a picture; a reader who toggles a class changes one row of it."""
        if self._drawn is None or self._drawn[:2] != (pixel_ratio, plate):
            image = None
            if self._drawn is not None and self._drawn[0] == pixel_ratio:
                image = plate.picture_from(self._drawn[1], self._drawn[2])
            self._drawn = pixel_ratio, plate, image if image is not None else picture_of(plate, pixel_ratio)
        return self._drawn[2]

    def covers(self, x: float, y: float) -> bool:
        """Whether the legend lies there (screen pixels)."""
        plate = self._plate
        return plate is not None and QRectF(self._corner, QSizeF(plate.width, plate.height)).contains(x, y)

    def class_at(self, x: float, y: float) -> int | None:
        """The class whose legend row lies there (screen pixels)."""
        corner = self._corner
        return None if self._plate is None else self._plate.class_at(x - corner.x(), y - corner.y())

    def row_of(self, class_index: int) -> QPointF | None:
        """The middle of a class's legend row, screen pixels."""
        middle = None if self._plate is None else self._plate.center_of(class_index)
        return None if middle is None else middle + self._corner

    @property
    def legend_height(self) -> float:
        """Screen pixels that the legend takes from the top, 0 without one."""
        return 0.0 if self._plate is None else self._plate.height + self._corner.y()

    @property
    def _corner(self) -> QPointF:
        """Where the legend stands, screen pixels."""
        return QPointF(MARGIN, MARGIN + self.top)

    def _scale(self, view: Viewport, mpp: float | None, pixel_ratio: float) -> QImage:
        key = (view.downsample, mpp, pixel_ratio, self.remark, orientation(view))
        if key != self._scale_key:
            bar = scale_bar(view.downsample, mpp, _LONGEST_BAR * pixel_ratio, pixel_ratio)
            plate = ScalePlate(bar, pixel_ratio, self.remark, orientation(view))
            self._scale_key, self._scale_picture = key, picture_of(plate, pixel_ratio)
        return self._scale_picture


class ProbePicture:
    """Marks as a picture, since a pan moves them and changes nothing else; very large ones are painted each time."""

    def __init__(self) -> None:
        """Start with none."""
        self._key: tuple[object, ...] = ()
        self._image = QImage()
        self._words: tuple[str, float, Plate, QImage] | None = None

    def paint(self, painter: QPainter, marks: ProbeMarks, view: Viewport, pixel_ratio: float) -> None:
        """Paint marks and words; the painter counts in screen pixels."""
        parts = [part for part in (marks.cell, marks.field, marks.label) if part is not None]
        if not parts:
            return
        boxes = [on_screen(part, view, pixel_ratio) for part in parts]
        box = boxes[0]
        for other in boxes[1:]:
            box |= other
        left, top = (math.floor((side - 3) * pixel_ratio) for side in (box.left(), box.top()))
        right, bottom = (math.ceil((side + 3) * pixel_ratio) for side in (box.right(), box.bottom()))
        if max(right - left, bottom - top) > _LARGEST_PICTURE:
            paint_probe(painter, marks, view, pixel_ratio)
            return
        phase = round(box.left() * pixel_ratio - left, 2), round(box.top() * pixel_ratio - top, 2)
        key = *parts, view.downsample, view.rotation, view.flipped, pixel_ratio, *phase
        if key != self._key:
            self._key, self._image = (
                key,
                self._drawn(marks, view, pixel_ratio, QRect(left, top, right - left, bottom - top)),
            )
        painter.drawImage(QPointF(left / pixel_ratio, top / pixel_ratio), self._image)
        if marks.text:
            self._paint_words(painter, marks.text, boxes[-1], view, pixel_ratio)

    def _paint_words(self, painter: QPainter, text: str, box: QRectF, view: Viewport, pixel_ratio: float) -> None:
        if self._words is None or self._words[:2] != (text, pixel_ratio):
            plate = WordsPlate(text)
            self._words = text, pixel_ratio, plate, picture_of(plate, pixel_ratio)
        at = _place_of_words(self._words[2], box, view, pixel_ratio)
        painter.drawImage(QPointF(round(at.x()), round(at.y())), self._words[3])

    def _drawn(self, marks: ProbeMarks, view: Viewport, pixel_ratio: float, place: QRect) -> QImage:
        image = QImage(place.size(), QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(pixel_ratio)
        image.fill(0)
        painter = QPainter(image)
        painter.translate(-place.x() / pixel_ratio, -place.y() / pixel_ratio)
        _paint_marks(painter, marks, view, pixel_ratio)
        painter.end()
        return image


def paint_probe(painter: QPainter, marks: ProbeMarks, view: Viewport, pixel_ratio: float) -> None:
    """The cell as a box, its receptive field as a circle, the label region as a dashed box with its words."""
    _paint_marks(painter, marks, view, pixel_ratio)
    anchor = marks.label or marks.field or marks.cell
    if marks.text and anchor is not None:
        plate = WordsPlate(marks.text)
        painter.save()
        painter.translate(_place_of_words(plate, on_screen(anchor, view, pixel_ratio), view, pixel_ratio))
        plate.paint(painter)
        painter.restore()


def _paint_marks(painter: QPainter, marks: ProbeMarks, view: Viewport, pixel_ratio: float) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in ((QColor(0, 0, 0, 190), 3.5), (QColor(255, 255, 255), 1.5)):
        pen = QPen(color, width)
        painter.setPen(pen)
        if marks.cell is not None:
            painter.drawPolygon(outline(marks.cell, view, pixel_ratio))
        if marks.field is not None:
            _paint_circle(painter, marks.field, view, pixel_ratio)
        if marks.label is not None:
            if width < 2:
                pen.setStyle(Qt.PenStyle.DashLine)
                painter.setPen(pen)
            painter.drawPolygon(outline(marks.label, view, pixel_ratio))
    painter.restore()


def _paint_circle(painter: QPainter, field: Region, view: Viewport, pixel_ratio: float) -> None:
    """The circle in a square, or the ellipse in an oblong one, turned with the slide."""
    scale = 1 / (view.downsample * pixel_ratio)
    width, height = field.width * scale, field.height * scale
    if width < _SMALLEST_CIRCLE:
        return
    x, y = view.to_device.apply(field.center.x, field.center.y)
    painter.save()
    painter.translate(x / pixel_ratio, y / pixel_ratio)
    painter.rotate(view.rotation)
    painter.drawEllipse(QRectF(-width / 2, -height / 2, width, height))
    painter.restore()


class WordsPlate(Plate):
    """A few words on a plate."""

    def __init__(self, text: str) -> None:
        """Measure them."""
        metrics = QFontMetricsF(font())
        self._text = text
        self.width, self.height = metrics.horizontalAdvance(text) + 14, metrics.height() + 6

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
        place = QRectF(0, 0, self.width, self.height)
        paint_plate(painter, place)
        painter.setPen(TEXT)
        painter.setFont(font())
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._text)


def _place_of_words(plate: Plate, box: QRectF, view: Viewport, pixel_ratio: float) -> QPointF:
    """Above the box, or below where there is no room, always inside the view."""
    across, down = view.size.width / pixel_ratio, view.size.height / pixel_ratio
    y = box.top() - plate.height - 4
    if y < 4:
        y = box.bottom() + 4
    x = min(max(box.left(), 4.0), max(4.0, across - plate.width - 4))
    return QPointF(x, min(max(y, 4.0), max(4.0, down - plate.height - 4)))


def outline(region: Region, view: Viewport, pixel_ratio: float) -> QPolygonF:
    """A level-0 rectangle in screen pixels, turned as the view is."""
    corners = ((region.x, region.y), (region.right, region.y), (region.right, region.bottom), (region.x, region.bottom))
    to = view.to_device
    return QPolygonF([QPointF(*to.apply(x, y)) / pixel_ratio for x, y in corners])


def on_screen(region: Region, view: Viewport, pixel_ratio: float) -> QRectF:
    """A level-0 rectangle in screen pixels; for a turned view the upright rectangle around it."""
    to = view.to_device
    corners = [to.apply(x, y) for x in (region.x, region.right) for y in (region.y, region.bottom)]
    xs, ys = [x / pixel_ratio for x, _ in corners], [y / pixel_ratio for _, y in corners]
    return QRectF(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
