"""Mapping: one slide, one network, one clustering, to a cluster map on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview import __version__
from wsiview.clustering.clustering import Clustering
from wsiview.clustering.colors import class_color
from wsiview.errors import MapError
from wsiview.explain.alignment import check_gone_on_with
from wsiview.explain.blocks import compute_block
from wsiview.explain.patch_evaluator import PatchEvaluator
from wsiview.explain.planning import PatchPlan, patch_plan
from wsiview.explain.request import MapRequest
from wsiview.features.reach import patch_locations
from wsiview.geometry import Affine, Region
from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.plan import MapPlan
from wsiview.maps.store import MapWriter
from wsiview.models.bundle import Bundle
from wsiview.models.classifier import Classifier
from wsiview.progress import Progress
from wsiview.slide.slide import Slide
from wsiview.slide.virtual_level import VirtualLevel
from wsiview.tiling.patch_grid import PatchGrid, patch_grid
from wsiview.tiling.tissue import TissueMask, tissue_mask

Block = tuple[int, int]


@dataclass(frozen=True)
class Listener:
    """Who is told while a map grows: where it lies, and each block (row, column) as it is done."""

    opened: Callable[[Path], None] = lambda path: None
    block: Callable[[int, int], None] = lambda row, col: None


@dataclass(frozen=True)
class Outcome:
    """A finished map, and how many patches of it could not be read."""

    path: Path
    patches: int
    unreadable: int
    note: str | None


@dataclass(frozen=True)
class Layout:
    """Where a request's patches and cells lie on its slide."""

    level: VirtualLevel
    tissue: TissueMask
    grid: PatchGrid
    patches: PatchPlan

    @property
    def cell_to_level0(self) -> Affine:
        """Cell index (column, row) to the level-0 position of that cell's corner."""
        return self.grid.cells.cell_to_level0(self.level.scale)


def layout(
    request: MapRequest, slide: Slide, classifier: Classifier, clustering: Clustering, progress: Progress
) -> Layout:
    """Find the tissue and lay the patches over it."""
    level = VirtualLevel(slide, request.spacing, request.mpp, allow_upsampling=request.allow_upsampling)
    geometry = clustering.geometry
    tissue = tissue_mask(slide, request.mpp, progress)
    locations = patch_locations(classifier, request.layer, request.patch)
    grid = patch_grid(
        level.size, request.patch, request.step, request.trim, geometry.cell_stride, geometry.cell_centre, locations
    )
    kept = grid.kept(tissue, level.scale, request.min_tissue)
    return Layout(level, tissue, grid, patch_plan(grid, kept, request.batch, request.block))


def map_slide(
    request: MapRequest,
    slide: Slide,
    classifier: Classifier,
    clustering: Clustering,
    folder: Path,
    progress: Progress,
    listener: Listener | None = None,
    focus: Callable[[], Region | None] = lambda: None,
) -> Outcome:
    """Compute, or go on computing, the map of one slide; a finished one is left as it is.

    Parameters
    ----------
    folder
        Where the map's own folder goes.
    focus
        Asked before every block for the region that is being looked at, which is computed first.

    Raises
    ------
    SlideError, MapError, ModelError
        If the slide, the map's folder or the model can't be used; what was computed stays, and is gone on from.
    Cancelled
        When `progress` was cancelled.
    """
    listener = listener or Listener()
    path = folder / request.map_name()
    places = layout(request, slide, classifier, clustering, progress)
    if places.patches.n_patches == 0:
        raise MapError(
            f"no tissue was found on {slide.path.name}, so there is nothing to map; "
            "lower min_tissue in the model's config.json if there is some"
        )
    begun = path.exists()
    plan = map_plan(request, slide, classifier, clustering, places)
    with MapWriter.create_or_resume(path, plan) as writer:
        if begun:
            check_gone_on_with(
                ClusterMap.open(path), slide, places.grid, places.level.scale, places.tissue, request.min_tissue
            )
        listener.opened(path)
        todo = {(int(row), int(col)) for row, col in np.argwhere(~writer.done)}
        total = int(plan.covered_blocks().sum())  # glass was done before the work began
        with PatchEvaluator(request, classifier, clustering, places.level, places.grid, places.patches) as evaluator:
            while todo:
                progress.report("mapping", total - len(todo), total)
                block = next_block(todo, focus(), places.cell_to_level0, request.block)
                result = compute_block(evaluator, places.patches, clustering, request.saliency_names, block, progress)
                writer.write_block(*block, result)
                todo.remove(block)
                listener.block(*block)
        if not writer.complete:
            writer.finish()
        progress.report("mapping", total, total)
    unreadable = int(np.isnan(ClusterMap.open(path).logits[:, 0]).sum())
    return Outcome(path, places.patches.n_patches, unreadable, places.level.note)


