import numpy as np

from wsiview.analysis.similarity import class_correlation, class_cosine
from wsiview.analysis.summary import summarised


def test_correlations_are_averaged_where_both_vary_and_the_rest_is_counted() -> None:
    correlation = np.full((4, 2, 2), 1.0)
    correlation[:, 0, 1] = correlation[:, 1, 0] = [0.2, 0.4, np.nan, np.nan]
    found = class_correlation(correlation)
    np.testing.assert_allclose(found.mean, [[1.0, 0.3], [0.3, 1.0]])
    np.testing.assert_allclose(found.sd, [[0.0, 0.1], [0.1, 0.0]])
    assert found.n.tolist() == [[4, 2], [2, 4]]
    assert found.undefined.tolist() == [[0, 2], [2, 0]]


def test_figures_that_are_never_defined_are_nan_with_a_count_of_nothing() -> None:
    for values in (np.full((3, 2), np.nan), np.zeros((0, 2))):
        found = summarised(values)
        assert np.isnan(found.mean).all()
        assert np.isnan(found.sd).all()
        assert found.n.tolist() == [0, 0]
        assert found.undefined.tolist() == [len(values)] * 2


def test_cosines_are_of_rows_and_undefined_for_dead_classes() -> None:
    h = np.array([[3.0, 4.0], [4.0, 3.0], [0.0, 0.0]], np.float32)
    found = class_cosine(h @ h.T)
    np.testing.assert_allclose(found[:2, :2], [[1.0, 0.96], [0.96, 1.0]])
    assert np.isnan(found[2]).all()
    assert np.isnan(found[:, 2]).all()
