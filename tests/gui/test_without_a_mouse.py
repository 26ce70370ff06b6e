"""Everything in the window can be reached, named and left without a mouse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollBar,
    QTextEdit,
    QWidget,
)

from wsiview.gui.actions import ACTIONS
from wsiview.gui.main_window import MainWindow

_ASKED = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit,
    QTextEdit,
)  # fmt: skip
_OF_QT = (
    "qt_dockwidget_closebutton", "qt_dockwidget_floatbutton", "ScrollLeftButton", "ScrollRightButton",
    "qt_tableview_cornerbutton",
)  # fmt: skip
"""What Qt makes of its own; docks are shown and hidden in the View menu, tabs are scrolled by arrows."""


def controls(window: QWidget) -> list[QWidget]:
    """What can be pressed, moved or written in, and is there now."""
    found = []
    for widget in window.findChildren(QWidget):
        # Headers and scroll bars follow the cells, which have the keys.
        inner = isinstance(widget, QScrollBar | QHeaderView) or isinstance(
            widget.parent(), QComboBox | QAbstractSpinBox
        )
        ours = isinstance(widget, _ASKED) and not inner and widget.objectName() not in _OF_QT
        if ours and widget.isVisibleTo(window) and widget.isEnabled() and not isinstance(widget.window(), QMenu):
            found.append(widget)
    return found


def in_front(window: MainWindow, dock: QDockWidget) -> None:
    dock.show()
    dock.raise_()
    QApplication.processEvents()


def tab_round(window: MainWindow) -> list[QWidget]:
    """Where Tab leads from the slide, until it has come round."""
    window.canvas.setFocus()
    QApplication.processEvents()
    passed: list[QWidget] = []
    while (here := QApplication.focusWidget()) is not None and here not in passed and len(passed) < 300:
        passed.append(here)
        QTest.keyClick(here, Qt.Key.Key_Tab)
    return passed


def words_of(widget: QWidget) -> str:
    """What a screen reader says."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface is not None else ""


def described(widgets: Iterable[QWidget]) -> list[str]:
    return [f"{type(w).__name__} {w.objectName()!r} {words_of(w)!r} in {type(w.parent()).__name__}" for w in widgets]


def test_every_control_is_named_and_reached_by_tab_and_tab_comes_round(mapped: MainWindow) -> None:
    mapped.activateWindow()
    unnamed, unreached, trapped = [], [], []
    docks = mapped.findChildren(QDockWidget)
    for dock in docks:
        in_front(mapped, dock)
        there = [w for w in controls(mapped) if not w.visibleRegion().isEmpty() or dock.isAncestorOf(w)]
        passed = tab_round(mapped)
        if mapped.canvas is not QApplication.focusWidget():
            trapped.append(dock.objectName())
        unnamed += [w for w in there if not words_of(w).strip() and w not in unnamed]
        group = {w.group() for w in passed if isinstance(w, QAbstractButton) and w.group() is not None}
        keyed = [w for w in there if isinstance(w, QAbstractButton) and w.group() in group]  # arrows lead there
        for widget in there:
            meant = widget.focusProxy() or widget
            if meant not in passed and widget not in keyed and widget not in unreached:
                unreached.append(widget)
    assert described(unnamed) == []
    assert described(unreached) == []
    assert trapped == []


def test_escape_leads_back_to_the_slide_from_everywhere(mapped: MainWindow) -> None:
    mapped.activateWindow()
    stuck = []
    for dock in mapped.findChildren(QDockWidget):
        in_front(mapped, dock)
        for widget in tab_round(mapped):
            widget.setFocus()
            QTest.keyClick(widget, Qt.Key.Key_Escape)
            if QApplication.focusWidget() is not mapped.canvas:
                stuck.append(widget)
    assert described(dict.fromkeys(stuck)) == []


def test_no_two_entries_of_a_menu_share_an_alt_key(window: MainWindow) -> None:
    bar = window.menuBar()
    menus = [bar, *bar.findChildren(QMenu)]
    assert len(menus) > 9
    for menu in menus:
        entries = [action for action in menu.actions() if action.isVisible() and not action.isSeparator()]
        letters = Counter(
            action.text().replace("&&", "").partition("&")[2][:1].lower() for action in entries if "&" in action.text()
        )
        assert {letter: count for letter, count in letters.items() if count > 1} == {}, menu
    assert all("&" in action.text() for action in bar.actions())


def test_every_key_stands_in_its_entry_and_in_its_tip(window: MainWindow) -> None:
    for action in ACTIONS:
        item = window.menus.actions[action.name]
        for key in item.shortcuts():
            assert key.toString(key.SequenceFormat.NativeText) in item.toolTip(), action.name
        if action.placed:
            assert action.placed in item.text() or action.placed in item.toolTip(), action.name


def test_a_button_without_words_says_what_it_does(mapped: MainWindow) -> None:
    silent = []
    for dock in mapped.findChildren(QDockWidget):
        in_front(mapped, dock)
        buttons = [w for w in controls(mapped) if isinstance(w, QAbstractButton)]
        silent += [w for w in buttons if len(w.text().replace("&", "")) < 2 and not w.toolTip()]
    assert described(dict.fromkeys(silent)) == []


def test_the_slide_says_what_it_shows(mapped: MainWindow) -> None:
    words = mapped.canvas.accessibleDescription()
    assert mapped.session.slide.name in words
    assert "Strongest class" in words
    assert "Class A" in words
    QTest.keyClick(mapped.canvas, Qt.Key.Key_S)
    QTest.keyClick(mapped.canvas, Qt.Key.Key_2)
    changed = mapped.canvas.accessibleDescription()
    assert changed != words
    assert "Strongest class" not in changed


def test_the_second_view_says_what_it_shows_itself(mapped: MainWindow) -> None:
    mapped.session.set_mpp((2.0, 2.0))
    mapped.activateWindow()
    mapped.canvas.setFocus()
    QTest.keyClick(mapped.canvas, Qt.Key.Key_D)
    QTest.keyClick(mapped.canvas, Qt.Key.Key_F6)
    second = mapped.active_canvas
    words = second.accessibleDescription()
    assert second.accessibleName() == "Slide in the second view"
    assert mapped.session.slide.name in words
    assert "Strongest class" not in words, "at first it shows the influence map"
    QTest.keyClick(second, Qt.Key.Key_S)
    QTest.keyClick(second, Qt.Key.Key_3)
    assert "Strongest class: Class A" in second.accessibleDescription()
    assert "4×" in second.accessibleDescription()
    first = mapped.canvas.accessibleDescription()
    QTest.keyClick(second, Qt.Key.Key_P)
    assert "score" in second.accessibleDescription()
    assert mapped.canvas.accessibleDescription() == first, "layers are each view's own"
    QTest.keyClick(second, Qt.Key.Key_D)
    assert second.accessibleDescription() == "", "closed, it shows nothing"
