import numpy as np
import pytest

from wsiview.analysis import sample_patches
from wsiview.errors import UsageError


def test_a_seed_gives_the_same_patches_ascending_and_once_each() -> None:
    first = sample_patches(1000, 100, seed=4)
    assert np.array_equal(first, sample_patches(1000, 100, seed=4))
    assert not np.array_equal(first, sample_patches(1000, 100, seed=5))
    assert len(first) == 100
    assert (np.diff(first) > 0).all()


def test_all_patches_are_taken_where_there_are_no_more() -> None:
    assert sample_patches(5, 100, seed=0).tolist() == [0, 1, 2, 3, 4]
    assert sample_patches(0, 100, seed=0).tolist() == []


@pytest.mark.parametrize(("positives", "expected"), [(500, 50), (10, 10), (980, 80), (0, 0), (1000, 100)])
def test_a_stratified_draw_takes_half_of_each_label_as_far_as_they_reach(positives: int, expected: int) -> None:
    labels = np.arange(1000) < positives
    chosen = sample_patches(1000, 100, seed=0, labels=labels, stratified=True)
    assert len(chosen) == 100
    assert labels[chosen].sum() == expected


def test_no_patches_wanted_or_no_labels_to_stratify_by_is_refused() -> None:
    with pytest.raises(UsageError, match="--patches"):
        sample_patches(10, 0, seed=0)
    with pytest.raises(ValueError, match="label"):
        sample_patches(10, 5, seed=0, stratified=True)
