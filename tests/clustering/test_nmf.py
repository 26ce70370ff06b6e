import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from wsiview.clustering import nmf
from wsiview.clustering.nmf import fit
from wsiview.clustering.nnls import class_weights
from wsiview.clustering.passes import unit, update
from wsiview.clustering.sums import chunk_sums, total
from wsiview.errors import ClusteringError, UsageError
from wsiview.progress import Cancelled, Progress, Step


def planted(n: int = 6000, channels: int = 60, k: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    h = rng.gamma(0.3, 1.0, (k, channels))
    w = rng.gamma(0.5, 1.0, (n, k)) * (rng.random((n, k)) < 0.4) * np.arange(k, 0, -1)
    v = np.maximum(w @ h + 0.05 * rng.normal(size=(n, channels)), 0)
    return h / np.linalg.norm(h, axis=1, keepdims=True), v.astype(np.float32)


def test_planted_classes_are_found_again_in_order_of_their_share() -> None:
    truth, v = planted()
    found = fit(v, 5)
    cosine = found.class_vectors @ truth.T
    assert (cosine.max(axis=0) > 0.99).all()
    assert sorted(cosine.argmax(axis=0)) == [0, 1, 2, 3, 4]
    assert (np.diff(found.share) <= 0).all()
    assert found.share.sum() == pytest.approx(1.0)


def test_rows_are_unit_non_negative_float32_and_contiguous() -> None:
    _, v = planted()
    found = fit(v, 5)
    assert found.class_vectors.dtype == np.float32
    assert found.class_vectors.flags.c_contiguous
    assert (found.class_vectors >= 0).all()
    np.testing.assert_allclose(np.linalg.norm(found.class_vectors.astype(float), axis=1), 1.0, atol=1e-6)
    assert not found.dead.any()


def test_the_same_vectors_and_seed_give_the_same_bytes_on_any_number_of_threads() -> None:
    _, v = planted()
    first = fit(v, 5, seed=3, sample=2000)
    with threadpool_limits(2):
        second = fit(v.copy(), 5, seed=3, sample=2000)
    assert first.class_vectors.tobytes() == second.class_vectors.tobytes()
    assert first.quantiles.tobytes() == second.quantiles.tobytes()
    assert first.objective == second.objective
    assert first.parameters["sample"] == 2000


def test_the_objective_never_rises_and_is_what_the_stored_class_vectors_give() -> None:
    _, v = planted()
    found = fit(v, 4, sample=1000)
    assert all(
        later <= earlier * (1 + 1e-7) for earlier, later in zip(found.objective, found.objective[1:], strict=False)
    )
    h = found.class_vectors.astype(float)
    w = class_weights(v.astype(float) @ h.T, h @ h.T)
    assert found.objective[-1] == pytest.approx(np.square(v - w @ h).sum(), rel=1e-9)


def test_the_objective_is_as_low_as_scikit_learns() -> None:
    sklearn = pytest.importorskip("sklearn.decomposition")
    _, v = planted()
    for k in (3, 5, 8):
        other = sklearn.NMF(k, init="nndsvda", random_state=0, max_iter=300, tol=1e-4).fit(v)
        assert fit(v, k).objective[-1] <= other.reconstruction_err_**2 * (1 + 1e-4)


def test_percentiles_are_those_of_the_exact_weights_and_of_the_largest() -> None:
    _, v = planted()
    found = fit(v, 5)
    h = found.class_vectors.astype(float)
    w = class_weights(v.astype(float) @ h.T, h @ h.T)
    expected = np.quantile(np.column_stack([w, w.max(axis=1)]), nmf.QUANTILES, axis=0).T
    assert found.quantiles.shape == (6, 4)
    np.testing.assert_allclose(found.quantiles, expected, rtol=1e-5, atol=1e-6)


def test_more_classes_than_the_vectors_have_leaves_no_nan() -> None:
    rng = np.random.default_rng(0)
    v = np.outer(rng.random(500), rng.random(20)).astype(np.float32)
    found = fit(v, 6)
    assert np.isfinite(found.class_vectors).all()
    assert np.isfinite(found.quantiles).all()
    norms = np.linalg.norm(found.class_vectors.astype(float), axis=1)
    assert ((np.abs(norms - 1) < 1e-6) | (found.dead & (norms == 0))).all()


def test_a_class_that_nothing_uses_dies_and_stays_zero() -> None:
    _, v = planted(k=3)
    sums, _ = chunk_sums(v[:1000], np.eye(3, v.shape[1]))
    sums.ww[1], sums.ww[:, 1], sums.wv[1] = 0, 0, 0
    h = unit(update(sums))
    assert (h[1] == 0).all()
    np.testing.assert_allclose(np.linalg.norm(h[[0, 2]], axis=1), 1.0)


def test_sums_of_chunks_do_not_depend_on_where_they_were_computed() -> None:
    truth, v = planted()
    parts = [chunk_sums(part, truth)[0] for part in np.array_split(v, 4)]
    again = [chunk_sums(part, truth)[0] for part in np.array_split(v, 4)[::-1]]
    one, other = total(parts), total(again[::-1])
    assert one.wv.tobytes() == other.wv.tobytes()
    assert one.residual == other.residual


@pytest.mark.parametrize("k", [0, 1, 17])
def test_numbers_of_classes_outside_2_to_16_are_refused(k: int) -> None:
    with pytest.raises(UsageError, match="2 to 16"):
        fit(np.ones((50, 30), np.float32), k)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda v: v[:3], "too few"),
        (lambda v: v[:, :3], "3 channels"),
        (lambda v: v * 0, "zero everywhere"),
        (lambda v: v - 1, "rectify"),
        (lambda v: np.where(v > 0.9, np.nan, v), "not finite"),
        (lambda v: np.where(v > 0.9, np.inf, v), "not finite"),
    ],
)
def test_vectors_that_can_not_be_clustered_are_refused_with_the_reason(spoil, reason: str) -> None:
    v = np.random.default_rng(0).random((100, 20)).astype(np.float32)
    with pytest.raises(ClusteringError, match=reason):
        fit(spoil(v), 5)


def test_progress_is_told_and_cancelling_ends_the_fit() -> None:
    _, v = planted()
    steps: list[Step] = []
    fit(v, 4, progress=Progress(steps.append), sample=1000)
    assert {step.stage for step in steps} == {"clustering a sample", "clustering"}
    assert steps[-1].done == steps[-1].total
    progress = Progress(lambda step: progress.cancel() if step.stage == "clustering" else None)
    with pytest.raises(Cancelled):
        fit(v, 4, progress=progress)
