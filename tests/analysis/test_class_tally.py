"""Cells are counted by class and by what lies beneath them, and judged against the fit's own."""

from __future__ import annotations

import numpy as np
import pytest

from wsiview.analysis.class_tally import GLASS, INK, TISSUE, ClassTally, feature_square, tally
from wsiview.clustering.normality import Normality
from wsiview.maps.cell_state import COMPUTED, OUTSIDE

GRAM = np.array([[1.0, 0.2], [0.2, 1.0]])
NORMAL = Normality(np.array([0.0, 0.1]), np.diag([0.25, 0.01]), 9.2)


def block() -> dict[str, np.ndarray]:
    """Two rows of cells: A strong, B strong, A over glass, B over pen; no class, and one not computed."""
    weights = np.array([[[1.0, 0.1, 2.0], [0.0, 0.0, 5.0]], [[0.5, 1.0, 0.0], [3.0, 0.0, 5.0]]])
    return {
        "weights": weights,
        "state": np.array([[COMPUTED] * 3, [COMPUTED, COMPUTED, OUTSIDE]], np.uint8),
        "strongest": np.array([[1, 2, 1], [2, 0, 0]], np.uint8),
        "residual": np.array([[0.1, 0.1, 0.1], [0.1, 0.0, 0.0]]),
        "ground": np.array([[TISSUE, TISSUE, GLASS], [INK, TISSUE, TISSUE]], np.uint8),
    }


def counted(normality: Normality | None = None, **changes: object) -> ClassTally:
    return tally(**{**block(), **changes}, gram=GRAM, normality=normality)


def test_classes_are_counted_by_ground() -> None:
    one = counted()
    assert one.cells.tolist() == [3, 1, 1]
    assert one.strongest.tolist() == [[1, 1, 0], [1, 0, 1]]
    assert one.weight.tolist() == [[1.1, 2.0, 0.0], [1.5, 0.0, 3.0]]
    assert one.judged == one.unlike == 0


def test_where_the_ground_is_unknown_all_is_tissue() -> None:
    assert counted(ground=None).cells.tolist() == [5, 0, 0]


def test_blocks_add_up_in_any_order() -> None:
    whole, upper, lower = counted(NORMAL), *(
        tally(
            **{name: grid[..., rows, :] for name, grid in block().items()}, gram=GRAM, normality=NORMAL
        ) for rows in (slice(0, 1), slice(1, 2))
    )  # fmt: skip
    for both in (upper + lower, lower + upper + ClassTally.empty(2)):
        assert both.strongest.tolist() == whole.strongest.tolist()
        assert both.weight == pytest.approx(whole.weight)
        assert (both.judged, both.unlike) == (whole.judged, whole.unlike)


def test_the_length_of_a_feature_vector_follows_from_weights_and_residual() -> None:
    random = np.random.default_rng(0)
    weights, residual = random.random((2, 50)), random.uniform(0, 0.9, 50)
    q, lost = feature_square(weights, residual, GRAM)
    explained = np.array([w @ GRAM @ w for w in weights.T])
    assert q == pytest.approx(explained / (1 - residual))
    assert not lost.any()


def test_a_vector_that_no_class_explains_is_unlike_and_one_of_noughts_is_not_judged() -> None:
    nothing = np.zeros((2, 2, 3))
    lost = counted(NORMAL, weights=nothing, residual=np.ones((2, 3)))
    assert (lost.judged, lost.unlike) == (5, 5)
    nought = counted(NORMAL, weights=nothing, residual=np.zeros((2, 3)))
    assert (nought.judged, nought.unlike) == (0, 0)


@pytest.mark.parametrize(("strength", "residual", "unlike"), [(1, 0.1, 0), (100, 0.1, 1), (0.01, 0.1, 1), (1, 0.8, 1)])
def test_too_strong_too_weak_and_too_strange_cells_are_unlike(strength: float, residual: float, unlike: int) -> None:
    one = np.ones((1, 1))
    found = tally(
        strength * np.sqrt(1 - residual) * np.array([one, 0 * one]), np.full((1, 1), COMPUTED, np.uint8),
        np.ones((1, 1), np.uint8), residual * one, None, GRAM, NORMAL,
    )  # fmt: skip
    assert (found.judged, found.unlike) == (1, unlike)
