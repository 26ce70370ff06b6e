"""The overview dims what the map does not show yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from wsiview.gui.canvas.overview import OverviewWidget
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.coverage import Coverage
from wsiview.gui.display import Display
from wsiview.gui.notebook import Notebook
from wsiview.gui.preferences import Preferences
from wsiview.scene.grids import MapGrids
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.slide import Slide


def test_blocks_are_dimmed_until_they_arrive(
    qtbot: QtBot, showing: Callable[[Slide], SlideCanvas], array: ArraySlide, grids: MapGrids, tmp_path: Path
) -> None:
    canvas, display = showing(array), Display(Notebook(Preferences(tmp_path / "p.ini"), None))
    overview = OverviewWidget()
    qtbot.addWidget(overview)
    overview.resize(220, 180)
    overview.follow(canvas)
    qtbot.waitUntil(lambda: not canvas._renderer.slide.base_missing)
    Coverage(display, overview)

    def lightness() -> int:
        image = overview.grab().toImage()
        return sum(image.pixelColor(x, 90).lightness() for x in range(8, 212))

    bare = lightness()
    display.map_changed.emit(grids)
    dimmed = lightness()
    assert dimmed < 0.9 * bare
    for row, col in grids.blocks[1:]:
        display.block_arrived.emit(row, col)
    assert dimmed < lightness()
    display.block_arrived.emit(*grids.blocks[0])
    assert lightness() == bare
    display.map_changed.emit(grids)
    display.map_changed.emit(None)
    assert lightness() == bare
