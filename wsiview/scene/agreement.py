"""Agreement: of classes and an influence map over the computed cells of a part of a slide, or of all of it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.cell_agreement import CellAgreement, cell_agreement
from wsiview.geometry import Region
from wsiview.scene.block import COMPUTED
from wsiview.scene.grids import MapGrids

Slices = tuple[slice, slice]


def map_agreement(grids: MapGrids, name: str, region: Region | None = None) -> CellAgreement:
    """Agreement over all computed cells whose middle lies in a level-0 region; None: over the whole map so far."""
    strengths: list[NDArray[np.float16]] = []
    influences: list[NDArray[np.float16]] = []
    for row, col in grids.blocks:
        block, part = grids.block_at(row, col), _inside(grids, row, col, region)
        if block is None or part is None or name not in block.saliency:
            continue
        computed = block.state[part] == COMPUTED
        strengths.append(block.strength[(slice(None), *part)][:, computed])
        influences.append(block.saliency[name][part][computed])
    if not strengths:
        return cell_agreement(np.zeros((grids.n_classes, 0)), np.zeros(0))
    return cell_agreement(np.concatenate(strengths, axis=1), np.concatenate(influences))


def _inside(grids: MapGrids, row: int, col: int, region: Region | None) -> Slices | None:
    """Cells of a block whose middle lies in the region; None where there are none."""
    if region is None:
        return slice(None), slice(None)
    to, side = grids.cell_to_level0, grids.block
    top, bottom = (_cells_before((edge - to.ty) / to.d, row * side, side) for edge in (region.y, region.bottom))
    left, right = (_cells_before((edge - to.tx) / to.a, col * side, side) for edge in (region.x, region.right))
    return None if top >= bottom or left >= right else (slice(top, bottom), slice(left, right))


def _cells_before(edge: float, first: int, side: int) -> int:
    """How many cells of a block that begins at `first` have their middle before an edge, counted in cells."""
    return min(max(math.ceil(edge - 0.5) - first, 0), side)
