"""On a real map what is painted most opaquely is what is strongest, at every cell, and no two states look alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from wsiview.gui.map_view import grids_of
from wsiview.maps.cell_state import COMPUTED, NOT_COMPUTED, OUTSIDE, UNREADABLE
from wsiview.maps.cluster_map import ClusterMap
from wsiview.scene.block import Block
from wsiview.scene.compose import compose, flattened, table
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.scene.legend import legend
from wsiview.scene.plane import Appearance
from wsiview.scene.visible_tiles import Window

FAR = Appearance(8.0)
K = 6
CLEAR = LayerStack(tuple(replace(look, threshold=0.0) for look in default_looks(K)))


@pytest.fixture(scope="module")
def found(whole: Callable[[str, str], ClusterMap]) -> ClusterMap:
    return whole("models/pcam-vgg16-quarter", "slides/aperio/CMU-1-Small-Region.svs")


@pytest.fixture(scope="module")
def grids(found: ClusterMap) -> MapGrids:
    made = grids_of(found)
    for row, col in np.ndindex(*found.block_grid):
        view = found.block(row, col)
        made.put(row, col, view.weights, view.state, view.residual, view.saliency)
    return made


def every_cell(grids: MapGrids) -> Window:
    """One pixel for each cell."""
    assert grids.cell_to_level0.tx == grids.cell_to_level0.ty == 0
    rows, cols = grids.shape
    return Window(grids.cell_to_level0.a, 0, 0, cols, rows)


def alone(stack: LayerStack, index: int) -> LayerStack:
    return replace(stack, strongest=False, strength=(index,))


def test_at_every_cell_the_most_opaque_class_is_the_strongest_one(found: ClusterMap, grids: MapGrids) -> None:
    window = every_cell(grids)
    alphas = np.zeros((K, *grids.shape), int)
    for index in range(K):
        stack = alone(CLEAR, index)
        for plane in compose(grids, stack, window, FAR):
            if plane.role == "strength":
                alphas[index] = table(plane, stack, FAR)[plane.codes][..., 3]
    winner, computed = found.argmax().astype(int), found.state() == COMPUTED
    assert computed.sum() > 3000
    assert (winner[computed] > 0).all()
    assert not alphas[:, ~computed].any()
    own = np.take_along_axis(alphas, np.maximum(winner - 1, 0)[None], axis=0)[0]
    assert (own >= alphas.max(axis=0))[computed].all(), "none is painted more opaquely than the strongest"
    single = (alphas == alphas.max(axis=0)).sum(axis=0) == 1
    assert (alphas.argmax(axis=0) + 1 == winner)[computed & single].all()
    assert (computed & single).sum() > 0.8 * computed.sum(), "only neighbours in strength share a step of opacity"


def test_with_all_classes_at_once_the_strongest_one_lies_on_top_at_every_cell(
    found: ClusterMap, grids: MapGrids
) -> None:
    stack, window = replace(CLEAR, strongest=False, strength=tuple(range(K))), every_cell(grids)
    shares = []
    for index in range(K):
        # What a class adds is what changes when its colour goes from black to white.
        pictures = []
        for color in ((0, 0, 0), (255, 255, 255)):
            classes = tuple(replace(c, color=color if k == index else (0, 0, 0)) for k, c in enumerate(stack.classes))
            painted = replace(stack, classes=classes)
            pictures.append(flattened(compose(grids, painted, window, FAR), painted, FAR, grids.shape)[..., 0])
        shares.append(pictures[1].astype(int) - pictures[0])
    winner = found.argmax().astype(int) - 1
    strong = (found.state() == COMPUTED) & (np.max(shares, axis=0) >= 3)  # weaker ones round to the same grey
    top = np.take_along_axis(np.array(shares), np.maximum(winner, 0)[None], axis=0)[0]
    assert strong.mean() > 0.3
    assert (top == np.max(shares, axis=0))[strong].all()


@pytest.fixture(scope="module")
def five_states(grids: MapGrids) -> tuple[MapGrids, dict[str, tuple[int, int]]]:
    """The map with a few cells made unreadable and not computed, and one cell of each state and strength of A."""
    made = MapGrids(grids.shape, grids.cell_to_level0, K, strength_scale=grids.strength_scale)
    for row, col in grids.blocks:
        made._blocks[row, col] = grids.block_at(row, col)
    block = grids.block_at(0, 0)
    assert isinstance(block, Block)
    state, strength = block.state.copy(), block.strength[0].astype(float)
    computed = np.argwhere((state == COMPUTED) & (strength >= 0.2))
    unreadable, waiting = (tuple(place) for place in computed[:2].tolist())
    state[unreadable], state[waiting] = UNREADABLE, NOT_COMPUTED
    emptied = np.where(np.isin(state, (UNREADABLE, NOT_COMPUTED)), 0, block.strength).astype(np.float16)
    strongest = np.where(emptied.max(axis=0) > 0, block.strongest, 0).astype(np.uint8)
    made._blocks[0, 0] = replace(block, state=state, strength=emptied, strongest=strongest)
    seen = state == COMPUTED
    places = {
        "strong": seen & (strength > 0.25), "weak": seen & (strength > 0.02) & (strength < 0.08),
        "none": seen & (strength == 0), "outside": state == OUTSIDE, "unreadable": state == UNREADABLE,
        "waiting": state == NOT_COMPUTED,
    }  # fmt: skip
    return made, {name: tuple(np.argwhere(where)[0].tolist()) for name, where in places.items()}


def cell(grids: MapGrids, stack: LayerStack, place: tuple[int, int]) -> NDArray[np.uint8]:
    """One cell as it is painted at 24 px."""
    region = grids.cell_region(*place)
    step = region.width / 24
    window = Window(step, round(region.x / step), round(region.y / step), 24, 24)
    return flattened(compose(grids, stack, window, FAR), stack, FAR, (24, 24))


@pytest.mark.parametrize("look", ["strongest", "strength", "two strengths", "difference", "influence", "paper"])
def test_no_two_states_of_a_cell_look_alike_and_the_legend_names_them(
    five_states: tuple[MapGrids, dict[str, tuple[int, int]]], look: str
) -> None:
    grids, places = five_states
    base = LayerStack(default_looks(K))
    name = grids.saliency_names[0]
    stack = {
        "strongest": base,
        "strength": alone(base, 0),
        "two strengths": replace(base, strongest=False, strength=(0, 5)),
        "difference": replace(base, strongest=False, difference=(0, name)),
        "influence": replace(base, strongest=False, saliency=name),
        "paper": replace(base, look="paper"),
    }[look]
    pictures = {state: cell(grids, stack, place) for state, place in places.items()}
    marked = {state: pictures[state] for state in ("outside", "unreadable", "waiting")}
    assert all(picture.any() for picture in marked.values())
    for state, picture in marked.items():
        assert [other for other, one in pictures.items() if np.array_equal(one, picture)] == [state]
    if look == "strength":
        assert not pictures["none"].any()
        assert pictures["weak"].any()
        assert (pictures["weak"][..., 3] > 0).mean() < 0.1 < (pictures["strong"][..., 3] > 0).mean()
    shown = legend(stack)
    assert shown is not None
    kinds = {kind for kind, _ in shown.marks}
    assert {"outside", "waiting", "unreadable"} <= kinds
    assert ("none" in kinds) == (look != "influence")
    assert ("weak" in kinds) == (look in ("strength", "two strengths", "difference"))


def test_no_class_at_all_is_bare_and_unlike_all_else(grids: MapGrids) -> None:
    bare = MapGrids((4, 4), grids.cell_to_level0, K)
    bare.put(0, 0, np.zeros((K, 4, 4), np.float32), np.full((4, 4), COMPUTED, np.uint8))
    for stack in (LayerStack(default_looks(K)), LayerStack(default_looks(K), look="paper"), alone(CLEAR, 0)):
        assert not cell(bare, stack, (1, 1)).any()
