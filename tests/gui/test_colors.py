"""The colours of a slide's ICC profile: on screen, in the overview and in pictures, by key, remembered, and said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from wsiview.gui import inputs
from wsiview.gui.application import make_window
from wsiview.gui.canvas.file_tiles import as_bytes
from wsiview.gui.canvas.tile_source import OUTSIDE, TileSource
from wsiview.gui.main_window import MainWindow
from wsiview.gui.slides import thumbnails
from wsiview.scene.visible_tiles import Window
from wsiview.slide import opening
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.color import ColoredSlide, srgb_transform
from wsiview.slide.slide import TileUnreadable

Wait = Callable[..., None]
PINK = (200, 120, 160)


def written(path: Path, profile: bytes | None) -> Path:
    Image.new("RGB", (900, 700), PINK).save(path, icc_profile=profile)
    return path


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open these sound files without trying them in a process of its own first."""
    monkeypatch.setattr(inputs, "open_checked", opening.open_slide)


@pytest.fixture
def showing(window: MainWindow, tmp_path: Path, profiles: Any, wait: Wait) -> MainWindow:
    open_slide(window, written(tmp_path / "profiled.png", profiles.matrix), wait)
    return window


def open_slide(window: MainWindow, path: Path, wait: Wait) -> None:
    window.session.open_path(path)
    wait(lambda: window.session.slide is not None and window.session.slide.path == path and window.canvas.is_sharp)


def seen_by(profile: bytes) -> tuple[int, int, int]:
    red, green, blue = srgb_transform(profile).apply(np.array([[PINK]], np.uint8))[0, 0].tolist()
    return red, green, blue


def in_the_middle(image: QImage) -> tuple[int, int, int]:
    red, green, blue, _ = image.pixelColor(image.width() // 2, image.height() // 2).getRgb()
    return red, green, blue


def test_a_key_shows_slide_overview_and_pictures_in_the_profiles_colours(
    showing: MainWindow, profiles: Any, wait: Wait, qtbot: QtBot
) -> None:
    action, canvas, colored = showing.menus.actions["colors"], showing.canvas, seen_by(profiles.matrix)
    assert max(np.abs(np.subtract(colored, PINK))) > 10
    assert action.isEnabled()
    assert not action.isChecked()
    assert in_the_middle(canvas.grab().toImage()) == PINK
    qtbot.keyClick(canvas, Qt.Key.Key_I)
    wait(lambda: in_the_middle(canvas.grab().toImage()) == colored)
    wait(lambda: in_the_middle(canvas.base) == colored)
    assert action.isChecked()
    assert np.array_equal(showing.session.slide.read(0, 5, 5, 1, 1), [[PINK]]), "what computes sees the file's own"
    QGuiApplication.clipboard().clear()
    showing.menus.run("copy")
    wait(lambda: not QGuiApplication.clipboard().image().isNull())
    picture = QGuiApplication.clipboard().image()
    assert picture.pixelColor(canvas.width() // 2, canvas.height() // 2).getRgb()[:3] == colored
    qtbot.keyClick(canvas, Qt.Key.Key_I)
    wait(lambda: in_the_middle(canvas.grab().toImage()) == PINK)


def test_a_picture_says_whose_colours_it_has(showing: MainWindow, wait: Wait, tmp_path: Path) -> None:
    for name, words in (("off", "as stored, ICC profile not applied"), ("on", "ICC profile applied (relative")):
        showing.screenshots.save(tmp_path / f"{name}.png")
        wait((tmp_path / f"{name}.png").exists)
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert json.loads(picture.text["wsiview"])["source"]["colors"].startswith(words)
        showing.menus.run("colors")


def test_it_is_remembered_and_can_be_had_only_where_there_is_a_profile(
    showing: MainWindow, profiles: Any, wait: Wait, tmp_path: Path
) -> None:
    showing.menus.run("colors")
    showing.session.preferences.save()
    another = make_window()
    open_slide(another, tmp_path / "profiled.png", wait)
    assert in_the_middle(another.canvas.grab().toImage()) == seen_by(profiles.matrix)
    open_slide(another, written(tmp_path / "plain.png", None), wait)
    assert not another.menus.actions["colors"].isEnabled()
    assert in_the_middle(another.canvas.grab().toImage()) == PINK
    another.close()
    another.deleteLater()


def test_a_damaged_profile_is_said_once_and_the_slide_shown_as_it_is(
    window: MainWindow, profiles: Any, wait: Wait, tmp_path: Path
) -> None:
    open_slide(window, written(tmp_path / "damaged.png", profiles.broken), wait)
    said: list[str] = []
    window.session.told.connect(lambda message: said.append(message.text))
    for _ in range(3):
        window.menus.run("colors")
    assert len(said) == 1
    assert said[0].startswith("The ICC profile of damaged can't be used (")
    wait(lambda: window.canvas.is_sharp)
    assert in_the_middle(window.canvas.grab().toImage()) == PINK


def test_hatching_and_what_lies_outside_keep_their_colours(profiles: Any) -> None:
    class Damaged(ArraySlide):
        def read(self, level: int, x: int, y: int, width: int, height: int) -> Any:
            if (x, y) == (256, 256):
                raise TileUnreadable(self.path, level, x, y, width, height, "damaged")
            return super().read(level, x, y, width, height)

    inner = Damaged(np.full((600, 700, 3), PINK, np.uint8), icc_profile=profiles.matrix)
    slide = ColoredSlide(inner, srgb_transform(profiles.matrix))
    pixels = as_bytes(TileSource(slide).render(Window(1.0, 200, 200, 600, 300), lambda: True).pixels)[..., 2::-1]
    found = {tuple(pixel) for pixel in pixels.reshape(-1, 3).tolist()}
    assert {OUTSIDE, (40, 40, 44), (240, 240, 240), seen_by(profiles.matrix)} <= found
    assert PINK not in found


def test_thumbnails_of_the_list_have_them_too(showing: MainWindow, profiles: Any, wait: Wait, tmp_path: Path) -> None:
    small, path = showing.companions.slides.thumbnails, tmp_path / "profiled.png"

    def color() -> tuple[int, int, int] | None:
        picture = small.picture(path)
        return None if picture is None or picture.isNull() else in_the_middle(picture)

    wait(lambda: color() == PINK)
    showing.menus.run("colors")
    wait(lambda: color() == seen_by(profiles.matrix))
    assert thumbnails._colored(b"").isNull()
