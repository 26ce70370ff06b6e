"""Golden pictures: a slide of known marks under a map of known cells looks as it did when somebody looked at it.

After a wanted change of looks, a failing test leaves its picture beside the message: look at it, then put it in
`golden/` in place of the old one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pytestqt.qtbot import QtBot

from wsiview.geometry import Affine, Point
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.slide import Slide

GOLDEN = Path(__file__).parent / "golden"
VIEWS = {
    "whole": {},
    "native": {"center": Point(430, 330), "downsample": 1.0},
    "close": {"center": Point(122, 120), "downsample": 0.25},
    "quarter": {"center": Point(430, 330), "downsample": 1.7, "rotation": 90.0},
    "turned": {"center": Point(430, 330), "downsample": 1.7, "rotation": 37.0},
    "mirrored": {"center": Point(430, 330), "downsample": 1.7, "flipped": True},
}
CELL = 50
NOT_COMPUTED, OUTSIDE_TISSUE, COMPUTED, UNREADABLE = 0, 1, 2, 3


@pytest.fixture(scope="module")
def marked() -> ArraySlide:
    """A pale slide with a grid of lines, an F that knows up from down and left from right, and discs."""
    picture = Image.new("RGB", (1600, 1200), (238, 224, 232))
    draw = ImageDraw.Draw(picture)
    for at in range(0, 1600, 200):
        draw.rectangle((at, 0, at + 3, 1199), fill=(120, 120, 150))
        draw.rectangle((0, at, 1599, at + 3), fill=(120, 120, 150))
    for box in ((60, 40, 90, 180), (60, 40, 160, 65), (60, 100, 130, 122)):
        draw.rectangle(box, fill=(40, 20, 70))
    for x, y in ((430, 330), (700, 500), (330, 560), (1450, 1100)):
        draw.ellipse((x - 40, y - 25, x + 40, y + 25), fill=(150, 40, 110))
    return ArraySlide(np.asarray(picture), mpp=(1.0, 1.0))


@pytest.fixture(scope="module")
def cells() -> MapGrids:
    """Cells of every state; strengths that rise to the right, each class the strongest in turn."""
    grids = MapGrids((20, 28), Affine(CELL, 0, 100, 0, CELL, 100), 3, block=32, saliency_scales={"cam": 1.0})
    rows, cols = np.mgrid[:20, :28]
    weights = np.zeros((3, 20, 28), np.float32)
    for index in range(3):
        weights[index] = np.where((cols // 4 + rows // 5) % 3 == index, 0.3 + cols / 40, 0.2)
    weights[:, 12:14] = np.array([0.55, 0.5, 0.1], np.float32)[:, None, None]
    state = np.full((20, 28), COMPUTED, np.uint8)
    state[:, 20:23], state[16:], state[6:8, 2:5] = OUTSIDE_TISSUE, NOT_COMPUTED, UNREADABLE
    saliency = (np.sin(cols / 4) * np.cos(rows / 4)).astype(np.float32)
    grids.put(0, 0, weights, state, None, {"cam": saliency})
    return grids


@pytest.mark.parametrize("name", VIEWS)
def test_known_marks_and_cells_look_as_they_should(
    qtbot: QtBot,
    showing: Callable[[Slide], SlideCanvas],
    painted: Callable[[SlideCanvas], NDArray[np.uint8]],
    marked: ArraySlide,
    cells: MapGrids,
    name: str,
    tmp_path: Path,
) -> None:
    canvas = showing(marked)
    canvas.resize(480, 360)
    canvas.set_grids(cells)
    canvas.set_layers(LayerStack(default_looks(3), saliency="cam"))
    if VIEWS[name]:
        canvas.set_viewport(replace(canvas.viewport, **VIEWS[name]))
    qtbot.waitUntil(lambda: canvas.is_sharp, timeout=5000)
    found = painted(canvas)  # without text, whose shapes differ from machine to machine
    canvas.set_slide(None)

    Image.fromarray(found).save(tmp_path / f"{name}.png")
    expected = np.asarray(Image.open(GOLDEN / f"{name}.png").convert("RGB"))
    assert found.shape == expected.shape
    # Another version of Qt or Pillow may round differently, but moves nothing and recolours nothing.
    differs = np.abs(found.astype(int) - expected).max(axis=2) > 24
    assert differs.mean() < 0.002, f"{differs.mean():.2%} of the pixels differ: look at {tmp_path / name}.png"
