"""Captions stand in the middle of the foot, beside the scale bar where that needs the room."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from wsiview.gui.canvas.captions import Captions, Part
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.slide import Slide


@pytest.mark.parametrize(("width", "middle"), [(1000, True), (620, False)])
def test_a_long_line_leaves_the_scale_bar_free(
    showing: Callable[[Slide], SlideCanvas],
    array: ArraySlide,
    pixels_of: Callable[[QImage], NDArray[np.uint8]],
    width: int,
    middle: bool,
) -> None:
    canvas = showing(array)
    canvas.resize(width, 400)
    captions = Captions(canvas)
    plate = canvas._hud._scale(canvas.viewport, canvas.mpp, canvas.pixel_ratio)
    ratio = canvas.pixel_ratio
    bare = pixels_of(canvas.grab().toImage())
    captions.say("views", Part("View A: the influence map", False), Part("View B: the strongest class of each cell"))
    changed = np.abs(pixels_of(canvas.grab().toImage()).astype(int) - bare).max(axis=(0, 2))
    columns = np.flatnonzero(changed)
    assert columns[0] > 12 * ratio + plate.width()
    assert (abs(columns[0] + columns[-1] - bare.shape[1]) <= 3) == middle
    canvas.set_slide(None)
