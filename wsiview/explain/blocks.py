"""Blocks: the feature vectors of all patches over one block of cells, averaged and turned into class weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wsiview.clustering.clustering import Clustering
from wsiview.clustering.nnls import class_weights
from wsiview.explain.patch_evaluator import BatchResult, PatchEvaluator
from wsiview.explain.planning import PatchPlan
from wsiview.maps.cell_state import COMPUTED, OUTSIDE, UNREADABLE
from wsiview.maps.store import BlockResult, PatchRows
from wsiview.progress import Progress

Place = tuple[int, int]
"""Row and column of a block."""


class Blocks(Protocol):
    """One way to evaluate a block of cells."""

    def compute(
        self, place: Place, wanted: Sequence[int], then: Sequence[Place], progress: Progress
    ) -> list[BlockResult]:
        """The block for the clusterings `wanted`, by number; those in `then` will probably be next, in that order.

        Raises
        ------
        SlideError, ModelError
            If the slide has gone, or the layer gives what can't be used.
        Cancelled
            When `progress` was cancelled.
        """
        ...


class BlockSums:
    """Sums of features and saliency over one block, in float64, added in the order of the patches.

    Only this block's sums are ever held: a block of 64 × 64 cells with 512 channels takes 17 MB.
    """

    def __init__(self, plan: PatchPlan, row: int, col: int, channels: int, saliency: tuple[str, ...]) -> None:
        self._plan = plan
        self.top, self.left = row * plan.block, col * plan.block
        self.height = min(plan.block, plan.shape[0] - self.top)
        self.width = min(plan.block, plan.shape[1] - self.left)
        self.features = np.zeros((self.height, self.width, channels))
        self.saliency = {name: np.zeros((self.height, self.width)) for name in saliency}
        self.count = np.zeros((self.height, self.width), np.int32)
        self.wanted = np.zeros((self.height, self.width), bool)

    def add(self, patch: int, result: BatchResult) -> None:
        """Add one patch of a batch where it lies over the block."""
        index = patch - result.first
        row, col = int(self._plan.cell_rows[patch]) - self.top, int(self._plan.cell_cols[patch]) - self.left
        rows = slice(max(row, 0), min(row + self._plan.side[0], self.height))
        cols = slice(max(col, 0), min(col + self._plan.side[1], self.width))
        self.wanted[rows, cols] = True
        if not result.readable[index]:
            return
        of_patch = np.s_[index, rows.start - row : rows.stop - row, cols.start - col : cols.stop - col]
        self.features[rows, cols] += result.features[of_patch]
        for name, sums in self.saliency.items():
            sums[rows, cols] += result.saliency[name][of_patch]
        self.count[rows, cols] += 1

    def result(self, clustering: Clustering, patches: PatchRows) -> BlockResult:
        """Mean feature vectors to exact weights, residual and state of every cell."""
        count = np.maximum(self.count, 1)
        vectors = (self.features / count[..., None]).reshape(-1, self.features.shape[-1])
        weights, residual = explained(vectors, clustering)
        shape = self.height, self.width
        state = np.full(shape, OUTSIDE, np.uint8)
        state[self.wanted] = UNREADABLE
        state[self.count > 0] = COMPUTED
        return BlockResult(
            weights=np.ascontiguousarray(weights.reshape(*shape, -1).transpose(2, 0, 1), np.float32),
            state=state,
            residual=residual.reshape(shape).astype(np.float32),
            saliency={name: (sums / count).astype(np.float32) for name, sums in self.saliency.items()},
            patches=patches,
        )


def explained(vectors: NDArray[np.float64], clustering: Clustering) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Exact weights (n, K) of feature vectors (n, C), and the share of each vector that no class explains, (n,)."""
    projections = vectors @ clustering.class_vectors.T.astype(np.float64)
    return explained_projections(projections, np.einsum("nc,nc->n", vectors, vectors), clustering.gram)


def explained_projections(
    projections: NDArray[np.float64], square: NDArray[np.float64], gram: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Exact weights (n, K) from b = v Hᵀ (n, K), and from ‖v‖² (n,) the share that no class explains, (n,)."""
    weights = class_weights(projections, gram)
    unexplained = square - 2 * (weights * projections).sum(1) + ((weights @ gram) * weights).sum(1)
    residual = np.divide(unexplained, square, out=np.zeros_like(square), where=square > 0)
    return weights, np.clip(residual, 0, 1)


class OverlapBlocks:
    """Blocks by overlapping patches, as the paper does it: every patch that reaches into a block, in a fixed order."""

    def __init__(
        self, evaluator: PatchEvaluator, plan: PatchPlan, clusterings: Sequence[Clustering], saliency: tuple[str, ...]
    ) -> None:
        self._evaluator, self._plan, self._clusterings, self._saliency = evaluator, plan, clusterings, saliency

    def compute(
        self, place: Place, wanted: Sequence[int], then: Sequence[Place], progress: Progress
    ) -> list[BlockResult]:
        """See `Blocks`; a batch of the first of `then` is read ahead."""
        patches, own = self._plan.reaching(*place), self._plan.own(*place)
        sums = BlockSums(self._plan, *place, self._clusterings[0].n_channels, self._saliency)
        batches = self._evaluator.batches_of(patches)
        following: list[int] = []
        if then:
            later = self._evaluator.batches_of(self._plan.reaching(*then[0]))
            following = [number for number in later if number not in batches and not self._evaluator.holds(number)][:1]
        rows: list[list[PatchRows]] = [[] for _ in self._clusterings]
        start = 0
        for number, after in zip(batches, [*batches[1:], *following, None], strict=False):
            progress.check()
            result = self._evaluator.batch(number, after)
            last = result.first + len(result.readable)
            while start < len(patches) and patches[start] < last:
                sums.add(int(patches[start]), result)
                start += 1
            for part, found in zip(rows, own_rows(result, own), strict=True):
                part.extend(found)
        return [sums.result(self._clusterings[index], PatchRows.joined(rows[index])) for index in wanted]


def own_rows(result: BatchResult, own: range) -> list[list[PatchRows]]:
    """The rows of a batch that belong to a block's own patches, of each clustering: one part, or none."""
    first, last = result.first, result.first + len(result.readable)
    if first >= own.stop or last <= own.start:
        return [[] for _ in result.rows]
    return [[rows.part(max(own.start - first, 0), min(own.stop, last) - first)] for rows in result.rows]
