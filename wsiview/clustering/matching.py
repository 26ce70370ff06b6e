"""Matching: which class of one clustering is which of another, by the cosine of their class vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.clustering.nnls import class_weights

Floats = NDArray[np.float64]

ALIKE = 0.9
"""Cosine from which two classes count as the same; neighbouring classes of real layers lie at 0.3 to 0.8."""


@dataclass(frozen=True, eq=False)
class Matching:
    """The pairing of classes with the largest sum of cosines (Hungarian method).

    Attributes
    ----------
    partner
        (K,) for each class of the first clustering the index of its partner in the second, −1 for none.
    cosine
        (K,) with its partner, 0 for none.
    """

    partner: NDArray[np.int64]
    cosine: Floats


def match(first: NDArray[np.floating], second: NDArray[np.floating]) -> Matching:
    """Pair the classes of two H, (K, C) and (L, C), rows of unit norm or zero."""
    from scipy.optimize import linear_sum_assignment  # takes a moment to load, and the window needs only names of here

    cosine = np.asarray(first, np.float64) @ np.asarray(second, np.float64).T
    rows, columns = linear_sum_assignment(-cosine)
    partner, found = np.full(len(first), -1, np.int64), np.zeros(len(first))
    partner[rows], found[rows] = columns, cosine[rows, columns]
    return Matching(partner, found)


def split_and_merge(first: NDArray[np.floating], second: NDArray[np.floating]) -> Floats:
    """How each class of the first H is made of classes of the second: non-negative parts (K, L), rows sum to 1 or 0.

    A row with two large parts is a class that was split; a column with two, classes that were merged.
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    parts = class_weights(one @ other.T, other @ other.T)
    whole = parts.sum(axis=1, keepdims=True)
    return parts / np.where(whole > 0, whole, 1.0)


def places_like(found: NDArray[np.floating], like: NDArray[np.floating]) -> tuple[NDArray[np.int64], Matching]:
    """An order of the classes found (K,) in which those that are alike to old ones take the old ones' places.

    The others keep their order in the places that are left; so do partners of old places beyond K. The matching beside
    it is of the classes so ordered, and holds −1 where the cosine stays below `ALIKE`.
    """
    matching = match(found, like)
    alike = matching.cosine >= ALIKE
    k = len(found)
    order = np.full(k, -1, np.int64)
    for index in np.flatnonzero(alike & (matching.partner < k)):
        order[matching.partner[index]] = index
    order[order < 0] = [index for index in range(k) if index not in set(order.tolist())]
    partner = np.where(alike, matching.partner, -1)
    return order, Matching(partner[order], matching.cosine[order])
