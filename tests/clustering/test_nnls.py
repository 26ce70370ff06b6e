import numpy as np
import pytest
import scipy.optimize
from threadpoolctl import threadpool_limits

from wsiview.clustering import class_weights, kkt_violation
from wsiview.clustering import nnls as room
from wsiview.errors import ClusteringError


def problem(k: int, n: int, channels: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    h = np.maximum(rng.normal(size=(k, channels)) + 0.2, 0)
    h /= np.linalg.norm(h, axis=1, keepdims=True)
    return h, np.maximum(rng.normal(size=(n, channels)), 0)


@pytest.mark.parametrize("k", [2, 3, 6, 11, 16])
def test_weights_agree_with_scipy_location_by_location(k: int) -> None:
    h, v = problem(k, 400, seed=k)
    found = class_weights(v @ h.T, h @ h.T)
    expected = np.array([scipy.optimize.nnls(h.T, one)[0] for one in v])
    assert np.array_equal(found > 0, expected > 0)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_location_has_equal_bits_whatever_stands_around_it() -> None:
    h, v = problem(7, 40_000)
    b, g = v @ h.T, h @ h.T
    whole = class_weights(b, g)
    order = np.random.default_rng(1).permutation(len(b))
    assert class_weights(b[order], g).tobytes() == whole[order].tobytes()
    assert np.concatenate([class_weights(part, g) for part in np.array_split(b, 37)]).tobytes() == whole.tobytes()
    assert np.concatenate([class_weights(b[i : i + 1], g) for i in range(50)]).tobytes() == whole[:50].tobytes()
    assert class_weights(np.asfortranarray(b), g).tobytes() == whole.tobytes()
    with threadpool_limits(2):
        assert class_weights(b, g).tobytes() == whole.tobytes()


def test_a_dead_class_gets_no_weight_and_changes_no_other() -> None:
    h, v = problem(5, 300)
    with_dead = np.insert(h, 2, 0.0, axis=0)
    found = class_weights(v @ with_dead.T, with_dead @ with_dead.T)
    assert (found[:, 2] == 0).all()
    np.testing.assert_allclose(np.delete(found, 2, axis=1), class_weights(v @ h.T, h @ h.T), atol=1e-13)


@pytest.mark.parametrize("apart", [0.0, 1e-9, 1e-7, 1e-5])
@pytest.mark.parametrize("noise", [0.0, 1e-7])
def test_nearly_equal_classes_still_give_optimal_finite_weights(apart: float, noise: float) -> None:
    rng = np.random.default_rng(3)
    h, v = problem(8, 3000)
    h[5], h[6], h[7] = h[0] + apart * rng.random(40), (h[1] + h[2]) / 2, h[1]
    b = v @ h.T
    b += noise * b.max() * rng.normal(size=b.shape)
    found = class_weights(b, h @ h.T)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert kkt_violation(b, h @ h.T, found).max() < 1e-6


def test_equal_classes_and_contradicting_projections_come_to_an_end() -> None:
    b = np.random.default_rng(0).normal(size=(500, 10))
    found = class_weights(b, np.ones((10, 10)))
    assert kkt_violation(b, np.ones((10, 10)), found).max() < 1e-6
    np.testing.assert_allclose(found.sum(axis=1), np.maximum(b.max(axis=1), 0))


def test_classes_that_are_mostly_sums_of_a_few_get_finite_and_optimal_weights() -> None:
    for seed in (5, 22, 45, 56):
        rng = np.random.default_rng(seed)
        h, v = rng.random((16, 4)) @ rng.random((4, 64)), rng.random((200, 64))
        weights = class_weights(v @ h.T, h @ h.T)
        assert np.isfinite(weights).all()
        assert kkt_violation(v @ h.T, h @ h.T, weights).max() < 1e-9


def test_the_way_out_of_stalled_exchanges_finds_the_same_weights() -> None:
    h, v = problem(9, 2000)
    b, g = v @ h.T, h @ h.T
    lines = np.ascontiguousarray(b.T)
    slow, masks = room._descend(lines, g, room._slack(lines), 0x1FF)
    fast, fast_masks = room.passive_weights(b, g)
    assert np.array_equal(masks, fast_masks)
    np.testing.assert_allclose(slow.T, fast, atol=1e-12)


def test_beginning_from_known_passive_sets_changes_no_bit() -> None:
    h, v = problem(6, 5000)
    b, g = v @ h.T, h @ h.T
    cold, masks = room.passive_weights(b, g)
    warm, again = room.passive_weights(b, g, np.roll(masks, 1))
    assert warm.tobytes() == cold.tobytes()
    assert np.array_equal(again, masks)


def test_classes_of_very_different_size_are_solved_as_exactly() -> None:
    h, v = problem(6, 500)
    h *= np.array([1e-8, 1e-4, 1, 1e3, 1e6, 1e9])[:, None]
    b, g = v @ h.T, h @ h.T
    expected = np.array([scipy.optimize.nnls((h / np.linalg.norm(h, axis=1)[:, None]).T, one)[0] for one in v])
    np.testing.assert_allclose(class_weights(b, g) * np.linalg.norm(h, axis=1), expected, atol=1e-10)


def test_a_location_without_features_belongs_to_no_class() -> None:
    h, _ = problem(6, 1)
    found = class_weights(np.zeros((3, 6)), h @ h.T)
    assert found.tobytes() == np.zeros((3, 6)).tobytes()
    assert class_weights(np.zeros((0, 6)), h @ h.T).shape == (0, 6)


def test_kkt_violation_tells_wrong_weights_from_right_ones() -> None:
    h, v = problem(4, 100)
    b, g = v @ h.T, h @ h.T
    right = class_weights(b, g)
    assert kkt_violation(b, g, right).max() < 1e-12
    assert kkt_violation(b, g, right + 0.01).min() > 1e-3
    assert kkt_violation(b, g, np.zeros_like(right)).max() == pytest.approx(1.0)


def test_values_that_are_not_finite_are_refused() -> None:
    h, v = problem(4, 10)
    b = v @ h.T
    b[3, 1] = np.nan
    with pytest.raises(ClusteringError, match="not finite"):
        class_weights(b, h @ h.T)


def test_shapes_that_do_not_fit_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="must be"):
        class_weights(np.zeros((5, 3)), np.zeros((4, 4)))
