"""Agreement: of classes and an influence map over the computed cells in view, or over all there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.cell_agreement import CellAgreement, cell_agreement
from wsiview.scene.block import COMPUTED
from wsiview.scene.grids import MapGrids
from wsiview.scene.viewport import Viewport


def map_agreement(grids: MapGrids, name: str, view: Viewport | None = None) -> CellAgreement:
    """Agreement over all computed cells whose middle is in view; None: over the whole map so far."""
    strengths: list[NDArray[np.float16]] = []
    influences: list[NDArray[np.float16]] = []
    for row, col in grids.blocks:
        block = grids.block_at(row, col)
        if block is None or name not in block.saliency:
            continue
        counts = block.state == COMPUTED
        if view is not None:
            if not grids.block_region(row, col).intersects(view.region):
                continue
            counts &= _seen(grids, row, col, counts.shape, view)
        strengths.append(block.strength[:, counts])
        influences.append(block.saliency[name][counts])
    if not strengths:
        return cell_agreement(np.zeros((grids.n_classes, 0)), np.zeros(0))
    return cell_agreement(np.concatenate(strengths, axis=1), np.concatenate(influences))


def _seen(grids: MapGrids, row: int, col: int, shape: tuple[int, ...], view: Viewport) -> NDArray[np.bool_]:
    """Which cells of a block have their middle in view, however it is turned."""
    to, at = grids.cell_to_level0, view.to_device
    x = to.tx + (col * grids.block + np.arange(shape[1]) + 0.5) * to.a
    y = (to.ty + (row * grids.block + np.arange(shape[0]) + 0.5) * to.d)[:, None]
    across, down = at.a * x + at.b * y + at.tx, at.c * x + at.d * y + at.ty
    inside: NDArray[np.bool_] = (across >= 0) & (across < view.size.width) & (down >= 0) & (down < view.size.height)
    return inside
