"""Exemplars are the cells they claim to be, apart from one another, and the same in whatever order blocks come."""

from __future__ import annotations

import numpy as np
import pytest

from wsiview.analysis.exemplars import Candidates, Exemplars, candidates, chosen
from wsiview.maps.cell_state import COMPUTED, OUTSIDE

GRAM = np.array([[1.0, 0.3, 0.0], [0.3, 1.0, 0.1], [0.0, 0.1, 1.0]])
BLOCK, APART, COUNT, SCALE = 32, (5, 5), 4, 2.0


@pytest.fixture
def grids() -> dict[str, np.ndarray]:
    """Strengths (3, 64, 96), state and residual of a map of six blocks, some of it outside the tissue."""
    random = np.random.default_rng(7)
    strength = np.maximum(random.normal(0.3, 0.4, (3, 64, 96)), 0)
    state = np.full((64, 96), COMPUTED, np.uint8)
    state[:10] = OUTSIDE
    strength[:, state == OUTSIDE] = 0
    return {"strength": strength, "state": state, "residual": random.uniform(0, 0.8, (64, 96))}


def blocks(grids: dict[str, np.ndarray], index: int = 1, seed: int = 0) -> list[Candidates]:
    found = []
    for top in range(0, 64, BLOCK):
        for left in range(0, 96, BLOCK):
            part = np.s_[..., top : top + BLOCK, left : left + BLOCK]
            found.append(
                candidates(
                    grids["strength"][part], grids["state"][part], grids["residual"][part], index=index,
                    corner=(top, left), scale=SCALE, gram=GRAM, apart=APART, count=COUNT, seed=seed,
                )
            )
    return found


def exemplars(grids: dict[str, np.ndarray], **changes: int) -> Exemplars:
    return chosen(blocks(grids, **changes), APART, COUNT)


def shares(grids: dict[str, np.ndarray], index: int = 1) -> np.ndarray:
    """W²/q of every cell, straight from the definition."""
    w = SCALE * grids["strength"]
    q = np.einsum("khw,kl,lhw->hw", w, GRAM, w) / (1 - grids["residual"])
    return np.where(q > 0, w[index] ** 2 / np.where(q > 0, q, 1), 0)


def test_the_strongest_are_those_whose_features_the_class_accounts_for(grids: dict[str, np.ndarray]) -> None:
    share = shares(grids)
    best = np.where(grids["strength"][1] >= 0.1, share, -1)
    for one in exemplars(grids).strongest:
        assert best[one.row, one.col] == pytest.approx(best.max())
        assert one.share == pytest.approx(share[one.row, one.col])
        assert one.strength == grids["strength"][1, one.row, one.col]
        near = np.s_[max(0, one.row - 4) : one.row + 5, max(0, one.col - 4) : one.col + 5]
        best[near] = -1


def test_the_borderline_ones_win_by_least(grids: dict[str, np.ndarray]) -> None:
    first, second = np.sort(grids["strength"], axis=0)[::-1][:2]
    wins = (grids["strength"].argmax(axis=0) == 1) & (first >= 0.1) & (second > 0)
    margin = np.where(wins, (first - second) / np.where(first > 0, first, 1), 2.0)
    found = exemplars(grids).borderline
    assert len(found) == COUNT
    assert found[0].margin == pytest.approx(margin.min())
    assert [one.margin for one in found] == sorted(one.margin for one in found)
    for one in found:
        assert margin[one.row, one.col] == pytest.approx(one.margin)
        assert one.second == int(np.argsort(grids["strength"][:, one.row, one.col])[-2])


def test_the_random_ones_are_cells_of_the_class_and_follow_the_seed(grids: dict[str, np.ndarray]) -> None:
    wins = grids["strength"].argmax(axis=0) == 1
    found = exemplars(grids).random
    assert len(found) == COUNT
    assert all(wins[one.row, one.col] and grids["state"][one.row, one.col] == COMPUTED for one in found)
    assert found == exemplars(grids).random
    assert found != exemplars(grids, seed=1).random


def test_every_cell_of_the_class_is_as_likely_to_be_drawn(grids: dict[str, np.ndarray]) -> None:
    halves = [sum(one.col < 48 for one in exemplars(grids, seed=seed).random) for seed in range(60)]
    wins = (grids["strength"].argmax(axis=0) == 1) & (grids["state"] == COMPUTED)
    assert np.mean(halves) / COUNT == pytest.approx(wins[:, :48].sum() / wins.sum(), abs=0.12)


def test_exemplars_lie_apart(grids: dict[str, np.ndarray]) -> None:
    found = exemplars(grids)
    for kind in (found.strongest, found.borderline):
        for first in kind:
            for second in kind:
                assert first is second or abs(first.row - second.row) >= 5 or abs(first.col - second.col) >= 5


def test_the_order_of_blocks_changes_nothing(grids: dict[str, np.ndarray]) -> None:
    found = blocks(grids)
    assert chosen(found, APART, COUNT) == chosen(found[::-1], APART, COUNT)


def test_ties_go_to_the_upper_left(grids: dict[str, np.ndarray]) -> None:
    even = {**grids, "strength": np.ones((3, 64, 96)), "residual": np.full((64, 96), 0.25)}
    even["strength"][0] = even["strength"][2] = 0.5
    places = [(one.row, one.col) for one in exemplars(even).strongest]
    assert places == [(10, 0), (10, 5), (10, 10), (10, 15)]


def test_weak_cells_come_only_where_there_is_nothing_stronger(grids: dict[str, np.ndarray]) -> None:
    faint = {**grids, "strength": np.zeros((3, 64, 96)), "residual": np.zeros((64, 96))}
    faint["strength"][1, 20, 20] = 0.05  # by itself: it accounts for all
    assert [(one.row, one.col) for one in exemplars(faint).strongest] == [(20, 20)]
    faint["strength"][:, 40, 40] = 0.4, 0.5, 0.4
    assert [(one.row, one.col) for one in exemplars(faint).strongest] == [(40, 40), (20, 20)]


def test_a_class_without_weight_has_none(grids: dict[str, np.ndarray]) -> None:
    grids["strength"][1] = 0
    assert exemplars(grids) == Exemplars()
