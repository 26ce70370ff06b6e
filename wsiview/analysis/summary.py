"""Summary: mean and spread over the patches where a figure is defined, and how many those are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Summary:
    """Figures over patches; arrays of one shape.

    Attributes
    ----------
    mean, sd
        Over the defined values; the sd divides by their number. NaN where there are none.
    n, undefined
        Values that are defined, and those left out because they are not.
    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    n: NDArray[np.int64]
    undefined: NDArray[np.int64]


def summarised(values: NDArray[np.float64]) -> Summary:
    """Over the first axis; NaN means undefined.

    Parameters
    ----------
    values
        (patches, …).
    """
    defined = np.isfinite(values)
    n = defined.sum(axis=0)
    divisor = np.maximum(n, 1)
    mean = np.where(defined, values, 0.0).sum(axis=0) / divisor
    variance = np.square(np.where(defined, values - mean, 0.0)).sum(axis=0) / divisor
    some = n > 0
    return Summary(
        np.where(some, mean, np.nan),
        np.where(some, np.sqrt(variance), np.nan),
        np.asarray(n, dtype=np.int64),
        np.asarray(len(values) - n, dtype=np.int64),
    )
