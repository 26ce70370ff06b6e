"""Refits point at the planted number of classes, matching finds partners again, and tables tell splits from merges."""

from __future__ import annotations

import numpy as np

from wsiview.clustering.matching import match, places_like, split_and_merge
from wsiview.clustering.nmf import fit
from wsiview.clustering.rank import RankRow, choose
from wsiview.clustering.stability import dispersion, stability
from wsiview.progress import Progress

PLANTED = 4


def planted() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class vectors, vectors of eight patients who have the classes in different parts, and whose each is."""
    rng = np.random.default_rng(0)
    h = rng.gamma(0.3, 1.0, (PLANTED, 40))
    h /= np.linalg.norm(h, axis=1, keepdims=True)
    groups = np.repeat(np.arange(8), 150)
    parts = rng.gamma(2.0, 1.0, (8, PLANTED))[groups]
    w = parts * rng.gamma(0.5, 1.0, (len(groups), PLANTED)) * (rng.random((len(groups), PLANTED)) < 0.5)
    v = np.maximum(w @ h + 0.05 * rng.normal(size=(len(groups), 40)), 0)
    return h, v.astype(np.float32), groups


def test_refits_on_resampled_patients_point_at_the_planted_number_of_classes() -> None:
    truth, v, groups = planted()
    rows = []
    for k in range(2, 7):
        found = fit(v, k)
        held = stability(v, groups, found.class_vectors, 0, Progress(), refits=6)
        share = found.objective[-1] / float(np.square(v, dtype=float).sum())
        rows.append(RankRow(k, share, held.worst_cosine, held.dispersion, int(held.found_again.min()), held.refits))
        if k == PLANTED:
            assert (match(found.class_vectors, truth).cosine > 0.99).all()
            assert (held.found_again == 6).all()
    best, reason = choose(rows)
    assert best.classes == PLANTED, rows
    assert "every class is found again" in reason
    assert (np.diff([row.residual for row in rows]) < 0).all()
    assert rows[PLANTED - 2].dispersion > max(row.dispersion for row in rows if row.classes > PLANTED)


def test_without_a_number_of_classes_that_holds_the_least_bad_is_taken_and_the_doubt_told() -> None:
    rows = [RankRow(k, 0.1, cosine, 0.5, 1, 10) for k, cosine in ((2, 0.5), (3, 0.8), (4, 0.7))]
    best, reason = choose(rows)
    assert best.classes == 3
    assert "take more slides" in reason


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
