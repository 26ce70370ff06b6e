"""Tiling: which parts of a slide are tissue, and the grid of patches that covers them; imports no torch."""

from wsiview.tiling.patch_grid import CellGrid, PatchGrid, patch_grid
from wsiview.tiling.tissue import TissueMask, tissue_mask

__all__ = ["CellGrid", "PatchGrid", "TissueMask", "patch_grid", "tissue_mask"]
