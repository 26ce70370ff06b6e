"""Refits point at the planted number of classes, matching finds partners again, and tables tell splits from merges."""

from __future__ import annotations

import numpy as np
import pytest

from wsiview.clustering.matching import match, places_like, split_and_merge
from wsiview.clustering.nmf import fit
from wsiview.clustering.rank import RankRow, choose
from wsiview.clustering.stability import dispersion, stability
from wsiview.progress import Progress


def planted(k: int, seed: int, *, mixed: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class vectors, vectors of patients who have the classes in different parts, and whose each is.

    Mixed: most vectors are of several classes, and patients have very different numbers of them.
    """
    rng = np.random.default_rng(seed)
    patients, channels = (12, 64) if mixed else (8, 40)
    h = rng.gamma(0.3, 1.0, (k, channels))
    h /= np.linalg.norm(h, axis=1, keepdims=True)
    sizes = np.full(patients, 150)
    if mixed:
        parts = rng.gamma(1.5, 1.0, patients)
        sizes = np.maximum(20, np.rint(2400 * parts / parts.sum())).astype(int)
    groups = np.repeat(np.arange(patients), sizes)
    there = rng.gamma(2.0, 1.0, (patients, k))[groups] * (rng.random((len(groups), k)) < (0.6 if mixed else 0.5))
    v = (there * rng.gamma(1.0 if mixed else 0.5, 1.0, there.shape)) @ h
    return h, (v * rng.gamma(16, 1 / 16, v.shape)).astype(np.float32), groups


def rows_of(v: np.ndarray, groups: np.ndarray, classes: range) -> list[RankRow]:
    rows = []
    for k in classes:
        found = fit(v, k)
        held = stability(v, groups, found.class_vectors, 0, Progress())
        share = found.objective[-1] / float(np.square(v, dtype=float).sum())
        rows.append(RankRow(k, share, held.worst_cosine, held.dispersion, int(held.found_again.min()), held.refits))
    return rows


@pytest.mark.parametrize(
    ("k", "seed", "mixed"), [(4, 1, False), (4, 2, False), (4, 3, False), (6, 1, True), (9, 1, True)]
)
def test_refits_on_resampled_patients_point_at_the_planted_number_of_classes(k: int, seed: int, mixed: bool) -> None:
    truth, v, groups = planted(k, seed, mixed=mixed)
    rows = rows_of(v, groups, range(k - 1, k + 2))
    best, reason = choose(rows)
    assert best.classes == k, rows
    assert best.found_again >= 9
    assert "every class is found again in at least 9 of 10 fits" in reason
    assert (np.diff([row.residual for row in rows]) < 0).all()
    assert (match(fit(v, k).class_vectors, truth).cosine > 0.98).all()


def row(k: int, found_again: int, dispersion: float = 0.5, refits: int = 10) -> RankRow:
    return RankRow(k, 0.1, 0.95, dispersion, found_again, refits)


def test_what_is_said_of_the_chosen_number_of_classes_is_so() -> None:
    best, reason = choose([row(2, 10), row(3, 9, 0.6), row(4, 7, 0.7)])
    assert best.classes == 3
    assert "at least 9 of 10" in reason
    assert "not tried" not in reason
    best, reason = choose([row(2, 3, refits=3), row(3, 3, refits=3)])
    assert best.classes == 3
    assert "at least 3 of 3" in reason
    assert "larger ones were not tried" in reason


def test_a_class_that_comes_back_but_divides_the_vectors_less_alike_is_one_too_many() -> None:
    assert choose([row(2, 10, 0.8), row(3, 9, 0.7), row(4, 9, 0.75), row(5, 10, 0.74)])[0].classes == 4


def test_without_a_number_of_classes_that_holds_the_least_bad_is_taken_and_the_doubt_told() -> None:
    best, reason = choose([row(2, 5), row(3, 8), row(4, 7)])
    assert best.classes == 3
    assert "in 8 of 10 fits, though not in 9: take more slides" in reason


def test_dispersion_is_one_for_runs_that_agree_whatever_they_call_the_classes() -> None:
    run = np.array([0, 0, 1, 1, 2])
    assert dispersion(np.array([run, 2 - run, (run + 1) % 3])) == 1.0
    assert dispersion(np.array([run, [0, 1, 0, 1, 2]])) < 1.0


def test_classes_alike_to_old_ones_take_their_places_and_the_rest_what_is_left() -> None:
    old = np.eye(4, 10)
    new = np.stack([old[2], np.eye(1, 10, 7)[0], old[0], np.eye(1, 10, 8)[0]])
    order, matching = places_like(new, old)
    assert order.tolist() == [2, 1, 0, 3]
    assert matching.partner.tolist() == [0, -1, 2, -1]
    np.testing.assert_allclose(matching.cosine[[0, 2]], 1.0)
    order, matching = places_like(new[:2], old)  # the old place 2 is beyond two classes
    assert order.tolist() == [0, 1]
    assert matching.partner.tolist() == [2, -1]


def test_a_class_that_was_split_and_classes_that_were_merged_are_told() -> None:
    fine = np.eye(3, 10)
    coarse = np.stack([(fine[0] + fine[1]) / np.sqrt(2), fine[2]])
    np.testing.assert_allclose(split_and_merge(coarse, fine), [[0.5, 0.5, 0], [0, 0, 1]], atol=1e-12)
    np.testing.assert_allclose(split_and_merge(fine, coarse), [[1, 0], [1, 0], [0, 1]], atol=1e-12)
