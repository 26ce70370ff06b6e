"""The fit's own vectors are normal but for one in a hundred; weaker, stronger and stranger ones are not."""

from __future__ import annotations

import numpy as np
import pytest

from wsiview.clustering.normality import FLAGGED, Normality, normality_of

CHANNELS = 12
H = np.eye(3, CHANNELS, dtype=np.float32)


def vectors(n: int, seed: int = 0, strange: float = 0.3, strength: float = 1.0) -> np.ndarray:
    """Sums of three classes and a little of what is no class, (n, 12)."""
    random = np.random.default_rng(seed)
    mixed = random.gamma(2.0, 1.0, (n, 3)) @ H
    mixed[:, 3:] += strange * random.gamma(2.0, 1.0, (n, CHANNELS - 3))
    return np.asarray(strength * mixed, np.float32)


def numbers(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """q, and r straight from the definition: these classes do not overlap."""
    square = (v.astype(float) ** 2).sum(1)
    return square, (v[:, 3:].astype(float) ** 2).sum(1) / np.where(square > 0, square, 1)


def share(normality: Normality, v: np.ndarray) -> float:
    return float(normality.unlike(*numbers(v)).mean())


@pytest.fixture(scope="module")
def normality() -> Normality:
    found = normality_of(vectors(20_000), H)
    assert found is not None
    return found


def test_one_in_a_hundred_of_the_fits_vectors_is_unlike(normality: Normality) -> None:
    assert share(normality, vectors(20_000)) == pytest.approx(FLAGGED, abs=1e-4)
    assert share(normality, vectors(20_000, seed=1)) == pytest.approx(FLAGGED, abs=0.003)


@pytest.mark.parametrize(("strange", "strength"), [(3.0, 1.0), (0.0, 1.0), (0.3, 20.0), (0.3, 0.05)])
def test_stranger_plainer_stronger_and_weaker_vectors_are_unlike(
    normality: Normality, strange: float, strength: float
) -> None:
    """Both sides of both numbers: a residual alone would pass the last three."""
    assert share(normality, vectors(2000, 2, strange, strength)) > 0.15


def test_a_vector_of_noughts_is_neither(normality: Normality) -> None:
    assert not normality.unlike(np.zeros(3), np.zeros(3)).any()


def test_the_same_vectors_give_the_same_bits() -> None:
    first, again = (normality_of(vectors(9000), H).to_json() for _ in range(2))
    assert first == again


def test_noughts_are_left_out_and_too_few_vectors_tell_nothing() -> None:
    some = vectors(1000)
    with_noughts = np.concatenate([some, np.zeros((500, CHANNELS), np.float32)])
    assert normality_of(with_noughts, H).mean == pytest.approx(normality_of(some, H).mean)
    assert normality_of(vectors(20), H) is None


def test_it_comes_back_from_plain_values(normality: Normality) -> None:
    again = Normality.from_json(normality.to_json())
    assert share(again, vectors(3000, 3)) == share(normality, vectors(3000, 3))


@pytest.mark.parametrize(
    "wrong",
    [{"cov": [[1.0, 2.0], [2.0, 1.0]]}, {"mean": [0.0]}, {"cut": float("nan")}, {"cov": [[0.0, 0.0], [0.0, 1.0]]}],
)
def test_numbers_that_no_vectors_have_are_refused(normality: Normality, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="its normal range"):
        Normality.from_json({**normality.to_json(), **wrong})
