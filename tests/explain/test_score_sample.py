"""Score samples: drawn with the seed, bounded in time, and the most extreme patches really are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch

from wsiview.errors import SlideError
from wsiview.explain.score_sample import ScoreSample, score_sample
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import Classifier, load_classifier
from wsiview.progress import Progress
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.opening import open_slide
from wsiview.slide.slide import Slide

SCALE = (0.5, 0.5)


@pytest.fixture
def classifier(bundle_folder: Callable[..., Path], one_thread: None) -> Classifier:
    return load_classifier(read_bundle(bundle_folder(classes=3, stride_pixels=16, label_region=32)), "cpu")


@pytest.fixture
def slide(tissue_image: Path) -> Iterator[Slide]:
    with open_slide(tissue_image) as opened:
        yield opened


def drawn(slide: Slide, classifier: Classifier, **options: object) -> ScoreSample:
    return score_sample(slide, classifier, Progress(), mpp=SCALE, **{"count": 60, **options})  # type: ignore[arg-type]


def test_the_ends_are_the_highest_and_lowest_scores_of_patches_that_do_not_overlap(
    slide: Slide, classifier: Classifier
) -> None:
    sample = drawn(slide, classifier, ends=4)
    assert sample.scores.shape == (60, 3)
    np.testing.assert_allclose(sample.scores.sum(axis=1), 1, rtol=1e-9)
    for output in range(3):
        high, low = sample.highest[output], sample.lowest[output]
        assert high[0].score == sample.scores[:, output].max()
        assert low[0].score == sample.scores[:, output].min()
        assert [one.score for one in high] == sorted((one.score for one in high), reverse=True)
        corners = np.array([(one.x, one.y) for one in high])
        apart = np.abs(corners[:, None] - corners[None]).max(axis=2)
        assert (apart[~np.eye(len(high), dtype=bool)] >= 64).all()


def test_the_pixels_that_are_shown_are_those_that_were_scored(slide: Slide, classifier: Classifier) -> None:
    best = drawn(slide, classifier).highest[1][0]
    np.testing.assert_array_equal(best.pixels, slide.read(0, best.x, best.y, 64, 64))
    with torch.no_grad():
        logits = classifier.forward(classifier.normalise(best.pixels[None]))
    assert float(logits.softmax(dim=1)[0, 1]) == pytest.approx(best.score, rel=1e-5)


def test_the_seed_draws_the_patches(slide: Slide, classifier: Classifier) -> None:
    first, again, other = (drawn(slide, classifier, seed=seed).scores for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_when_the_time_is_up_what_is_there_is_shown(slide: Slide, classifier: Classifier) -> None:
    ticks = count()
    sample = drawn(slide, classifier, seconds=1, clock=lambda: float(next(ticks)))
    assert 0 < len(sample.scores) < sample.asked == 60
    assert len(sample.highest[0]) > 0


def test_glass_is_refused(classifier: Classifier) -> None:
    with pytest.raises(SlideError, match="no tissue was found"):
        drawn(ArraySlide(np.full((400, 400, 3), 245, np.uint8)), classifier)
