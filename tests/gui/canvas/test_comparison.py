"""A second stack of layers is seen where it should be, with its legend, on screen and in pictures alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.snapshot import Snapshot
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.slide import Slide

FIRST = LayerStack(default_looks(3))
SECOND = replace(FIRST, strongest=False, strength=(1,))
Look = Callable[[], NDArray[np.uint8]]


@pytest.fixture
def comparing(qtbot: QtBot, showing: Callable[[Slide], SlideCanvas], array: ArraySlide, grids: MapGrids) -> SlideCanvas:
    made = showing(array)
    made.set_grids(grids)
    made.set_layers(FIRST)
    made.set_other_layers(SECOND)
    return made


@pytest.fixture
def look(qtbot: QtBot, comparing: SlideCanvas, painted: Callable[[SlideCanvas], NDArray[np.uint8]]) -> Look:
    """Slide and layers alone, once they are sharp."""

    def when_sharp() -> NDArray[np.uint8]:
        qtbot.waitUntil(lambda: comparing.is_sharp, timeout=5000)
        return painted(comparing)

    return when_sharp


@pytest.mark.parametrize("turned", [{}, {"rotation": 90.0}, {"rotation": 37.0}, {"flipped": True}])
def test_a_curtain_hangs_straight_however_the_slide_is_turned(
    comparing: SlideCanvas, look: Look, turned: dict[str, float]
) -> None:
    comparing.set_viewport(replace(comparing.viewport, **turned))
    alone = []
    for other in (False, True):
        comparing.show_other(other)
        alone.append(look())
    assert not np.array_equal(*alone)
    comparing.set_curtain(0.4)
    both = look()
    cut = round(0.4 * comparing.viewport.size.width)
    expected = np.concatenate([alone[0][:, :cut], alone[1][:, cut:]], axis=1)
    # Where a clip cuts a slanting picture, its smoothed pixels are rounded otherwise.
    differs = np.abs(both.astype(int) - expected).max(axis=2)
    assert (differs > 24).mean() < 0.001


def test_the_legend_is_of_what_is_seen(comparing: SlideCanvas) -> None:
    def kinds() -> list[str]:
        return [] if comparing.legend is None else [row.kind for row in comparing.legend.rows]

    assert kinds() == ["class"] * 3 + ["undecided"]
    comparing.show_other(True)
    assert kinds() == ["class", "ramp"]
    comparing.show_other(False)
    comparing.set_curtain(0.5)
    assert kinds() == ["class"] * 3 + ["undecided", "ramp"]
    comparing.set_other_layers(None)
    comparing.set_curtain(None)
    assert kinds() == ["class"] * 3 + ["undecided"]


@pytest.mark.parametrize("curtain", [None, 0.3])
def test_a_picture_shows_the_second_stack_as_the_screen_does(
    qtbot: QtBot,
    comparing: SlideCanvas,
    look: Look,
    pixels_of: Callable[[QImage], NDArray[np.uint8]],
    curtain: float | None,
) -> None:
    comparing.show_other(True)
    comparing.set_curtain(curtain)
    expected = look()
    snapshot = Snapshot.of(comparing)
    with qtbot.waitSignal(snapshot.finished, timeout=10_000) as done:
        snapshot.start()
    height, width = expected.shape[:2]
    found = pixels_of(done.args[0])[:height]
    clear = np.s_[: height - 90, width // 2 :]  # where no legend and no scale bar lies
    assert np.array_equal(found[clear], expected[clear])
    if curtain is not None:
        left = np.s_[: height - 90, round(width * 0.3) - 20 : round(width * 0.3)]
        assert np.array_equal(found[left][-60:], expected[left][-60:])
