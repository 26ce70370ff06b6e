"""Semi-NMF explains signed vectors as well as planted classes do, and finds those nearly where vectors are nearly pure.

More can't be asked: every cone that holds all vectors explains them equally well, so classes drift outward from the
clusters that they start from.
"""

from __future__ import annotations

import numpy as np
import pytest

from wsiview.clustering.k_means import directions
from wsiview.clustering.matching import match
from wsiview.clustering.nmf import fit
from wsiview.clustering.nnls import class_weights
from wsiview.errors import ClusteringError


def signed(n: int = 3000, k: int = 4, mixed: float = 0.1) -> tuple[np.ndarray, np.ndarray, float]:
    """Planted class vectors, vectors that each have one class and a little of others, and ‖noise‖²."""
    rng = np.random.default_rng(0)
    h = rng.normal(size=(k, 30))
    h /= np.linalg.norm(h, axis=1, keepdims=True)
    w = mixed * rng.gamma(1.0, 1.0, (n, k))
    w[np.arange(n), rng.integers(k, size=n)] += rng.gamma(9.0, 0.2, n)
    noise = 0.05 * rng.normal(size=(n, 30))
    return h, (w @ h + noise).astype(np.float32), float(np.square(noise).sum())


@pytest.mark.parametrize("mixed", [0.02, 1.0])
def test_signed_vectors_are_explained_as_well_as_by_the_planted_classes(mixed: float) -> None:
    truth, v, floor = signed(mixed=mixed)
    found = fit(v, 4, signed=True)
    assert found.objective[-1] < floor
    if mixed < 0.1:
        assert match(truth, found.class_vectors).cosine.min() > 0.9


def test_a_signed_fit_has_equal_bits_on_any_number_of_threads_and_weights_that_are_not_negative() -> None:
    _, v, _ = signed()
    found = fit(v, 4, signed=True)
    assert (found.class_vectors < 0).any()
    assert fit(v, 4, signed=True, threads=2).class_vectors.tobytes() == found.class_vectors.tobytes()
    assert found.parameters["method"] == "semi-nmf"
    assert all(
        later <= earlier * (1 + 1e-7) for earlier, later in zip(found.objective, found.objective[1:], strict=False)
    )
    h = found.class_vectors.astype(float)
    w = class_weights(v.astype(float) @ h.T, h @ h.T)
    assert (w >= 0).all()
    assert found.objective[-1] == pytest.approx(np.square(v - w @ h).sum(), rel=1e-9)


def test_signed_vectors_are_refused_where_they_were_not_asked_for() -> None:
    with pytest.raises(ClusteringError, match="negative"):
        fit(signed(100)[1], 4)


def test_clusters_far_apart_each_get_a_direction() -> None:
    centres = 10 * np.eye(5, 8)
    points = np.repeat(centres, 40, axis=0) + 0.1 * np.random.default_rng(1).normal(size=(200, 8))
    found = directions(points.astype(np.float32), 5, seed=0)
    assert match(np.eye(5, 8), found).cosine.min() > 0.999
    assert np.isfinite(directions(np.ones((20, 8), np.float32), 3, seed=0)).all()
