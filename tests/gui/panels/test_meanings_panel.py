"""The meanings panel's pictures fill its width, so its width is the same whether or not there is anything to scroll."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from wsiview.gui.main_window import MainWindow
from wsiview.scene.layers import LayerStack, default_looks


def test_what_it_holds_is_as_wide_in_a_low_panel_as_in_a_high_one(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.docks.meanings
    panel.show_layers(LayerStack(default_looks(6)))
    window.companions.exemplars.strip.show()
    panel.setParent(None)
    qtbot.addWidget(panel)
    panel.show()
    widths = {}
    for height in (150, 600):
        panel.resize(316, height)
        QApplication.processEvents()
        scrolls = panel.verticalScrollBar().maximum() > 0
        widths[scrolls] = panel.widget().width()
    assert widths.keys() == {True, False}
    assert widths[True] == widths[False], "else pictures that shrink with it would bring the bar and drive it away"
