"""Dense blocks: what windows give of one block of cells, each location once, and its sampled patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from wsiview.cache import Cache
from wsiview.clustering.clustering import Clustering
from wsiview.explain.blocks import Place, explained_projections, own_rows
from wsiview.explain.layout import Layout
from wsiview.explain.patch_evaluator import PatchEvaluator
from wsiview.explain.read_ahead import ReadAhead
from wsiview.explain.window_pixels import WindowPixels, read_window
from wsiview.features.dense import DenseLayer
from wsiview.features.projection import Projection, Projections
from wsiview.heap import Slack
from wsiview.maps.cell_state import COMPUTED, OUTSIDE, UNREADABLE
from wsiview.maps.store import BlockResult, PatchRows
from wsiview.progress import Progress
from wsiview.tiling.lattice import Cells
from wsiview.tiling.windows import windows

_AHEAD = 3  # windows that are read ahead: a small one is computed faster than a large one is read
_SLACK_BYTES = 256 * 2**20  # that outputs of many sizes may leave unused; what is kept makes the next ones quick
_KEPT_BYTES = 64 * 2**20  # numbers of finished windows, for the other blocks that they reach into


@dataclass(frozen=True, eq=False)
class _Finished:
    """What one window gives, and which of its cells see damage (rows, cols); None for none."""

    numbers: Projections
    blemished: NDArray[np.bool_] | None

    @property
    def nbytes(self) -> int:
        numbers = self.numbers
        return sum(part.nbytes for part in (*numbers.classes, numbers.square, *numbers.saliency.values()))


class _BlockNumbers:
    """What the windows of one block give, (h, w, …) in float64."""

    def __init__(self, covered: NDArray[np.bool_], clusterings: Sequence[Clustering], saliency: Sequence[str]) -> None:
        self.classes = [np.zeros((*covered.shape, one.n_classes)) for one in clusterings]
        self.square = np.zeros(covered.shape)
        self.saliency = {name: np.zeros(covered.shape) for name in saliency}
        self.state = np.where(covered, COMPUTED, OUTSIDE).astype(np.uint8)

    def add(self, window: Cells, found: _Finished, corner: Place) -> None:
        """Take what of a window lies over the block whose first cell is `corner`."""
        height, width = self.state.shape
        rows, theirs_down = _shared(window.row - corner[0], window.rows, height)
        cols, theirs_across = _shared(window.col - corner[1], window.cols, width)
        for whole, values in zip(self.classes, found.numbers.classes, strict=True):
            whole[rows, cols] = values[theirs_down, theirs_across]
        self.square[rows, cols] = found.numbers.square[theirs_down, theirs_across]
        for name, values in found.numbers.saliency.items():
            self.saliency[name][rows, cols] = values[theirs_down, theirs_across]
        if found.blemished is not None:
            state = self.state[rows, cols]
            state[found.blemished[theirs_down, theirs_across] & (state == COMPUTED)] = UNREADABLE

    def result(self, index: int, clustering: Clustering, patches: PatchRows) -> BlockResult:
        """Exact weights, residual and saliency where computed, 0 elsewhere."""
        there = self.state == COMPUTED
        weights = np.zeros((clustering.n_classes, *there.shape), np.float32)
        residual = np.zeros(there.shape, np.float32)
        found, left = explained_projections(self.classes[index][there], self.square[there], clustering.gram)
        weights[:, there], residual[there] = found.T, left
        saliency = {name: np.where(there, values, 0).astype(np.float32) for name, values in self.saliency.items()}
        return BlockResult(weights, self.state, residual, saliency, patches)


def _shared(start: int, length: int, count: int) -> tuple[slice, slice]:
    """Where `length` cells that begin at `start` lie on `count` cells, and which part of them does."""
    first, last = max(start, 0), min(start + length, count)
    return slice(first, last), slice(first - start, last - start)


def _meet(first: int, count: int, other: int, length: int) -> bool:
    return first < other + length and other < first + count


class DenseBlocks:
    """Blocks by windows of a slide-wide lattice; a context, since it reads ahead on a thread.

    Windows may reach into several blocks: they are laid over areas of the slide that are fixed for the whole map, so
    that a block has the same bits whichever blocks were computed before it, and what they give is kept for the others.

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
        self._finished: Cache[Cells, _Finished] = Cache(_KEPT_BYTES)
        self._areas: dict[Place, list[Cells]] = {}
        self._side = places.window_side
        self._slack = Slack(_SLACK_BYTES)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the thread."""
        self._ahead.__exit__(kind, error, trace)

    def compute(
        self, place: Place, wanted: Sequence[int], then: Sequence[Place], progress: Progress
    ) -> list[BlockResult]:
        """See `Blocks`; the windows of `then` are read ahead."""
        numbers = _BlockNumbers(self._covered(place), self._clusterings, self._saliency)
        corner, reaching = self._corner(place), self._windows(place)
        following = [one for later in then for one in self._windows(later)]
        coming = [one for one in dict.fromkeys([*reaching, *following]) if one not in self._finished]
        self._expect(coming)
        for window in reaching:
            progress.check()
            if window in coming:
                coming.remove(window)
            numbers.add(window, self._of(window, coming), corner)
        rows = self._rows(place, progress)
        return [numbers.result(index, self._clusterings[index], rows[index]) for index in wanted]

    def _of(self, window: Cells, coming: Sequence[Cells]) -> _Finished:
        """What a window gives, computed or still kept; those that are `coming` are read meanwhile."""
        if (kept := self._finished.get(window)) is not None:
            return kept
        self._slack.check()
        read = self._ahead.get(window)
        self._expect(coming)
        numbers = self._projection(self._layer.features(read.pixels, window))
        bad = None if read.damaged is None else self._layer.lattice.blemished(window, read.damaged)
        found = _Finished(numbers, bad)
        self._finished.put(window, found, found.nbytes)
        return found

    def _expect(self, coming: Sequence[Cells]) -> None:
        for window in coming[:_AHEAD]:
            self._ahead.expect(window)

    def _rows(self, place: Place, progress: Progress) -> list[PatchRows]:
        """The block's own sampled patches, run whole."""
        own = self._places.run.own(*place)
        rows: list[list[PatchRows]] = [[] for _ in self._clusterings]
        batches = self._evaluator.batches_of(np.arange(own.start, own.stop))
        for number, after in zip(batches, [*batches[1:], None], strict=False):
            progress.check()
            for part, found in zip(rows, own_rows(self._evaluator.batch(number, after), own), strict=True):
                part.extend(found)
        return [PatchRows.joined(parts) for parts in rows]

    def _windows(self, place: Place) -> list[Cells]:
        """The windows that reach into a block, in cells of the slide."""
        (top, left), side, area = self._corner(place), self._places.patches.block, self._side
        return [
            window
            for row in range(top // area * area, top + side, area)
            for col in range(left // area * area, left + side, area)
            for window in self._area(row, col)
            if _meet(window.row, window.rows, top, side) and _meet(window.col, window.cols, left, side)
        ]

    def _area(self, row: int, col: int) -> list[Cells]:
        """The windows of one area, in cells of the slide."""
        if (row, col) not in self._areas:
            part = self._places.covered[row : row + self._side, col : col + self._side]
            self._areas[row, col] = [
                Cells(row + one.row, col + one.col, one.rows, one.cols)
                for one in windows(self._layer.lattice, part, self._side)
            ]
        return self._areas[row, col]

    def _covered(self, place: Place) -> NDArray[np.bool_]:
        top, left = self._corner(place)
        side = self._places.patches.block
        return self._places.covered[top : top + side, left : left + side]

    def _corner(self, place: Place) -> Place:
        return place[0] * self._places.patches.block, place[1] * self._places.patches.block

    def _read(self, window: Cells) -> WindowPixels:
        return read_window(self._places.level, *self._layer.lattice.pixels(window))
