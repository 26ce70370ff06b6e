"""Store: writes a map block by block, so that a process that dies at any moment loses no finished block."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from wsiview.errors import MapError
from wsiview.maps import lock
from wsiview.maps.block_result import BlockResult, PatchRows
from wsiview.maps.cell_state import COMPUTED, strongest
from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.creation import PATCH_ROWS, add_array, create
from wsiview.maps.facts import check_same_plan, read_facts
from wsiview.maps.faults import DamagedMap, reading
from wsiview.maps.levels import write_levels
from wsiview.maps.ome import level_shapes
from wsiview.maps.plan import MapPlan

if TYPE_CHECKING:
    import zarr

__all__ = ["BlockResult", "MapWriter", "PatchRows"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class MapWriter:
    """The one writer of a map; made by `create_or_resume`, given up by `close` or the end of its `with` block.

    Zarr (since 3.1.3) writes each chunk under a temporary name and renames it, so a file is old or new but never
    torn; the flag of a block is written after all its arrays. A block without flag is computed again and overwritten.
    """

    def __init__(self, path: Path, plan: MapPlan, held: lock.Lock | None) -> None:
        """Use `create_or_resume`."""
        import zarr
        from zarr.storage import LocalStore

        self.path, self._plan, self._lock = path, plan, held
        with reading(path, "zarr.json"):
            self._root = zarr.open_group(LocalStore(path, read_only=held is None), mode="r" if held is None else "r+")
        self._arrays: dict[str, zarr.Array[Any]] = {}
        with reading(path, "done"):
            self._done = np.asarray(self._array("done")[:], bool)
        if self._done.shape != plan.block_grid:
            raise DamagedMap(path, "its done flags have the wrong shape")
        self.complete = read_facts(path).complete

    @classmethod
    def create_or_resume(cls, path: Path, plan: MapPlan) -> MapWriter:
        """Begin the map at `path`, or go on with the one that is there.

        A complete map is not locked, since nothing will be written to it.

        Raises
        ------
        NotAMap, NewerMap, DamagedMap
            If something else is there; it is left as it is.
        MapMismatch
            If another plan began the map that is there.
        MapLocked
            If another live process writes it.
        MapError
            If the folder can't be written.
        """
        path = Path(path)
        with _writing(path):
            held = None if path.exists() else create(path, plan)
        try:
            if held is None:
                found = read_facts(path)
                check_same_plan(path, found, plan.facts())
                with ClusterMap(path, found) as view:
                    view.check_whole()
                if not found.complete:
                    with _writing(path):
                        held = lock.take(path / lock.NAME, path)
                        _clear_partial(path)
            return cls(path, plan, held)
        except BaseException:
            if held is not None:
                held.release()
            raise

    @property
    def done(self) -> NDArray[np.bool_]:
        """Which blocks are done, (block rows, block cols); a copy."""
        return self._done.copy()

    def write_block(self, row: int, col: int, result: BlockResult) -> None:
        """Store one block: its arrays first, its flag last.

        Raises
        ------
        MapError
            If it can't be written, or the map's folder is gone; the block then counts as not computed.
        """
        rows, cols = self._plan.block_slices(row, col)
        self._check_shapes(result, (rows.stop - rows.start, cols.stop - cols.start))
        with self._ours():
            labels = np.where(result.state == COMPUTED, strongest(result.weights), 0).astype(np.uint8)
            self._array("0")[:, rows, cols] = result.weights
            self._array("labels/argmax/0")[rows, cols] = labels
            self._array("state")[rows, cols] = result.state
            self._array("residual")[rows, cols] = result.residual
            for name, values in result.saliency.items():
                self._array(f"saliency/{name}")[rows, cols] = values
            self._write_patches(self._plan.patches(row, col), result.patches)
            flags = self.done
            flags[row, col] = True
            self._array("done")[:] = flags.astype(np.uint8)
        self._done = flags

    def finish(self) -> None:
        """Write the coarser levels and mark the map complete; again after a crash, if need be.

        Raises
        ------
        MapError
            If it can't be written.
        ValueError
            If a block is missing.
        """
        if not self._done.all():
            raise ValueError(f"{int((~self._done).sum())} blocks of {self.path} are not done")
        if self.complete:
            return
        with self._ours():
            write_levels(self._root, len(level_shapes(self._plan.shape, self._plan.block)), self._plan.block)
            ours = self._root.attrs["wsiview"]
            assert isinstance(ours, dict)
            self._root.update_attributes({"wsiview": {**ours, "complete": True}})
        self.complete = True

    def close(self) -> None:
        """Give the lock up; nothing is buffered, so nothing is lost."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _write_patches(self, place: slice, patches: PatchRows) -> None:
        if place.start == place.stop:
            return
        self._array("prediction/logit")[place] = patches.logits
        for name, values in patches.statistics.items():
            self._statistic(name, values.shape[1:])[place] = values

    def _statistic(self, name: str, tail: tuple[int, ...]) -> zarr.Array[Any]:
        """The table of a statistic, made when it is first written."""
        path = f"prediction/{name}"
        if path not in self._arrays and path not in self._root:
            shape: tuple[int, ...] = (len(self._plan.positions), *tail)
            chunks: tuple[int, ...] = (PATCH_ROWS, *tail)
            self._arrays[path] = add_array(self._root, path, shape, chunks, "float32", float("nan"))
        return self._array(path)

    def _array(self, name: str) -> zarr.Array[Any]:
        import zarr

        if name not in self._arrays:
            found = self._root[name]
            if not isinstance(found, zarr.Array):
                raise TypeError(name)
            self._arrays[name] = found
        return self._arrays[name]

    def _check_shapes(self, result: BlockResult, shape: tuple[int, int]) -> None:
        cube = (self._plan.n_classes, *shape)
        maps: list[NDArray[Any]] = [result.state, result.residual, *result.saliency.values()]
        if result.weights.shape != cube or any(values.shape != shape for values in maps):
            raise ValueError(f"a block of {cube} is wanted, not of {result.weights.shape}")
        if set(result.saliency) != set(self._plan.saliency):
            raise ValueError(f"the saliency maps {self._plan.saliency} are wanted, not {tuple(result.saliency)}")

    @contextmanager
    def _ours(self) -> Iterator[None]:
        """Writing, while the lock is ours and the folder where it was: zarr would quietly make half of a new one."""
        if self._lock is None:
            raise ValueError(f"{self.path} is closed or complete, and not written to")
        with _writing(self.path):
            if not self._lock.is_held():
                raise MapError(
                    f"the map {self.path} was moved, deleted or taken over while it was being written; "
                    "map the slide again"
                )
            yield


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn what the file system says into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            reason, remedy = "the disk is full", "make room and map again: it goes on where it stopped"
        elif error.errno in _FORBIDDEN:
            reason, remedy = "its folder may not be written to", "choose another folder for maps"
        else:
            reason, remedy = error.strerror or str(error), "check the folder and its disk, and map again"
        raise MapError(f"the map {path} can't be written ({reason}); {remedy}") from error


def _clear_partial(path: Path) -> None:
    """Remove what a killed writer was writing under a temporary name."""
    for leftover in path.rglob("*.partial"):
        leftover.unlink(missing_ok=True)
