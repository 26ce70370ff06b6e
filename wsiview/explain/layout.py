"""Layout: where the patches, windows and cells of a request lie on its slide, and what of them is computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wsiview.clustering.clustering import Clustering
from wsiview.explain.planning import PatchPlan, patch_plan
from wsiview.explain.request import MapRequest
from wsiview.features.dense import window_side
from wsiview.features.evaluation import DenseRefused, dense_fault, dense_saving, lattice_of, saving_words
from wsiview.features.reach import patch_locations, probe_reach
from wsiview.geometry import Affine
from wsiview.models.classifier import Classifier
from wsiview.progress import Progress
from wsiview.slide.slide import Slide
from wsiview.slide.virtual_level import VirtualLevel
from wsiview.tiling.lattice import Lattice
from wsiview.tiling.patch_grid import PatchGrid, patch_grid
from wsiview.tiling.tissue import TissueMask, tissue_mask


@dataclass(frozen=True)
class Layout:
    """Where a request's patches and cells lie on its slide.

    Attributes
    ----------
    patches
        All kept patches: the cells of a map are what their trimmed locations cover.
    run
        Those that the network runs whole: all of them under overlap, a sample when dense.
    lattice
        Of the windows that a dense map is computed in; None under overlap.
    window_side
        Cells on a side of the largest of them; 0 under overlap.
    """

    level: VirtualLevel
    tissue: TissueMask
    grid: PatchGrid
    patches: PatchPlan
    run: PatchPlan
    lattice: Lattice | None = None
    window_side: int = 0

    @property
    def cell_to_level0(self) -> Affine:
        """Cell index (column, row) to the level-0 position of that cell's corner."""
        return self.grid.cells.cell_to_level0(self.level.scale)

    @cached_property
    def covered(self) -> NDArray[np.bool_]:
        """Cells that are computed, (rows, cols)."""
        return self.patches.covered()

    @property
    def positions(self) -> NDArray[np.int64]:
        """Level-0 corner (x, y) of every patch that is run, (n, 2), rounded to whole pixels."""
        corners = self.grid.origins(self.run.rows, self.run.cols)
        rounded: NDArray[np.int64] = np.rint(corners * np.array(self.level.scale)).astype(np.int64)
        return rounded

    @property
    def reason(self) -> str | None:
        """What the dense evaluation saves, as the end of a sentence; None under overlap."""
        if self.lattice is None:
            return None
        return saving_words(dense_saving(self.lattice, self.grid.patch, self.grid.step))


def layout(
    request: MapRequest, slide: Slide, classifier: Classifier, clustering: Clustering, progress: Progress
) -> Layout:
    """Find the tissue and lay the patches over it.

    Raises
    ------
    DenseRefused
        If a dense evaluation is asked for that the layer doesn't allow.
    ModelError, SlideError, UsageError
        If layer, slide or geometry can't be used.
    """
    lattice = _lattice(request, classifier, clustering) if request.evaluation == "dense" else None
    level = VirtualLevel(slide, request.spacing, request.mpp, allow_upsampling=request.allow_upsampling)
    geometry = clustering.geometry
    tissue = tissue_mask(slide, request.mpp, progress)
    locations = patch_locations(classifier, request.layer, request.patch)
    grid = patch_grid(
        level.size, request.patch, request.step, request.trim, geometry.cell_stride, geometry.cell_centre, locations
    )
    kept = grid.kept(tissue, level.scale, request.min_tissue)
    patches = patch_plan(grid, kept, request.batch, request.block)
    run = patches
    if request.predictions:
        run = patch_plan(grid, _drawn(kept, request.predictions, request.seed or 0), request.batch, request.block)
    side = 0 if lattice is None else window_side(classifier, request.layer, lattice)
    return Layout(level, tissue, grid, patches, run, lattice, side)


def _lattice(request: MapRequest, classifier: Classifier, clustering: Clustering) -> Lattice:
    geometry = clustering.geometry
    told = Lattice(geometry.cell_stride, geometry.cell_centre, geometry.field)
    # A dense clustering's geometry is what the probe found in this very layer; another one may not be local.
    lattice = told if geometry.evaluation == "dense" else lattice_of(
        probe_reach(classifier, request.layer, request.rectify)
    )
    fault = dense_fault(lattice, request.patch)
    if lattice is None or fault is not None:
        raise DenseRefused(request.layer, str(fault))
    if (lattice.stride, lattice.centre) != (told.stride, told.centre):
        raise DenseRefused(request.layer, "the clustering lays its cells elsewhere than this layer's", "fit it again")
    return lattice


def _drawn(kept: NDArray[np.bool_], count: int, seed: int) -> NDArray[np.bool_]:
    """So many of the kept patches (rows, cols of the grid), at random."""
    chosen = np.zeros_like(kept)
    places = np.flatnonzero(kept)
    chosen.flat[np.random.default_rng(seed).permutation(places)[:count]] = True
    return chosen
