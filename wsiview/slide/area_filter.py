"""Area filter: shrinks pixels by the exact mean over each new pixel's box, wherever its edges fall."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from wsiview.slide.slide import Pixels

_Number = TypeVar("_Number", np.float32, np.uint8)


def area_mean(pixels: Pixels, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> Pixels:
    """Mean of `pixels` (height, width, 3) within boxes between neighbouring edges.

    A source pixel that an edge cuts counts with the part that is inside, so a mark keeps its place to a fraction of a
    pixel, which choosing whole source pixels (as box filters mostly do) would not give. Sums are taken in a fixed
    order on one thread: equal input gives equal bits.

    Parameters
    ----------
    xs, ys
        (cols + 1,) and (rows + 1,) ascending positions in source pixels, within the picture.

    Returns
    -------
    (rows, cols, 3) uint8.
    """
    height, width = pixels.shape[:2]
    rows, cols = len(ys) - 1, len(xs) - 1
    flat = pixels.reshape(height, width * 3).astype(np.float32)
    down = _weights(ys, height) @ flat
    # The sparse product works along the first axis, so the picture is turned for the second pass, and back.
    across = _weights(xs, width) @ _turned(down)
    return _turned(np.rint(across).astype(np.uint8)).reshape(rows, cols, 3)


def _turned(picture: NDArray[_Number]) -> NDArray[_Number]:
    """Rows for columns, (rows, cols · 3) to (cols, rows · 3); pixels are moved whole, several times as fast."""
    whole = picture.view(np.dtype((np.void, 3 * picture.itemsize)))
    return np.ascontiguousarray(whole.T).view(picture.dtype)


def _weights(edges: NDArray[np.float64], length: int) -> sparse.csr_array:
    """The matrix (boxes, length) whose row holds the share of each source pixel in that box."""
    first = np.floor(edges[:-1]).astype(np.int64)
    last = np.ceil(edges[1:]).astype(np.int64)
    counts = last - first
    starts = np.concatenate([[0], np.cumsum(counts)])
    index = np.repeat(first - starts[:-1], counts) + np.arange(starts[-1])
    low, high = np.repeat(edges[:-1], counts), np.repeat(edges[1:], counts)
    inside = np.minimum(index + 1, high) - np.maximum(index, low)
    shares = (inside / (high - low)).astype(np.float32)
    return sparse.csr_array((shares, index, starts), shape=(len(edges) - 1, length))
