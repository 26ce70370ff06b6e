import numpy as np
import pytest

from wsiview.analysis import PatchStatistics, patch_statistics, per_patch


def maps(n: int = 7, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    weights = rng.gamma(1, 1, (n, 6, 5, 3)) * (rng.random((n, 6, 5, 3)) < 0.5)
    return weights.astype(np.float32), rng.normal(size=(n, 6, 5)).astype(np.float32)


def test_every_figure_equals_the_one_worked_out_patch_by_patch() -> None:
    weights, saliency = maps()
    found = patch_statistics(weights, {"gradcam/1": saliency})
    agreed = found.saliency["gradcam/1"]
    for p, (patch, signed) in enumerate(zip(weights.astype(float), saliency.astype(float), strict=True)):
        lines = patch.reshape(-1, 3)
        np.testing.assert_allclose(found.weight_sum[p], lines.sum(axis=0))
        np.testing.assert_allclose(found.weight_max[p], lines.max(axis=0))
        np.testing.assert_allclose(found.correlation[p], np.corrcoef(lines.T))
        for k in range(3):
            w, s = lines[:, k], signed.ravel()
            assert found.coverage[p, k] == (w > 0).mean()
            assert found.mean_positive[p, k] == pytest.approx(w[w > 0].mean())
            assert agreed.iou[p, k] == ((w > 0) & (s > 0)).sum() / ((w > 0) | (s > 0)).sum()
            assert agreed.corr_signed[p, k] == pytest.approx(np.corrcoef(w, s)[0, 1])
            assert agreed.corr_relu[p, k] == pytest.approx(np.corrcoef(w, np.maximum(s, 0))[0, 1])


def test_a_patch_has_equal_bits_whatever_batch_it_comes_in() -> None:
    weights, saliency = maps(600)
    whole = per_patch(weights, {"s": saliency})
    for part in (slice(3, 4), slice(250, 270), slice(599, 600)):
        for name, values in per_patch(weights[part], {"s": saliency[part]}).items():
            assert values.tobytes() == whole[name][part].tobytes(), name


def test_constant_maps_and_empty_unions_are_undefined_and_not_zero() -> None:
    weights, saliency = np.zeros((1, 4, 4, 3)), np.full((1, 4, 4), -1.0)
    weights[..., 1] = 0.1  # its mean isn't exactly 0.1: a variance would not be exactly 0
    weights[0, 0, 0, 2] = 1.0
    found = patch_statistics(weights, {"s": saliency})
    assert np.isnan(found.correlation[0, :2]).all()
    assert np.isnan(found.correlation[0, 2, :2]).all()
    assert found.correlation[0, 2, 2] == pytest.approx(1.0)
    assert np.isnan(found.saliency["s"].iou[0, 0])
    assert found.saliency["s"].iou[0, 1:].tolist() == [0.0, 0.0]
    assert np.isnan(found.saliency["s"].corr_signed).all()
    assert found.mean_positive[0].tolist() == [0.0, pytest.approx(0.1), 1.0]
    assert found.coverage[0].tolist() == [0.0, 1.0, 1 / 16]


def test_correlations_survive_very_small_and_very_large_maps() -> None:
    weights, _ = maps(1)
    expected = patch_statistics(weights).correlation
    for scale in (1e-200, 1e200):
        np.testing.assert_allclose(patch_statistics(weights.astype(float) * scale).correlation, expected, rtol=1e-9)


def test_columns_go_out_and_come_back() -> None:
    weights, saliency = maps()
    found = patch_statistics(weights, {"gradcam/1": saliency})
    columns = found.columns()
    assert set(columns) == {
        "weight_sum", "weight_max", "coverage", "mean_positive", "correlation",
        "gradcam/1/iou", "gradcam/1/corr_relu", "gradcam/1/corr_signed",
    }  # fmt: skip
    again = PatchStatistics.from_columns(columns)
    assert all(np.array_equal(again.columns()[name], values, equal_nan=True) for name, values in columns.items())
    lost = {name: values.copy() for name, values in columns.items()}
    for values in lost.values():
        values[2] = np.nan
    assert np.flatnonzero(~PatchStatistics.from_columns(lost).computed).tolist() == [2]


def test_batches_join_and_rows_are_taken() -> None:
    weights, saliency = maps(20)
    whole = patch_statistics(weights, {"s": saliency})
    parts = [patch_statistics(weights[i : i + 5], {"s": saliency[i : i + 5]}) for i in range(0, 20, 5)]
    joined = PatchStatistics.joined(parts)
    rows = np.array([3, 17])
    for one, other in ((joined, whole), (joined.take(rows), patch_statistics(weights[rows], {"s": saliency[rows]}))):
        for name, values in one.columns().items():
            assert np.array_equal(values, other.columns()[name], equal_nan=True), name
    with pytest.raises(ValueError, match="saliency methods"):
        PatchStatistics.joined([whole, patch_statistics(weights)])


def test_no_patches_give_empty_statistics() -> None:
    found = patch_statistics(np.zeros((0, 4, 4, 3)), {"s": np.zeros((0, 4, 4))})
    assert len(found) == 0
    assert found.correlation.shape == (0, 3, 3)


def test_cells_that_were_not_computed_are_refused() -> None:
    weights, saliency = maps()
    weights[1, 2, 3, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        patch_statistics(weights)
    with pytest.raises(ValueError, match="don't lie"):
        patch_statistics(maps()[0], {"s": saliency[:, 1:]})
