"""Grids: one cluster map in memory, block by block, as it is drawn and asked about.

Weights are kept as strengths (weight over the declared scale) in float16: three figures, half the memory, and no weight
is too large for it. What every picture needs (strongest class, runner-up, undecided) is worked out once per block.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wsiview.geometry import Affine, Point, Region
from wsiview.scene.block import COMPUTED, NOT_COMPUTED, UNDECIDED_MARGIN, Block
from wsiview.scene.predictions import Prediction, Predictions


@dataclass(frozen=True, slots=True)
class CellValues:
    """All that is known of one cell; `strengths` is empty where nothing was computed.

    `strongest` and `second` are class indices from 0, None where there is none; `margin` is (first - second) / first;
    `weights` are strengths times the declared scale.
    """

    row: int
    col: int
    region: Region
    state: int
    strengths: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()
    strongest: int | None = None
    second: int | None = None
    margin: float = 0.0
    residual: float | None = None
    saliency: Mapping[str, float] = field(default_factory=dict)

    @property
    def undecided(self) -> bool:
        """Whether the strongest class wins by less than a fifth."""
        return self.strongest is not None and self.margin < UNDECIDED_MARGIN


class MapGrids:
    """The blocks of one map.

    Parameters
    ----------
    shape
        Rows and columns of cells.
    cell_to_level0
        From cell index (col, row) to the level-0 position of the cell's corner; neither turned nor sheared.
    n_classes
        Classes of the clustering, up to 16.
    block
        Cells per side of a block.
    strength_scale
        The weight that is strength 1.
    saliency_scales
        Declared scale of each influence map; a map without one is scaled by this map's own 99th percentile.
    field
        Receptive field (width, height), level-0 pixels.

    Raises
    ------
    ValueError
        If the affine map turns or shears, or the scale is not positive.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        cell_to_level0: Affine,
        n_classes: int,
        *,
        block: int = 64,
        strength_scale: float = 1.0,
        saliency_scales: Mapping[str, float] | None = None,
        field: tuple[float, float] | None = None,
    ) -> None:
        """An empty map."""
        if cell_to_level0.b or cell_to_level0.c or cell_to_level0.a <= 0 or cell_to_level0.d <= 0:
            raise ValueError("cells must lie upright on the slide")
        if not strength_scale > 0:
            raise ValueError("the scale of strengths must be positive")
        self.shape = shape
        self.cell_to_level0 = cell_to_level0
        self.n_classes = n_classes
        self.block = block
        self.strength_scale = strength_scale
        self.field = field
        self.predictions: Predictions | None = None
        self._declared = dict(saliency_scales or {})
        self._measured: dict[str, tuple[int, float]] = {}
        self._blocks: dict[tuple[int, int], Block] = {}

    def put(
        self,
        row: int,
        col: int,
        weights: NDArray[np.float32],
        state: NDArray[np.uint8],
        residual: NDArray[np.float32] | None = None,
        saliency: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> None:
        """Keep one block: weights (K, h, w), state, residual and every influence map (h, w)."""
        self._blocks[row, col] = Block.of(weights, state, residual, saliency or {}, self.strength_scale)

    def set_predictions(
        self,
        positions: NDArray[np.int64],
        scores: NDArray[np.float32],
        label_region: tuple[float, float],
        patch: tuple[float, float],
    ) -> None:
        """Keep the model's scores (n,), NaN where unreadable; patch corners (n, 2) and sizes in level-0 pixels."""
        self.predictions = Predictions(positions, scores, label_region, patch)

    @property
    def region(self) -> Region:
        """What the cells cover, level-0 pixels."""
        rows, cols = self.shape
        to = self.cell_to_level0
        return Region(to.tx, to.ty, cols * to.a, rows * to.d)

    @property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """Block rows and columns that are there."""
        return tuple(self._blocks)

    @property
    def nbytes(self) -> int:
        """Memory of all blocks."""
        return sum(block.nbytes for block in self._blocks.values())

    @property
    def saliency_names(self) -> tuple[str, ...]:
        """Influence maps that any block has."""
        names = {name: None for block in self._blocks.values() for name in block.saliency}
        return tuple(names)

    def block_at(self, row: int, col: int) -> Block | None:
        """One block, None where it has not arrived."""
        return self._blocks.get((row, col))

    def blocks_beyond(self, known: Container[tuple[int, int]]) -> dict[tuple[int, int], Block]:
        """The blocks that are not among those known, by row and column."""
        return {place: block for place, block in self._blocks.items() if place not in known}

    def block_region(self, row: int, col: int) -> Region:
        """Level-0 pixels of one block."""
        rows, cols = self.shape
        to, side = self.cell_to_level0, self.block
        height, width = min(side, rows - row * side), min(side, cols - col * side)
        return Region(to.tx + col * side * to.a, to.ty + row * side * to.d, width * to.a, height * to.d)

    def cell_region(self, row: int, col: int) -> Region:
        """Level-0 pixels of one cell."""
        to = self.cell_to_level0
        return Region(to.tx + col * to.a, to.ty + row * to.d, to.a, to.d)

    def cell_at(self, place: Point) -> tuple[int, int] | None:
        """Row and column of the cell under a place, None outside the map."""
        to = self.cell_to_level0
        row, col = math.floor((place.y - to.ty) / to.d), math.floor((place.x - to.tx) / to.a)
        return (row, col) if 0 <= row < self.shape[0] and 0 <= col < self.shape[1] else None

    def values_at(self, row: int, col: int) -> CellValues:
        """All that is known of one cell."""
        region = self.cell_region(row, col)
        block = self.block_at(row // self.block, col // self.block)
        if block is None:
            return CellValues(row, col, region, NOT_COMPUTED)
        y, x = row % self.block, col % self.block
        state = int(block.state[y, x])
        if state != COMPUTED:
            return CellValues(row, col, region, state)
        strengths = tuple(float(value) for value in block.strength[:, y, x])
        first, second = int(block.strongest[y, x]), int(block.second[y, x])
        top = strengths[first - 1] if first else 0.0
        margin = (top - (strengths[second - 1] if second else 0.0)) / top if top > 0 else 0.0
        return CellValues(
            row, col, region, state, strengths, tuple(value * self.strength_scale for value in strengths),
            first - 1 if first else None, second - 1 if second else None, margin,
            None if block.residual is None else float(block.residual[y, x]),
            {name: float(grid[y, x]) for name, grid in block.saliency.items()},
        )  # fmt: skip

    def prediction_at(self, place: Point) -> Prediction | None:
        """The model's score for the label region under a place."""
        return None if self.predictions is None else self.predictions.at(place)

    def saliency_scale(self, name: str) -> float:
        """The declared scale of an influence map, else the 99th percentile of this map's own magnitudes so far."""
        if name in self._declared:
            return self._declared[name]
        count, scale = self._measured.get(name, (0, 0.0))
        # Measured again only as the map grows by half, so that contours do not creep with every block.
        if len(self._blocks) > 1.5 * count or (count == 0 and self._blocks):
            blocks = list(self._blocks.values())
            values = [np.abs(b.saliency[name][b.state == COMPUTED]) for b in blocks if name in b.saliency]
            every = np.concatenate(values).astype(np.float32) if values else np.zeros(0, np.float32)
            scale = float(np.percentile(every, 99)) if every.size else 0.0
            self._measured[name] = (len(blocks), scale)
        return scale

    def has_declared_scale(self, name: str) -> bool:
        """Whether an influence map's scale holds beyond this map."""
        return name in self._declared

    def sample(self, read: str, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> NDArray[np.generic]:
        """A field of blocks at chosen cells.

        Parameters
        ----------
        read
            "state", "strongest", "second", "undecided" (len(rows), len(cols)); "strength" (K, len(rows), len(cols));
            "strength:INDEX" or "saliency:NAME".
        rows, cols
            Ascending cell indices; those outside the map, and those of absent blocks, give 0.
        """
        first = next(iter(self._blocks.values()), None)
        planes = (self.n_classes,) if read == "strength" else ()
        dtype = np.dtype(np.uint8) if first is None else first.field(read).dtype
        out = np.zeros((*planes, len(rows), len(cols)), dtype)
        if first is None or not len(rows) or not len(cols):
            return out
        for r in range(max(0, int(rows[0]) // self.block), int(rows[-1]) // self.block + 1):
            y0, y1 = np.searchsorted(rows, (r * self.block, min((r + 1) * self.block, self.shape[0])))
            for c in range(max(0, int(cols[0]) // self.block), int(cols[-1]) // self.block + 1):
                found = self.block_at(r, c)
                if found is None or y0 == y1:
                    continue
                x0, x1 = np.searchsorted(cols, (c * self.block, min((c + 1) * self.block, self.shape[1])))
                grid = found.field(read)[..., rows[y0:y1] - r * self.block, :]
                out[..., y0:y1, x0:x1] = grid[..., cols[x0:x1] - c * self.block]
        return out
