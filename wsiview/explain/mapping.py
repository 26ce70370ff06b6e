"""Mapping: one slide and one network, with one or several clusterings, to cluster maps on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from torch import Tensor

from wsiview.clustering.clustering import Clustering
from wsiview.errors import MapError
from wsiview.explain.alignment import check_gone_on_with
from wsiview.explain.block_order import next_blocks
from wsiview.explain.blocks import Blocks, OverlapBlocks, Place
from wsiview.explain.dense_blocks import DenseBlocks
from wsiview.explain.layout import Layout, layout
from wsiview.explain.map_plan import map_plan
from wsiview.explain.patch_evaluator import PatchEvaluator
from wsiview.explain.request import MapRequest
from wsiview.explain.write_behind import WriteBehind
from wsiview.features.dense import DenseLayer
from wsiview.features.evaluation import DenseRefused
from wsiview.features.head import fixed_channel_weights
from wsiview.features.projection import Projection
from wsiview.geometry import Region
from wsiview.heap import keep_memory
from wsiview.maps.cell_state import UNREADABLE
from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.store import BlockResult, MapWriter
from wsiview.models.classifier import Classifier
from wsiview.progress import Progress
from wsiview.slide.slide import Slide


@dataclass(frozen=True)
class Listener:
    """Who is told while a map grows: where it lies, and each block (row, column) once stored, on another thread."""

    opened: Callable[[Path], None] = lambda path: None
    block: Callable[[int, int], None] = lambda row, col: None


@dataclass(frozen=True)
class Outcome:
    """A finished map.

    Attributes
    ----------
    patches, unreadable
        Patches that the network ran whole, and how many of them could not be read.
    unreadable_cells
        Cells that show no class because what they see could not be read.
    note
        What differs from what was asked for, if anything.
    reason
        What the dense evaluation saves, as the end of a sentence; None under overlap.
    """

    path: Path
    patches: int
    unreadable: int
    note: str | None
    unreadable_cells: int = 0
    reason: str | None = None


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
    (outcome,) = map_together([request], slide, classifier, [clustering], folder, progress, listener, focus)
    if isinstance(outcome, MapError):
        raise outcome
    return outcome


def map_together(
    requests: Sequence[MapRequest],
    slide: Slide,
    classifier: Classifier,
    clusterings: Sequence[Clustering],
    folder: Path,
    progress: Progress,
    listener: Listener | None = None,
    focus: Callable[[], Region | None] = lambda: None,
) -> list[Outcome | MapError]:
    """Maps of one slide with several clusterings, the network run once for all; each is as if made alone.

    Parameters
    ----------
    requests, clusterings
        One each; the requests differ in their clustering only.

    Returns
    -------
    For each either the finished map, or why its folder could not be used; the others are made all the same.

    Raises
    ------
    As `map_slide`.
    """
    if len({request.work for request in requests}) != 1:
        raise ValueError("requests of different work can't be computed in one pass")
    listener, request = listener or Listener(), requests[0]
    places = layout(request, slide, classifier, clusterings[0], progress)
    if places.patches.n_patches == 0:
        raise MapError(
            f"no tissue was found on {slide.path.name}, so there is nothing to map; "
            "lower min_tissue in the model's config.json if there is some"
        )
    saliency = {} if places.lattice is None else _fixed_saliency(request, classifier)
    with ExitStack() as stack:
        opened = [
            _opened(stack, one, slide, classifier, clustering, places, folder)
            for one, clustering in zip(requests, clusterings, strict=True)
        ]
        writers = {index: one for index, one in enumerate(opened) if isinstance(one, MapWriter)}
        for writer in writers.values():
            listener.opened(writer.path)
        _fill(writers, request, classifier, clusterings, places, saliency, progress, listener, focus)
        for writer in writers.values():
            if not writer.complete:
                writer.finish()
    return [one if isinstance(one, MapError) else _outcome(one.path, places) for one in opened]


def _opened(
    stack: ExitStack,
    request: MapRequest,
    slide: Slide,
    classifier: Classifier,
    clustering: Clustering,
    places: Layout,
    folder: Path,
) -> MapWriter | MapError:
    """The writer of one map, given up with the stack; or why there is none."""
    path = folder / request.map_name()
    begun = path.exists()
    try:
        plan = map_plan(request, slide, classifier, clustering, places)
        writer = stack.enter_context(MapWriter.create_or_resume(path, plan))
        if begun:
            check_gone_on_with(
                ClusterMap.open(path), slide, places.grid, places.level.scale, places.tissue, request.min_tissue
            )
    except MapError as error:
        return error
    return writer


def _fill(
    writers: dict[int, MapWriter],
    request: MapRequest,
    classifier: Classifier,
    clusterings: Sequence[Clustering],
    places: Layout,
    saliency: dict[str, Tensor],
    progress: Progress,
    listener: Listener,
    focus: Callable[[], Region | None],
) -> None:
    """Compute every block that any of the maps lacks, for those that lack it."""
    lacking: dict[Place, list[int]] = {}
    for index, writer in writers.items():
        for row, col in np.argwhere(~writer.done):
            lacking.setdefault((int(row), int(col)), []).append(index)
    if not lacking:
        return
    todo = set(lacking)
    side, affine = request.block, places.cell_to_level0
    keep_memory()
    # Glass was done before the work began.
    total = _covered_blocks(places)

    def store(block: Place, results: dict[int, BlockResult]) -> None:
        for index, result in results.items():
            writers[index].write_block(*block, result)
        listener.block(*block)

    with _blocks(request, classifier, clusterings, places, saliency) as blocks, WriteBehind() as behind:
        while todo:
            progress.report("mapping", max(0, total - len(todo)), total)
            block, *then = next_blocks(todo, focus(), affine, side)
            todo.remove(block)
            results = blocks.compute(block, lacking[block], then, progress)
            behind.add(partial(store, block, dict(zip(lacking[block], results, strict=True))))
    progress.report("mapping", total, total)


def _covered_blocks(places: Layout) -> int:
    """Blocks with anything to compute."""
    covered, side = places.covered, places.patches.block
    down = np.logical_or.reduceat(covered, np.arange(0, covered.shape[0], side), axis=0)
    return int(np.logical_or.reduceat(down, np.arange(0, covered.shape[1], side), axis=1).sum())


@contextmanager
def _blocks(
    request: MapRequest,
    classifier: Classifier,
    clusterings: Sequence[Clustering],
    places: Layout,
    saliency: dict[str, Tensor],
) -> Iterator[Blocks]:
    """What evaluates the blocks of a request."""
    names = request.saliency_names
    with PatchEvaluator(request, classifier, clusterings, places.level, places.grid, places.run) as evaluator:
        if places.lattice is None:
            yield OverlapBlocks(evaluator, places.patches, clusterings, names)
            return
        layer = DenseLayer(classifier, request.layer, request.rectify, places.lattice, signed=request.signed)
        projection = Projection([one.class_vectors for one in clusterings], saliency, classifier.device)
        with DenseBlocks(layer, projection, places, clusterings, names, evaluator) as blocks:
            yield blocks


def _fixed_saliency(request: MapRequest, classifier: Classifier) -> dict[str, Tensor]:
    """Channel weights (C,) of each saliency map, which windows can only give where they are the same in every patch.

    Raises
    ------
    DenseRefused
        If they are not.
    """
    found: dict[str, Tensor] = {}
    for name in request.saliency_names:
        weights = fixed_channel_weights(
            classifier, request.layer, request.patch,
            rectify=request.rectify, signed=request.signed, target=request.target, contrast=request.contrast,
        )  # fmt: skip
        if weights is None:
            raise DenseRefused(
                request.layer,
                "above it is more than a pooling and one linear layer, so Grad-CAM weighs its channels anew in every "
                "patch",
                "use --evaluation overlap, or --saliency none",
            )
        found[name] = weights
    return found


def _outcome(path: Path, places: Layout) -> Outcome:
    found = ClusterMap.open(path)
    unreadable = int(np.isnan(found.logits[:, 0]).sum())
    cells = 0
    if places.lattice is not None:
        rows = range(0, found.shape[0], found.block_side)
        cells = sum(int((found.state(slice(row, row + found.block_side)) == UNREADABLE).sum()) for row in rows)
    return Outcome(path, places.run.n_patches, unreadable, places.level.note, cells, places.reason)
