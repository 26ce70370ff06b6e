"""Patch evaluator: what the network makes of a slide's patches, batch by batch, kept while neighbours need it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.analysis.patch_statistics import per_patch
from wsiview.cache import Cache
from wsiview.clustering.clustering import Clustering
from wsiview.clustering.nnls import class_weights
from wsiview.explain.patch_pixels import read_patches
from wsiview.explain.planning import PatchPlan
from wsiview.explain.read_ahead import ReadAhead
from wsiview.explain.request import MapRequest
from wsiview.features.overlap import patch_features
from wsiview.maps.store import PatchRows
from wsiview.models.classifier import Classifier
from wsiview.slide.virtual_level import VirtualLevel
from wsiview.tiling.patch_grid import PatchGrid

_KEPT_BYTES = 384 * 2**20  # features of finished batches, for the blocks to the right and below
Origin = Callable[[int, int], tuple[int, int]]


@dataclass(frozen=True)
class BatchResult:
    """The patches `first`, `first + 1`, … of the plan.

    Attributes
    ----------
    features
        Trimmed feature vectors, float32 (n, side, side, C); zero where unreadable.
    saliency
        Signed trimmed maps by name, float32 (n, side, side).
    readable
        Whether the patch's pixels could be read, (n,).
    rows
        What is stored of each patch by itself, for each clustering.
    """

    first: int
    features: NDArray[np.float32]
    saliency: dict[str, NDArray[np.float32]]
    readable: NDArray[np.bool_]
    rows: tuple[PatchRows, ...]


class PatchEvaluator:
    """Runs the network over batches of a fixed make-up, so that a patch has the same result whoever asks, and when.

    The pixels of the batch that is likely to be asked for next are read while the network runs.
    """

    def __init__(
        self,
        request: MapRequest,
        classifier: Classifier,
        clusterings: Sequence[Clustering],
        level: VirtualLevel,
        grid: PatchGrid,
        plan: PatchPlan,
    ) -> None:
        self._request, self._classifier, self._clusterings = request, classifier, clusterings
        self._level, self._grid, self._plan = level, grid, plan
        self._kept: Cache[int, BatchResult] = Cache(_KEPT_BYTES)
        self._ahead: ReadAhead[int, tuple[NDArray[np.uint8], NDArray[np.bool_]]] = ReadAhead(self._read, "patch-reader")
        self.computed = 0

    def __enter__(self) -> PatchEvaluator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ahead.__exit__(kind, error, trace)

    def batches_of(self, patches: NDArray[np.int64]) -> list[int]:
        """Numbers of the batches that hold these patches, ascending."""
        return [int(number) for number in np.unique(patches // self._request.batch)]

    def batch(self, number: int, then: int | None = None) -> BatchResult:
        """One batch, computed or still kept; `then` is read ahead meanwhile.

        Raises
        ------
        SlideVanished
            If the slide itself has gone; a part that can't be read only marks its patches.
        """
        if (kept := self._kept.get(number)) is not None:
            return kept
        pixels, readable = self._ahead.get(number)
        if then is not None and not self.holds(then):
            self._ahead.expect(then)
        result = self._compute(number * self._request.batch, pixels, readable)
        self._kept.put(number, result, result.features.nbytes)
        return result

    def holds(self, number: int) -> bool:
        """Whether a batch's result is still kept."""
        return number in self._kept

    def _read(self, number: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        side = self._request.patch
        first = number * self._request.batch
        patches = range(first, min(first + self._request.batch, self._plan.n_patches))
        corners = [self._grid.origin(int(self._plan.rows[patch]), int(self._plan.cols[patch])) for patch in patches]
        return read_patches(self._level, np.array(corners, np.int64), side)

    def _compute(self, first: int, pixels: NDArray[np.uint8], readable: NDArray[np.bool_]) -> BatchResult:
        request, trim = self._request, self._request.trim
        found = patch_features(
            self._classifier, request.layer, pixels,
            rectify=request.rectify, signed=request.signed, batch=request.batch,
            target=request.target if request.saliency else None, contrast=request.contrast,
        )  # fmt: skip
        self.computed += 1
        height, width = found.activations.shape[1:3]
        inner = np.s_[:, trim : height - trim, trim : width - trim]
        features = np.ascontiguousarray(found.activations[inner])
        features[~readable] = 0
        saliency: dict[str, NDArray[np.float32]] = {}
        for name in request.saliency_names:
            assert found.grad_cam is not None
            saliency[name] = np.where(readable[:, None, None], found.grad_cam[inner], 0).astype(np.float32)
        rows = tuple(self._rows(one, features, saliency, found.logits, readable) for one in self._clusterings)
        return BatchResult(first, features, saliency, readable, rows)

    def _rows(
        self,
        clustering: Clustering,
        features: NDArray[np.float32],
        saliency: dict[str, NDArray[np.float32]],
        logits: NDArray[np.float32],
        readable: NDArray[np.bool_],
    ) -> PatchRows:
        """What is stored of each patch by itself: its logits and the statistics of the paper's analyses."""
        vectors = features.reshape(-1, features.shape[-1]).astype(np.float64)
        weights = class_weights(vectors @ clustering.class_vectors.T.astype(np.float64), clustering.gram)
        weights = weights.reshape(*features.shape[:3], -1)
        statistics: dict[str, NDArray[Any]] = per_patch(weights, saliency)
        statistics = {name: _lost(values, readable) for name, values in statistics.items()}
        return PatchRows(_lost(logits, readable), statistics)


def _lost(values: NDArray[Any], readable: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The values as float32, NaN for patches that could not be read."""
    kept = values.astype(np.float32)
    kept[~readable] = np.nan
    return kept
