"""N leads from field to field of a class, strongest first, round and round."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from wsiview.gui.main_window import MainWindow
from wsiview.scene.fields import class_fields

Wait = Callable[..., None]
SHIFT = Qt.KeyboardModifier.ShiftModifier


def words(window: MainWindow) -> str:
    return " ".join(part.text for part in window.companions.comparing.captions.line("field"))


def press(window: MainWindow, qtbot: QtBot, wait: Wait, way: int = 1) -> None:
    """N or Shift+N, until it has led somewhere."""
    modifier = Qt.KeyboardModifier.NoModifier if way > 0 else SHIFT
    qtbot.keyClick(window.canvas, Qt.Key.Key_N, modifier)
    wait(lambda: not window.companions.comparing.fields._job.running)


def test_n_visits_the_fields_of_a_class_in_order_goes_round_and_back(
    mapped: MainWindow, qtbot: QtBot, wait: Wait, tmp_path: Path
) -> None:
    canvas, session = mapped.canvas, mapped.session
    mapped.activateWindow()
    canvas.setFocus()
    session.set_mpp((1.0, 1.0))
    qtbot.keyClick(canvas, Qt.Key.Key_5)  # 20×, where the slide has several fields
    scale = canvas.viewport.downsample
    side = min(canvas.viewport.size.width, canvas.viewport.size.height) * scale
    fields = class_fields(session.grids, 0, (side, side), session.layers.classes[0].threshold)
    assert len(fields) >= 2
    for number, field in enumerate(fields, start=1):
        press(mapped, qtbot, wait)
        assert words(mapped) == f"Class A: field {number} of {len(fields)}"
        assert canvas.viewport.downsample == scale
        where = canvas.viewport.center
        assert (where.x, where.y) == (field.region.center.x, field.region.center.y)
    assert not mapped.banner.isVisible()
    press(mapped, qtbot, wait)
    assert words(mapped) == f"Class A: field 1 of {len(fields)}"
    assert f"the last of {len(fields)} fields of class A" in mapped.banner.message.text
    press(mapped, qtbot, wait, -1)
    assert words(mapped) == f"Class A: field {len(fields)} of {len(fields)}"
    qtbot.keyClick(canvas, Qt.Key.Key_Left)
    assert words(mapped) == "", "who looks elsewhere is in no field"
    after_the_last_field_the_next_slide_is_offered(mapped, qtbot, wait, tmp_path)


def after_the_last_field_the_next_slide_is_offered(
    mapped: MainWindow, qtbot: QtBot, wait: Wait, tmp_path: Path
) -> None:
    other = tmp_path / "zebra.png"
    Image.fromarray(np.full((300, 400, 3), 235, np.uint8)).save(other)
    mapped.companions.slides.add([other])
    press(mapped, qtbot, wait)
    count = int(words(mapped).rpartition(" ")[2])
    for _ in range(count):
        press(mapped, qtbot, wait)
    assert mapped.banner.message.offer == "next_slide"
    offer = next(one for one in mapped.banner.findChildren(QPushButton) if one.isVisible())
    qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
    wait(lambda: mapped.session.slide.path == other)
    assert words(mapped) == ""


def test_another_class_begins_with_its_strongest_field_and_one_without_any_says_so(
    mapped: MainWindow, qtbot: QtBot, wait: Wait
) -> None:
    canvas, session = mapped.canvas, mapped.session
    mapped.activateWindow()
    canvas.setFocus()
    session.set_mpp((1.0, 1.0))
    press(mapped, qtbot, wait)
    assert canvas.viewport.downsample <= 1.0 / canvas.pixel_ratio, "at 10× at least"
    qtbot.mouseClick(mapped.docks.layers.rows[1].name, Qt.MouseButton.LeftButton)
    press(mapped, qtbot, wait)
    assert words(mapped).startswith("Class B: field 1 of ")
    mapped.docks.layers.rows[1].threshold.setValue(100)
    for block in session.grids.blocks:
        session.grids.block_at(*block).strength[1] = 0  # nowhere strong
    view = canvas.viewport
    press(mapped, qtbot, wait)
    assert "Class B is nowhere the strongest class and above its threshold" in mapped.banner.message.text
    assert canvas.viewport.center == view.center
    assert mapped.banner.message.offer == "", "there is no other slide"
