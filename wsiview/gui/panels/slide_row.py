"""Slide row: how one slide of the list is painted."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPalette, QPen
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

_PAD, _GAP = 8, 10
_WIDE, _HIGH = 72, 54  # px of the picture
_DOT = 9
_MAP = QColor(32, 128, 255)


class SlideRowPainter(QStyledItemDelegate):
    """Picture, name cut in its middle, a note below it, and a dot where there is a map.

    Parameters
    ----------
    row, picture
        Roles of the row's words and of its picture.
    """

    def __init__(self, row: int, picture: int, parent: QObject | None = None) -> None:
        """Paint with the view's own palette and fonts."""
        super().__init__(parent)
        self._row, self._picture = row, picture

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """As high as the picture or the two lines; headings are one line."""
        line = QFontMetrics(option.font).height()
        if index.data(self._row).path is None:
            return QSize(_WIDE, line + 2 * _PAD)
        return QSize(2 * _WIDE, max(_HIGH, 2 * line + 4) + _PAD)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint it."""
        row = index.data(self._row)
        painter.save()
        rect = option.rect
        if row.path is None:
            painter.setPen(option.palette.color(QPalette.ColorRole.PlaceholderText))
            words = rect.adjusted(_PAD, 0, -_PAD, -4)
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, row.title)
            painter.restore()
            return
        style = option.widget.style() if option.widget is not None else QApplication.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        box = QRect(rect.left() + _PAD, rect.top() + (rect.height() - _HIGH) // 2, _WIDE, _HIGH)
        _paint_picture(painter, index.data(self._picture), box, row.faded, option.palette)
        self._paint_words(painter, option, row, box)
        if row.map != "none":
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            color = option.palette.color(QPalette.ColorRole.HighlightedText) if chosen else _MAP
            _paint_dot(painter, rect, color, whole=row.map == "finished")
        painter.restore()

    def _paint_words(self, painter: QPainter, option: QStyleOptionViewItem, row: Any, box: QRect) -> None:
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        group = (
            QPalette.ColorGroup.Active if option.state & QStyle.StateFlag.State_Active else QPalette.ColorGroup.Inactive
        )
        words = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text
        quiet = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.PlaceholderText
        name, note = QFont(option.font), QFont(option.font)
        name.setBold(row.current)
        line = QFontMetrics(name).height()
        left = box.right() + _GAP
        width = option.rect.right() - _PAD - left - (_DOT + 4 if row.map != "none" else 0)
        top = option.rect.top() + (option.rect.height() - (2 if row.note else 1) * line) // 2
        painter.setPen(option.palette.color(group, quiet if row.faded else words))
        painter.setFont(name)
        elided = QFontMetrics(name).elidedText(row.title, Qt.TextElideMode.ElideMiddle, width)
        painter.drawText(QRect(left, top, width, line), Qt.AlignmentFlag.AlignVCenter, elided)
        if row.note:
            painter.setPen(option.palette.color(group, quiet))
            painter.setFont(note)
            elided = QFontMetrics(note).elidedText(row.note, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRect(left, top + line, width, line), Qt.AlignmentFlag.AlignVCenter, elided)


def _paint_picture(painter: QPainter, picture: QImage | None, box: QRect, faded: bool, palette: QPalette) -> None:
    """The picture in the middle of its box; a frame alone while it is to come, or where there is none."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    if picture is None or picture.isNull():
        painter.setPen(
            QPen(palette.color(QPalette.ColorRole.Mid), 1, Qt.PenStyle.DotLine if faded else Qt.PenStyle.SolidLine)
        )
        painter.drawRect(box.adjusted(0, 0, -1, -1))
        return
    size = picture.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
    target = QRect(
        box.left() + (box.width() - size.width()) // 2, box.top() + (box.height() - size.height()) // 2,
        size.width(), size.height(),
    )  # fmt: skip
    painter.drawImage(target, picture)
    painter.setPen(QColor(0, 0, 0, 60))
    painter.drawRect(target.adjusted(0, 0, -1, -1))


def _paint_dot(painter: QPainter, rect: QRect, color: QColor, *, whole: bool) -> None:
    """Full for a finished map, a ring for one that was begun."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    dot = QRectF(rect.right() - _PAD - _DOT, rect.center().y() - _DOT / 2, _DOT, _DOT)
    painter.setPen(QPen(color, 2))
    painter.setBrush(color if whole else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(dot.adjusted(1, 1, -1, -1))
