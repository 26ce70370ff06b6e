"""The panels fit the screen they are on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QTabBar
from pytestqt.qtbot import QtBot

from wsiview.gui import docks
from wsiview.gui.application import make_window, start
from wsiview.gui.main_window import MainWindow
from wsiview.scene.layers import LayerStack, default_looks


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    start()
    made = make_window()
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
    made.deleteLater()


def test_on_a_short_screen_all_panels_share_one_place(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    for short, low, room, behind_layers in ((10_000, 20_000, "short", 3), (0, 20_000, "low", 0), (0, 1, "tall", 0)):
        monkeypatch.setattr(docks, "SHORT", short)
        monkeypatch.setattr(docks, "TALL", low)
        fresh = make_window()
        fresh.show()
        qtbot.waitExposed(fresh)
        assert fresh.docks.room == room
        further = sum(not dock.isHidden() for dock in fresh.docks._behind)  # always behind the layers
        assert len(fresh.tabifiedDockWidgets(fresh.docks._docks[0])) == behind_layers + further
        fresh.close()
        fresh.deleteLater()


def test_sixteen_classes_need_no_more_room_than_eight(window: MainWindow) -> None:
    heights = []
    for count in (8, 16):
        stack = LayerStack(default_looks(count))
        window.docks.probe.show_layers(stack)
        window.docks.meanings.show_layers(stack)
        heights.append(window.docks.probe.bars.sizeHint().height())
        assert window.docks.probe.minimumSizeHint().height() < 200
        assert window.docks.meanings.minimumSizeHint().width() <= docks.WIDE
    assert heights[0] == heights[1]


def test_each_dock_has_one_tab_in_view_and_none_widens_the_others(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    for short, tall in ((10_000, 20_000), (0, 20_000), (0, 1)):
        monkeypatch.setattr(docks, "SHORT", short)
        monkeypatch.setattr(docks, "TALL", tall)
        fresh = make_window()
        fresh.show()
        qtbot.waitExposed(fresh)
        bars = [bar for bar in fresh.findChildren(QTabBar) if bar.isVisible()]
        in_view = [bar for bar in bars if bar.parent() is fresh and fresh.rect().intersects(bar.geometry())]
        tabs = [bar.tabText(index) for bar in in_view for index in range(bar.count())]
        assert tabs
        assert len(tabs) == len(set(tabs))
        assert all(dock.minimumSizeHint().width() <= docks.WIDE for dock in (*fresh.docks._docks, *fresh.docks._behind))
        fresh.close()
        fresh.deleteLater()
