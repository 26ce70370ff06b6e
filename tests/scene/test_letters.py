"""Letters stand where a region has room for them, and stay there."""

from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from math import dist

import numpy as np
import pytest
from numpy.typing import NDArray

from wsiview.geometry import Affine, Point, Size
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.scene.letters import LEAST_ROOM, MOST, Letter, Square, fitting, in_view, letters_in, squares_in
from wsiview.scene.viewport import Viewport

STACK = LayerStack(default_looks(3))
CELL = 10


def mapped(labels: NDArray[np.integer]) -> MapGrids:
    """A map whose strongest class at each cell of 10 px is the label, from 1; 0 for none."""
    rows, cols = labels.shape
    grids = MapGrids((rows, cols), Affine.scaling(CELL, CELL, 500, 300), 3)
    weights = np.stack([labels == k for k in (1, 2, 3)]).astype(np.float32)
    for row in range(-(-rows // 64)):
        for col in range(-(-cols // 64)):
            part = np.s_[row * 64 : row * 64 + 64, col * 64 : col * 64 + 64]
            grids.put(row, col, weights[(slice(None), *part)], np.full(labels[part].shape, 2, np.uint8))
    return grids


@lru_cache(maxsize=64)
def _known(grids: MapGrids, square: Square) -> tuple[Letter, ...]:
    return letters_in(grids, square)


def shown(grids: MapGrids, view: Viewport, stack: LayerStack = STACK, ratio: float = 1.0) -> tuple[Letter, ...]:
    found = {square: _known(grids, square) for square in squares_in(view, ratio, grids.region)}
    return tuple(one for one, _, _ in in_view(fitting(found, stack, view, ratio), view))


def place(row: float, col: float) -> Point:
    """The middle of a cell."""
    return Point(500 + (col + 0.5) * CELL, 300 + (row + 0.5) * CELL)


def sees(view: Viewport, letter: Letter) -> bool:
    x, y = view.to_device.apply(letter.place.x, letter.place.y)
    return 0 <= x < view.size.width and 0 <= y < view.size.height


def near(letter: Letter, there: Point, most: float) -> bool:
    return dist((letter.place.x, letter.place.y), (there.x, there.y)) <= most


@pytest.fixture
def regions() -> MapGrids:
    """On 200 × 200 cells: a disc of A, a ring of B, a thin bar of C."""
    rows, cols = np.mgrid[:200, :200]
    labels = np.zeros((200, 200), np.int64)
    labels[(rows - 50) ** 2 + (cols - 60) ** 2 <= 20**2] = 1
    far = (rows - 130) ** 2 + (cols - 130) ** 2
    labels[(far <= 40**2) & (far >= 20**2)] = 2
    labels[190:193, 20:180] = 3
    return mapped(labels)


@pytest.fixture(scope="module")
def patches() -> MapGrids:
    """Patches of 12 × 12 cells in random classes, with some noise."""
    random = np.random.default_rng(4)
    labels = np.kron(random.integers(0, 4, (24, 30)), np.ones((12, 12), np.int64))
    noise = random.integers(0, 4, labels.shape)
    return mapped(np.where(random.random(labels.shape) < 0.04, noise, labels))


def test_a_letter_stands_farthest_from_its_regions_edge(regions: MapGrids) -> None:
    view = Viewport(place(100, 100), 2.5, Size(1000, 1000))
    letters = shown(regions, view)
    discs = [one for one in letters if one.class_index == 0]
    assert len(discs) == 1
    assert near(discs[0], place(50, 60), 2 * CELL)
    assert discs[0].room == pytest.approx(20 * CELL, abs=2 * CELL)
    rings = [one for one in letters if one.class_index == 1]
    assert rings
    for one in rings:
        away = dist((one.place.x, one.place.y), (place(130, 130).x, place(130, 130).y)) / CELL
        assert 27 <= away <= 33, "in the ring's middle, not in its hole"
    assert not [one for one in letters if one.class_index == 2], "the bar is too thin at this scale"


def test_a_letter_comes_where_it_fits_and_goes_where_it_does_not(regions: MapGrids) -> None:
    for downsample, fits in ((0.55, True), (1.5, False)):
        letters = shown(regions, Viewport(place(191, 100), downsample, Size(3000, 1000)))
        assert bool([one for one in letters if one.class_index == 2]) is fits
        assert all(one.room / downsample >= LEAST_ROOM for one in letters)
    assert not shown(regions, Viewport(place(100, 100), 20.0, Size(1000, 1000)))


def test_letters_stay_where_they_are_while_one_pans_turns_or_has_a_finer_screen(patches: MapGrids) -> None:
    here = Viewport(place(140, 170), 1.3, Size(1400, 900))
    before = shown(patches, here)
    assert len(before) >= 10
    for view, ratio in ((here.panned(211, -97), 1.0), (here.turned(30), 1.0), (here.magnified(2), 2.0)):
        after = shown(patches, view, ratio=ratio)
        assert {one for one in before if sees(view, one)} == {one for one in after if sees(here, one)}


def test_a_region_across_many_squares_has_letters_well_apart_and_one_that_fits_in_one_place_has_one() -> None:
    whole = mapped(np.ones((400, 600), np.int64))
    letters = shown(whole, Viewport(place(200, 300), 2.0, Size(3840, 2160)))
    assert 4 <= len(letters) <= MOST
    for one, other in combinations(letters, 2):
        assert dist((one.place.x, one.place.y), (other.place.x, other.place.y)) >= 2 * 240
    rows, cols = np.mgrid[:300, :300]
    for corner in ((52, 154), (72, 154), (52, 100)):  # on the corner of four squares, on an edge, inside
        disc = mapped(((rows - corner[0]) ** 2 + (cols - corner[1]) ** 2 <= 144).astype(np.int64))
        assert len(shown(disc, Viewport(place(*corner), 1.9, Size(1600, 1200)))) == 1


def test_classes_switched_off_have_no_letters(regions: MapGrids) -> None:
    view = Viewport(place(100, 100), 2.0, Size(1200, 1000))
    hidden = STACK.with_class(0, replace(STACK.classes[0], visible=False))
    assert {one.class_index for one in shown(regions, view)} == {0, 1}
    assert {one.class_index for one in shown(regions, view, hidden)} == {1}
    assert not replace(STACK, hidden=True).shows_letters
    assert not replace(STACK, strongest=False, strength=(0,)).shows_letters


@pytest.mark.parametrize("downsample", [0.4, 1.0, 3.0, 5.1])
def test_under_every_letter_is_a_cell_of_its_class_and_no_two_overlap(patches: MapGrids, downsample: float) -> None:
    view = Viewport(place(144, 180), downsample, Size(1900, 1000))
    letters = shown(patches, view)
    for one in letters:
        at = patches.cell_at(one.place)
        assert at is not None
        assert patches.values_at(*at).strongest == one.class_index
    for one, other in combinations(letters, 2):
        assert dist((one.place.x, one.place.y), (other.place.x, other.place.y)) / downsample >= LEAST_ROOM
    assert len(letters) <= MOST
    assert letters or downsample > 3
