"""Area filter: shrinks pixels by the exact mean over each new pixel's box, wherever its edges fall."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def shrink(pixels: NDArray[np.generic], edges: NDArray[np.float64], axis: int) -> NDArray[np.float32]:
    """Mean of `pixels` between neighbouring edges along one axis.

    A source pixel that an edge cuts counts with the part that is inside, so a mark keeps its place to a fraction of a
    pixel, which choosing whole source pixels (as box filters mostly do) would not give.

    Parameters
    ----------
    pixels
        Any shape; `axis` is 0 or 1.
    edges
        (n + 1,) ascending positions in source pixels, at least one pixel apart, from 0 to the side's length.

    Returns
    -------
    float32, `axis` of length n.
    """
    whole = np.floor(edges).astype(np.intp)
    part = (edges - whole).astype(np.float32)
    # An edge on the far border has no pixel behind it, and cuts none.
    behind = np.take(pixels, np.minimum(whole, pixels.shape[axis] - 1), axis=axis).astype(np.float32)
    shape = (-1,) + (1,) * (pixels.ndim - 1 - axis)
    cut = behind * part.reshape(shape)
    inside = pixels[: whole[-1]] if axis == 0 else pixels[:, : whole[-1]]
    sums = np.add.reduceat(inside, whole[:-1], axis=axis, dtype=np.float32)
    first, last = (cut[:-1], cut[1:]) if axis == 0 else (cut[:, :-1], cut[:, 1:])
    means: NDArray[np.float32] = (sums - first + last) / np.diff(edges).astype(np.float32).reshape(shape)
    return means
