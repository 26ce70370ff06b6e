"""Cell state: what is known of a cell, and which class is the strongest there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NOT_COMPUTED, OUTSIDE, COMPUTED, UNREADABLE = 0, 1, 2, 3

STATE_NAMES = {
    NOT_COMPUTED: "not computed",
    OUTSIDE: "outside tissue",
    COMPUTED: "computed",
    UNREADABLE: "unreadable",
}


def strongest(weights: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The class of the largest weight, 1 … K, of weights (K, …); 0 where all are zero, the lower class on a tie."""
    winner = weights.argmax(axis=0) + 1
    return np.where(weights.max(axis=0) > 0, winner, 0).astype(np.uint8)
