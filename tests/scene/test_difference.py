"""Difference: a class against the influence map, amber where the class is stronger and blue where the influence is."""

from dataclasses import replace

import numpy as np
import pytest

from wsiview.geometry import Affine
from wsiview.scene.compose import compose, drawing_key, flattened
from wsiview.scene.difference import difference
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.scene.palette import CLASS_STRONGER, INFLUENCE_STRONGER, luminance
from wsiview.scene.plane import Appearance
from wsiview.scene.strength import FULL_ALPHA, SPECK_ALPHA
from wsiview.scene.visible_tiles import Window

STACK = LayerStack(default_looks(2), strongest=False, difference=(0, "cam"))
FAR = Appearance(8.0)
CELLS = Window(0.05, 0, 0, 20 * 8, 20 * 4)


@pytest.fixture
def grids() -> MapGrids:
    """8 × 4 cells of 1 px: strengths of A 0, 0.5, 1 and 2 across; influence 0, 0.5 and 1 of its scale, and negative."""
    made = MapGrids((4, 8), Affine.scaling(1, 1), 2, saliency_scales={"cam": 4.0})
    weights = np.zeros((2, 4, 8), np.float32)
    weights[0] = np.array([0, 0, 0.5, 0.5, 1, 1, 2, 0.05], np.float32)
    influence = np.array([0, 2, 4, -4], np.float32)[:, None].repeat(8, axis=1)
    state = np.full((4, 8), 2, np.uint8)
    state[0, 1], state[1, 1], state[2, 1] = 0, 1, 3
    made.put(0, 0, weights, state, None, {"cam": influence})
    return made


def seen(grids: MapGrids, row: int, col: int, stack: LayerStack = STACK) -> np.ndarray:
    """Pixels (20, 20, 4) of one cell."""
    whole = flattened(compose(grids, stack, CELLS, FAR), stack, FAR, (80, 160))
    return whole[row * 20 : row * 20 + 20, col * 20 : col * 20 + 20]


def test_the_difference_is_of_strength_and_the_positive_part_each_cut_at_its_scale() -> None:
    strength, influence = np.array([0, 0.5, 1, 2, 0.3]), np.array([2, 2, -4, 9, 0.0])
    assert difference(strength, influence, 4.0).tolist() == pytest.approx([-0.5, 0, 1, 0, 0.3])
    assert difference(strength, influence, 0.0).tolist() == pytest.approx([0, 0.5, 1, 1, 0.3])


@pytest.mark.parametrize(
    ("row", "col", "expected"),
    [(0, 4, 1.0), (0, 2, 0.5), (3, 4, 1.0), (2, 0, -1.0), (1, 0, -0.5), (1, 4, 0.5), (2, 2, -0.5)],
)
def test_opacity_is_the_size_and_colour_the_way_of_the_difference(
    grids: MapGrids, row: int, col: int, expected: float
) -> None:
    pixels = seen(grids, row, col)
    color = CLASS_STRONGER if expected > 0 else INFLUENCE_STRONGER
    alpha = FULL_ALPHA * abs(expected)
    assert np.abs(pixels[..., 3] - 255 * alpha).max() <= 2
    assert np.abs(pixels[..., :3] - np.array(color) * alpha).max() <= 3


def test_nothing_weak_and_every_state_look_different(grids: MapGrids) -> None:
    equal, weak = seen(grids, 1, 2), seen(grids, 0, 7)
    waiting, outside, unreadable = (seen(grids, row, 1) for row in range(3))
    assert not equal.any()
    assert set(np.unique(weak[..., 3])) == {0, round(255 * SPECK_ALPHA)}
    pictures = [equal, weak, waiting, outside, unreadable, seen(grids, 0, 4), seen(grids, 2, 0)]
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def test_outlines_of_the_strongest_class_lie_over_a_difference_without_their_fill(grids: MapGrids) -> None:
    both = replace(STACK, strongest=True)
    planes = {plane.role: plane for plane in compose(grids, both, CELLS, FAR)}
    assert {"difference", "strongest", "marks"} <= set(planes)
    alone = seen(grids, 0, 4)
    assert np.array_equal(seen(grids, 0, 4, both)[8:12, 8:12], alone[8:12, 8:12])


def test_another_class_or_none_is_drawn_anew_and_a_colour_is_not(grids: MapGrids) -> None:
    assert drawing_key(STACK) != drawing_key(replace(STACK, difference=(1, "cam")))
    assert drawing_key(STACK) != drawing_key(replace(STACK, difference=None))
    recolored = STACK.with_class(0, replace(STACK.classes[0], color=(1, 2, 3)))
    assert drawing_key(STACK) == drawing_key(recolored)
    assert replace(STACK, look="paper").difference_shown is None
    assert replace(STACK, difference=(7, "cam")).difference_shown is None


def test_the_two_ends_are_told_apart_by_brightness_alone() -> None:
    light, dark = luminance(CLASS_STRONGER), luminance(INFLUENCE_STRONGER)
    assert (light + 0.05) / (dark + 0.05) > 3
