import numpy as np
import pytest

from wsiview.analysis import SaliencyStatistics
from wsiview.analysis.agreement import agreement


def test_table_2_is_split_by_the_models_label_and_counts_what_is_undefined() -> None:
    iou = np.array([[0.2], [0.4], [np.nan], [0.6]])
    corr = np.array([[0.1], [np.nan], [0.5], [0.7]])
    found = agreement(SaliencyStatistics(iou, corr, -corr), np.array([False, False, True, True]))
    assert found.all.iou.mean.tolist() == [pytest.approx(0.4)]
    assert (found.all.iou.n.tolist(), found.all.iou.undefined.tolist()) == ([3], [1])
    assert found.negative.iou.mean.tolist() == [pytest.approx(0.3)]
    assert found.positive.corr_relu.mean.tolist() == [pytest.approx(0.6)]
    assert found.positive.corr_signed.mean.tolist() == [pytest.approx(-0.6)]
    assert found.negative.corr_relu.undefined.tolist() == [1]
    assert (found.all.n_patches, found.negative.n_patches, found.positive.n_patches) == (4, 2, 2)


def test_a_label_that_never_occurs_leaves_an_empty_group() -> None:
    one = np.full((3, 2), 0.5)
    found = agreement(SaliencyStatistics(one, one, one), np.zeros(3, bool))
    assert found.positive.n_patches == 0
    assert np.isnan(found.positive.iou.mean).all()


def test_labels_that_do_not_fit_are_refused() -> None:
    one = np.full((3, 2), 0.5)
    for labels in (np.zeros(2, bool), np.zeros(3, int)):
        with pytest.raises(ValueError, match="bool label"):
            agreement(SaliencyStatistics(one, one, one), labels)
