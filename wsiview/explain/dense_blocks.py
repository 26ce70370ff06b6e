"""Dense blocks: windows over one block of cells, each location once, and the sampled patches that belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from wsiview.clustering.clustering import Clustering
from wsiview.explain.blocks import Place, explained_projections, own_rows
from wsiview.explain.layout import Layout
from wsiview.explain.patch_evaluator import PatchEvaluator
from wsiview.explain.read_ahead import ReadAhead
from wsiview.explain.window_pixels import WindowPixels, read_window
from wsiview.features.dense import DenseLayer
from wsiview.features.projection import Projection
from wsiview.maps.cell_state import COMPUTED, OUTSIDE, UNREADABLE
from wsiview.maps.store import BlockResult, PatchRows
from wsiview.progress import Progress
from wsiview.tiling.lattice import Cells


class _BlockNumbers:
    """What the windows of one block give, (h, w, …) in float64."""

    def __init__(self, covered: NDArray[np.bool_], clusterings: Sequence[Clustering], saliency: Sequence[str]) -> None:
        self.classes = [np.zeros((*covered.shape, one.n_classes)) for one in clusterings]
        self.square = np.zeros(covered.shape)
        self.saliency = {name: np.zeros(covered.shape) for name in saliency}
        self.state = np.where(covered, COMPUTED, OUTSIDE).astype(np.uint8)

    def result(self, index: int, clustering: Clustering, patches: PatchRows) -> BlockResult:
        """Exact weights, residual and saliency where computed, 0 elsewhere."""
        there = self.state == COMPUTED
        weights = np.zeros((clustering.n_classes, *there.shape), np.float32)
        residual = np.zeros(there.shape, np.float32)
        found, left = explained_projections(self.classes[index][there], self.square[there], clustering.gram)
        weights[:, there], residual[there] = found.T, left
        saliency = {name: np.where(there, values, 0).astype(np.float32) for name, values in self.saliency.items()}
        return BlockResult(weights, self.state, residual, saliency, patches)


class DenseBlocks:
    """Blocks by windows of a slide-wide lattice; a context, since it reads ahead on a thread.

    Parameters
    ----------
    evaluator
        Of the sampled patches, `places.run`.
    """

    def __init__(
        self,
        layer: DenseLayer,
        projection: Projection,
        places: Layout,
        clusterings: Sequence[Clustering],
        saliency: tuple[str, ...],
        evaluator: PatchEvaluator,
    ) -> None:
        self._layer, self._projection, self._places = layer, projection, places
        self._clusterings, self._saliency, self._evaluator = clusterings, saliency, evaluator
        self._ahead: ReadAhead[Cells, WindowPixels] = ReadAhead(self._read, "window-reader")

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the thread."""
        self._ahead.__exit__(kind, error, trace)

    def compute(self, place: Place, wanted: Sequence[int], then: Place | None, progress: Progress) -> list[BlockResult]:
        """One block for the clusterings `wanted`, by number; `then` is the block that will probably be next.

        Raises
        ------
        SlideError, ModelError
            If the slide has gone, or the layer gives what can't be used.
        Cancelled
            When `progress` was cancelled.
        """
        top, left = self._corner(place)
        numbers = _BlockNumbers(self._covered(place), self._clusterings, self._saliency)
        windows = self._windows(place)
        following = [] if then is None else self._windows(then)[:1]
        for window, after in zip(windows, [*windows[1:], *following, None], strict=False):
            progress.check()
            self._add(numbers, window, after, (top, left))
        rows = self._rows(place, progress)
        return [numbers.result(index, self._clusterings[index], rows[index]) for index in wanted]

    def _add(self, numbers: _BlockNumbers, window: Cells, after: Cells | None, corner: Place) -> None:
        read = self._ahead.get(window)
        if after is not None:
            self._ahead.expect(after)
        found = self._projection(self._layer.features(read.pixels, window))
        row, col = window.row - corner[0], window.col - corner[1]
        part = np.s_[row : row + window.rows, col : col + window.cols]
        for whole, values in zip(numbers.classes, found.classes, strict=True):
            whole[part] = values
        numbers.square[part] = found.square
        for name, values in found.saliency.items():
            numbers.saliency[name][part] = values
        if read.damaged is not None:
            bad = self._layer.lattice.blemished(window, read.damaged)
            state = numbers.state[part]
            state[bad & (state == COMPUTED)] = UNREADABLE

    def _rows(self, place: Place, progress: Progress) -> list[PatchRows]:
        """The block's own sampled patches, run whole."""
        own = self._places.run.own(*place)
        rows: list[list[PatchRows]] = [[] for _ in self._clusterings]
        for number in self._evaluator.batches_of(np.arange(own.start, own.stop)):
            progress.check()
            for part, found in zip(rows, own_rows(self._evaluator.batch(number), own), strict=True):
                part.extend(found)
        return [PatchRows.joined(parts) for parts in rows]

    def _windows(self, place: Place) -> list[Cells]:
        """The block's windows, in cells of the slide."""
        top, left = self._corner(place)
        inside = self._layer.lattice.windows(self._covered(place))
        return [Cells(top + one.row, left + one.col, one.rows, one.cols) for one in inside]

    def _covered(self, place: Place) -> NDArray[np.bool_]:
        top, left = self._corner(place)
        side = self._places.patches.block
        return self._places.covered[top : top + side, left : left + side]

    def _corner(self, place: Place) -> Place:
        return place[0] * self._places.patches.block, place[1] * self._places.patches.block

    def _read(self, window: Cells) -> WindowPixels:
        return read_window(self._places.level, *self._layer.lattice.pixels(window))
