"""Plan: everything that a map's store must know before its first block."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.geometry import Affine

VERSION = 1
MAX_CLASSES = 254  # the argmax is stored as uint8, with 0 for none


@dataclass(frozen=True, eq=False)
class MapPlan:
    """The frame of one cluster map.

    Attributes
    ----------
    shape
        Rows and columns of cells.
    n_classes
        K, the weights of one cell.
    target_names
        The model's outputs.
    cell_to_level0
        Cell index (column, row) to the level-0 position of that cell's corner; no rotation or shear.
    cell_microns
        Width and height of a cell in µm, None where the slide's scale is unknown.
    covered
        Cells inside the trimmed part of any kept patch, (rows, cols).
    positions
        Level-0 corner (x, y) of each kept patch, (n, 2); the patches of one block stand together.
    first_patch
        Where each block's patches start, (blocks + 1,), blocks row by row.
    saliency
        Names of the saliency maps, "method/target".
    class_names, class_colors
        K short names and K colours as "#RRGGBB".
    attributes
        Slide, model, clustering, parameters, software and whatever else is recorded; JSON values only.
    block
        Cells on a side of the unit that is computed and stored.
    """

    shape: tuple[int, int]
    n_classes: int
    target_names: tuple[str, ...]
    cell_to_level0: Affine
    cell_microns: tuple[float, float] | None
    covered: NDArray[np.bool_]
    positions: NDArray[np.int64]
    first_patch: NDArray[np.int64]
    saliency: tuple[str, ...]
    class_names: tuple[str, ...]
    class_colors: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    block: int = 64

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        rows, cols = self.block_grid
        wrong = (
            (min(*self.shape, self.block) < 1, "a map has at least one cell"),
            (not 1 <= self.n_classes <= MAX_CLASSES, f"a map has 1 to {MAX_CLASSES} classes"),
            (self.covered.shape != self.shape, "covered has the shape of the cells"),
            (self.positions.ndim != 2 or self.positions.shape[1] != 2, "positions are (n, 2)"),
            (self.first_patch.shape != (rows * cols + 1,), "first_patch has one entry more than there are blocks"),
            (self.first_patch[0] != 0 or self.first_patch[-1] != len(self.positions), "first_patch spans the patches"),
            (bool((np.diff(self.first_patch) < 0).any()), "first_patch never falls"),
            (len(self.class_names) != self.n_classes, "each class has a name"),
            (len(self.class_colors) != self.n_classes, "each class has a colour"),
            (self.cell_to_level0.b != 0 or self.cell_to_level0.c != 0, "cells lie straight on the slide"),
        )
        for is_wrong, rule in wrong:
            if is_wrong:
                raise ValueError(rule)

    @property
    def block_grid(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        return -(-self.shape[0] // self.block), -(-self.shape[1] // self.block)

    def block_slices(self, row: int, col: int) -> tuple[slice, slice]:
        """The cells of one block, rows and columns, cut at the border."""
        return block_slices(self.shape, self.block, row, col)

    def patches(self, row: int, col: int) -> slice:
        """The patches of one block."""
        index = row * self.block_grid[1] + col
        return slice(int(self.first_patch[index]), int(self.first_patch[index + 1]))

    def covered_blocks(self) -> NDArray[np.bool_]:
        """Blocks with a covered cell or a patch, (block rows, block cols)."""
        down = np.logical_or.reduceat(self.covered, np.arange(0, self.shape[0], self.block), axis=0)
        cells = np.logical_or.reduceat(down, np.arange(0, self.shape[1], self.block), axis=1)
        return cells | (np.diff(self.first_patch) > 0).reshape(self.block_grid)

    def facts(self) -> dict[str, Any]:
        """The plan as the JSON object under the map's attribute `wsiview`."""
        described = {
            **self.attributes,
            "version": VERSION,
            "shape": self.shape,
            "block": self.block,
            "n_classes": self.n_classes,
            "class_names": self.class_names,
            "class_colors": self.class_colors,
            "target_names": self.target_names,
            "saliency": self.saliency,
            "cell_to_level0": self.cell_to_level0.rows,
            "cell_microns": self.cell_microns,
            "patches": {"count": len(self.positions), "digest": self._digest()},
        }
        plain: dict[str, Any] = json.loads(json.dumps(described, allow_nan=False))
        return plain

    def _digest(self) -> str:
        """SHA-256 over which cells and patches are computed."""
        digest = hashlib.sha256(np.packbits(self.covered).tobytes())
        digest.update(np.ascontiguousarray(self.positions, "<i8").tobytes())
        digest.update(np.ascontiguousarray(self.first_patch, "<i8").tobytes())
        return digest.hexdigest()


def block_slices(shape: tuple[int, int], block: int, row: int, col: int) -> tuple[slice, slice]:
    """Rows and columns of the cells of block (row, col), cut at the border."""
    top, left = row * block, col * block
    if not (0 <= top < shape[0] and 0 <= left < shape[1]):
        raise IndexError(f"there is no block ({row}, {col}) in a map of {shape[0]} × {shape[1]} cells")
    return slice(top, min(top + block, shape[0])), slice(left, min(left + block, shape[1]))
