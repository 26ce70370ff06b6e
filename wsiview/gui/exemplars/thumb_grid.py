"""Thumb grid: a few small pictures, each with its cell as a box; one is current, and a click or Enter goes there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from wsiview.geometry import Region
from wsiview.gui.exemplars.thumbnails import Thumbnail

GAP = 5  # px between pictures
LEAST, MOST = 48, 120  # px of a picture's side
LARGE = 256  # px of the picture in a tooltip
_KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


@dataclass(frozen=True, slots=True)
class Thumb:
    """One place in the grid: what is said of it, its cell (level-0 px), and its picture once it is cut."""

    words: str
    cell: Region
    thumbnail: Thumbnail | None = None


class ThumbGrid(QWidget):
    """Told its pictures; says which one the reader chose."""

    chosen = Signal(int)
    left = Signal()

    def __init__(self, columns: int, lines: int, parent: QWidget | None = None) -> None:
        """Room for so many pictures."""
        super().__init__(parent)
        self._columns, self._lines = columns, lines
        self.thumbs: tuple[Thumb, ...] = ()
        self.current = 0
        self._message = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_thumbs((), "")

    def reshape(self, columns: int, lines: int) -> bool:
        """Room for more, or fewer, of them; whether that changed anything."""
        if (columns, lines) == (self._columns, self._lines):
            return False
        self._columns, self._lines = columns, lines
        self.updateGeometry()
        return True

    @property
    def capacity(self) -> int:
        """How many pictures there is room for."""
        return self._columns * self._lines

    def show_thumbs(self, thumbs: Sequence[Thumb], message: str) -> None:
        """Show these, or a message where there are none."""
        self.thumbs, self._message = tuple(thumbs[: self.capacity]), message
        self.current = min(self.current, max(0, len(self.thumbs) - 1))
        self._name()
        self.update()

    def show_picture(self, index: int, thumbnail: Thumbnail) -> None:
        """Fill one place."""
        if index < len(self.thumbs):
            filled = replace(self.thumbs[index], thumbnail=thumbnail)
            self.thumbs = (*self.thumbs[:index], filled, *self.thumbs[index + 1 :])
            self.update()

    def box(self, index: int) -> QRectF:
        """Where a picture stands."""
        side = self._side(self.width())
        row, col = divmod(index, self._columns)
        return QRectF(2 + col * (side + GAP), 2 + row * (side + GAP), side, side)

    def index_at(self, place: QPointF) -> int | None:
        """The picture at a place, None beside them."""
        found = [index for index in range(len(self.thumbs)) if self.box(index).contains(place)]
        return found[0] if found else None

    def sizeHint(self) -> QSize:
        """As high as the pictures are, which are square."""
        height = 4 + self._lines * (self._side(self.width()) + GAP) - GAP
        return QSize(4 + self._columns * (LEAST + GAP) - GAP, height)

    def minimumSizeHint(self) -> QSize:
        """No picture is ever cut."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Pictures fill the width."""
        super().resizeEvent(event)
        self.updateGeometry()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows choose, Enter goes there, Esc goes back to the slide."""
        key = Qt.Key(event.key())
        steps = {**_KEYS, Qt.Key.Key_Up: -self._columns, Qt.Key.Key_Down: self._columns}
        if key in steps:
            self._move_to(self.current + steps[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.thumbs:
            self.chosen.emit(self.current)
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click chooses."""
        index = self.index_at(event.position())
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self._move_to(index)
            self.chosen.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A hand over what can be clicked."""
        here = self.index_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if here else Qt.CursorShape.ArrowCursor)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show which is current."""
        super().focusInEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        """A larger picture, and what is known of the cell."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.index_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if index is None else tip(self.thumbs[index]), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        text = self.palette().placeholderText().color()
        if not self.thumbs:
            painter.setPen(text)
            flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
            painter.drawText(QRectF(self.rect()).adjusted(2, 2, -2, -2), int(flags), self._message)
        for index, thumb in enumerate(self.thumbs):
            box = self.box(index)
            paint_thumb(painter, box, thumb, text)
            if index == self.current and self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(self.palette().highlight().color(), 3))
                painter.drawRect(box.adjusted(-0.5, -0.5, 0.5, 0.5))
        painter.end()

    def _side(self, width: int) -> int:
        room = (width - 4 - (self._columns - 1) * GAP) // self._columns
        return min(MOST, max(LEAST, room))

    def _move_to(self, index: int) -> None:
        if self.thumbs:
            self.current = min(max(index, 0), len(self.thumbs) - 1)
            self._name()
            self.update()

    def _name(self) -> None:
        """What a screen reader says."""
        words = self._message
        if self.thumbs:
            words = f"{self.current + 1} of {len(self.thumbs)}: {self.thumbs[self.current].words}"
        self.setAccessibleName(f"Exemplars, {words}")


def paint_thumb(painter: QPainter, box: QRectF, thumb: Thumb, text: QColor) -> None:
    """A picture with its cell as a box; a sign where there is none."""
    shown = thumb.thumbnail
    if shown is None or shown.image is None:
        ground = QColor(text)
        ground.setAlpha(40)
        painter.fillRect(box, ground)
        painter.setPen(text)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "…" if shown is None else "✕")
        return
    painter.drawImage(box, shown.image)
    cell, region = thumb.cell, shown.region
    across, down = box.width() / region.width, box.height() / region.height
    left, top = (cell.x - region.x) * across, (cell.y - region.y) * down
    mark = QRectF(box.left() + left, box.top() + top, cell.width * across, cell.height * down)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in ((QColor(0, 0, 0, 200), 3.0), (QColor(255, 255, 255), 1.2)):
        painter.setPen(QPen(color, width))
        painter.drawRect(mark)
    painter.setPen(QPen(QColor(0, 0, 0, 90), 1))
    painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))


def tip(thumb: Thumb) -> str:
    """What a tooltip shows."""
    shown = thumb.thumbnail
    if shown is None:
        return thumb.words
    if shown.image is None:
        return f"{thumb.words}. The slide can't be read there."
    picture = QImage(LARGE, LARGE, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    paint_thumb(painter, QRectF(0, 0, LARGE, LARGE), thumb, QColor(0, 0, 0))
    painter.end()
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload]
    coded = bytes(content.toBase64().data()).decode()
    return f"<p><img src='data:image/png;base64,{coded}'></p><p>{thumb.words}</p><p>Click or Enter: go there</p>"
