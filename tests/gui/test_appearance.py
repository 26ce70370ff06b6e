"""Light and dark are chosen in the menu, hold at once, and are remembered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wsiview.gui.appearance import apply_theme
from wsiview.gui.main_window import MainWindow


@pytest.fixture(autouse=True)
def undressed() -> Iterator[None]:
    yield
    apply_theme("system")


@pytest.mark.parametrize(("name", "dark"), [("theme_dark", True), ("theme_light", False)])
def test_the_menu_dresses_the_window_and_remembers_it(window: MainWindow, name: str, dark: bool) -> None:
    window.menus.run(name)
    text, ground = window.palette().windowText().color(), window.palette().window().color()
    assert (text.lightness() > ground.lightness()) == dark
    assert abs(text.lightness() - ground.lightness()) > 150
    assert window.menus.actions[name].isChecked()
    assert not window.menus.actions["theme_system"].isChecked()
    assert window.session.preferences.theme() == name.removeprefix("theme_")