def next_block(todo: set[Block], focus: Region | None, cell_to_level0: Affine, block: int) -> Block:
    """What is being looked at first, nearest to its middle; else by squares of 4 × 4 blocks, which share patches."""
    in_view = [place for place in todo if focus is not None and _region(place, cell_to_level0, block).intersects(focus)]
    if focus is not None and in_view:
        middle = focus.center

        def distance(place: Block) -> float:
            center = _region(place, cell_to_level0, block).center
            return (center.x - middle.x) ** 2 + (center.y - middle.y) ** 2

        return min(in_view, key=lambda place: (distance(place), place))
    return min(todo, key=lambda place: (place[0] // 4, place[1] // 4, place))


def _region(place: Block, cell_to_level0: Affine, block: int) -> Region:
    x, y = cell_to_level0.apply(place[1] * block, place[0] * block)
    return Region(x, y, cell_to_level0.a * block, cell_to_level0.d * block)


def map_plan(
    request: MapRequest, slide: Slide, classifier: Classifier, clustering: Clustering, places: Layout
) -> MapPlan:
    """What the map's store must know before the first block."""
    patches, scale = places.patches, places.level.scale
    stride = clustering.geometry.cell_stride
    return MapPlan(
        shape=patches.shape,
        block=patches.block,
        n_classes=clustering.n_classes,
        target_names=classifier.bundle.class_names,
        cell_to_level0=places.cell_to_level0,
        cell_microns=_cell_microns(request.mpp or slide.mpp, scale, stride),
        covered=patches.covered(),
        positions=positions(places),
        first_patch=patches.first_patch,
        saliency=request.saliency_names,
        class_names=clustering.letters,
        class_colors=tuple(class_color(index) for index in range(clustering.n_classes)),
        attributes=_attributes(request, slide, classifier.bundle, clustering, places),
    )


def positions(places: Layout) -> NDArray[np.int64]:
    """Level-0 corner (x, y) of every kept patch, (n, 2), rounded to whole pixels."""
    corners = places.grid.origins(places.patches.rows, places.patches.cols)
    rounded: NDArray[np.int64] = np.rint(corners * np.array(places.level.scale)).astype(np.int64)
    return rounded


def _cell_microns(
    mpp: tuple[float, float] | None, scale: tuple[float, float], stride: tuple[int, int]
) -> tuple[float, float] | None:
    if mpp is None:
        return None
    return stride[0] * scale[0] * mpp[0], stride[1] * scale[1] * mpp[1]


def _attributes(
    request: MapRequest, slide: Slide, bundle: Bundle, clustering: Clustering, places: Layout
) -> dict[str, Any]:
    scale, geometry, cells = places.level.scale, clustering.geometry, places.grid.cells

    normal = clustering.normal.get(request.evaluation)

    def level0(side_x: float, side_y: float) -> list[float]:
        return [side_x * scale[0], side_y * scale[1]]

    return {
        "slide": {
            "name": slide.name,
            "fingerprint": slide.fingerprint,
            "dimensions": [slide.dimensions.width, slide.dimensions.height],
            "mpp": list(request.mpp or slide.mpp or ()) or None,
        },
        "model": {
            "name": bundle.name,
            "fingerprint": bundle.fingerprint,
            "activation": bundle.activation,
            "threshold": bundle.threshold,
            "target": bundle.target,
            "linear_head": bundle.architecture in ("vgg-pool", "vgg16-gmp") or None,
        },
        "clustering": {
            "name": clustering.name,
            "fingerprint": clustering.fingerprint,
            "gram": clustering.gram.tolist(),
            "fitted_on_this_slide": slide.fingerprint in clustering.slides,
            "normal": None if normal is None else normal.to_json(),
        },
        "cells": {"stride": cells.stride, "centre": cells.centre, "locations": places.grid.locations},
        "parameters": {**request.parameters, "tissue": places.tissue.digest(), "scale": list(scale)},
        "digest": request.digest(),
        "software": f"wsiview {__version__}",
        "strength_scale": clustering.strength_scale,
        "patch_level0": level0(request.patch, request.patch),
        "label_region_level0": level0(request.label_region, request.label_region),
        "field_level0": level0(*geometry.field),
    }
