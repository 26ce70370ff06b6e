"""Levels: the coarser levels of a map, block by block, so that memory does not grow with the slide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from wsiview.maps.cell_state import COMPUTED, strongest

if TYPE_CHECKING:
    import zarr

_BAND = 16  # blocks of one row that are held at once


def write_levels(root: zarr.Group, n_levels: int, block: int) -> None:
    """Fill levels 1 … of the weights and of the argmax from level 0.

    A coarse cell's weights are the mean of the computed cells below it, 0 where there are none; its label is the
    strongest class of that mean.
    """
    state = _array(root, "state")
    counts = _counts(state, block)
    for level in range(1, n_levels):
        fine, coarse = _array(root, str(level - 1)), _array(root, str(level))
        labels = _array(root, f"labels/argmax/{level}")
        below = _paired(counts, np.min_scalar_type(4**level))  # 4^level is the most there can be
        _write_level(fine, coarse, labels, counts, below, block)
        counts = below


def _write_level(
    fine: zarr.Array[Any],
    coarse: zarr.Array[Any],
    labels: zarr.Array[Any],
    fine_counts: NDArray[np.unsignedinteger[Any]],
    counts: NDArray[np.unsignedinteger[Any]],
    block: int,
) -> None:
    height, width = counts.shape
    for top in range(0, height, block):
        for left in range(0, width, block * _BAND):
            rows, cols = slice(top, min(top + block, height)), slice(left, min(left + block * _BAND, width))
            below = np.s_[2 * rows.start : 2 * rows.stop, 2 * cols.start : 2 * cols.stop]
            if not counts[rows, cols].any():
                continue
            weights = np.asarray(fine[:, below[0], below[1]], np.float64) * fine_counts[below]
            mean = _paired(weights, np.float64) / np.maximum(counts[rows, cols], 1)
            mean32 = mean.astype(np.float32)
            coarse[:, rows, cols] = mean32
            labels[rows, cols] = strongest(mean32)


def _counts(state: zarr.Array[Any], block: int) -> NDArray[np.unsignedinteger[Any]]:
    """Which cells are computed, as 0 and 1, read band by band; small numbers, for there may be 100 million cells."""
    counts = np.zeros(state.shape, np.uint8)
    for top in range(0, state.shape[0], block):
        counts[top : top + block] = np.asarray(state[top : top + block]) == COMPUTED
    return counts


def _paired(values: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Sums over 2 × 2 cells of the last two axes; an odd border stands alone."""
    odd_rows, odd_cols = values.shape[-2] % 2, values.shape[-1] % 2
    if odd_rows or odd_cols:
        values = np.pad(values, [(0, 0)] * (values.ndim - 2) + [(0, odd_rows), (0, odd_cols)])
    down = np.add(values[..., 0::2, :], values[..., 1::2, :], dtype=dtype)
    return np.asarray(np.add(down[..., 0::2], down[..., 1::2], dtype=dtype))


def _array(root: zarr.Group, name: str) -> zarr.Array[Any]:
    import zarr

    found = root[name]
    if not isinstance(found, zarr.Array):
        raise TypeError(name)
    return found
