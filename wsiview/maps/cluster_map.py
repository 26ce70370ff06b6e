"""Cluster map: the K class weights over one slide, with everything stored beside them, read as they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from wsiview.errors import MapError
from wsiview.geometry import Affine, Size
from wsiview.maps.cell_state import COMPUTED
from wsiview.maps.facts import MapFacts, read_facts
from wsiview.maps.faults import DamagedMap, MapMismatch, reading
from wsiview.maps.plan import block_slices

if TYPE_CHECKING:
    import zarr

ALL = slice(None)


@dataclass(frozen=True, eq=False)
class BlockView:
    """One block of h × w cells as it lies on disk: weights (K, h, w), the others (h, w)."""

    weights: NDArray[np.float32]
    state: NDArray[np.uint8]
    argmax: NDArray[np.uint8]
    residual: NDArray[np.float32]
    saliency: dict[str, NDArray[np.float32]]


class ClusterMap:
    """A read-only view of a map, complete or growing; opened by `open`.

    Opening reads one small file; arrays are found when first asked for and read from disk every time, so that what
    another process writes is seen. Reading may go on in several threads.
    """

    def __init__(self, path: Path, facts: MapFacts) -> None:
        """Use `open`."""
        self.path, self.facts = path, facts
        self._arrays: dict[str, zarr.Array[Any]] = {}
        self._root: zarr.Group | None = None
        self._first_patch: NDArray[np.int64] | None = None

    @classmethod
    def open(cls, path: Path | str) -> ClusterMap:
        """Open the map at `path`: its folder, or one .ozx file.

        Raises
        ------
        NotAMap, NewerMap, DamagedMap, MapError
            If it can't be read, with the reason.
        """
        path = Path(path)
        return cls(path, read_facts(path))

    def close(self) -> None:
        """Let go of the file (an .ozx stays open otherwise); the view can't be read afterwards."""
        if self._root is not None:
            self._root.store.close()
            self._root = None
        self._arrays.clear()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    @property
    def attributes(self) -> dict[str, Any]:
        """The map's `wsiview` attributes: slide, model, clustering, parameters, software and so on."""
        return self.facts.attributes

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return self.facts.shape

    @property
    def block_side(self) -> int:
        """Cells on a side of a block."""
        return self.facts.block

    @property
    def block_grid(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        return self.facts.block_grid

    @property
    def n_classes(self) -> int:
        """K."""
        return self.facts.n_classes

    @property
    def cell_to_level0(self) -> Affine:
        """Cell index (column, row) to the level-0 position of that cell's corner."""
        return self.facts.cell_to_level0

    @property
    def target_names(self) -> tuple[str, ...]:
        """The model's outputs."""
        return self.facts.target_names

    @property
    def saliency_names(self) -> tuple[str, ...]:
        """The saliency maps, as "method/target"."""
        return self.facts.saliency

    @property
    def strength_scale(self) -> float:
        """The weight that is shown at full strength."""
        return float(self.attributes.get("strength_scale") or 1.0)

    @property
    def complete(self) -> bool:
        """Whether the map was finished when it was opened."""
        return self.facts.complete

    @property
    def digest(self) -> str:
        """The digest of the request that made the map, empty where it is not recorded."""
        return str(self.attributes.get("digest") or "")

    def done(self) -> NDArray[np.bool_]:
        """Which blocks are done by now, (block rows, block cols)."""
        return self._read("done", ALL).astype(bool)

    def block_slices(self, row: int, col: int) -> tuple[slice, slice]:
        """The cells of block (row, col): rows and columns."""
        return block_slices(self.shape, self.block_side, row, col)

    def block(self, row: int, col: int) -> BlockView:
        """Everything of one block; only what `done` says is done holds numbers."""
        rows, cols = self.block_slices(row, col)
        state = self.state(rows, cols)
        if not (state == COMPUTED).any():  # most of a slide is glass
            nothing = np.zeros(state.shape, np.float32)
            return BlockView(
                np.zeros((self.n_classes, *state.shape), np.float32),
                state,
                np.zeros(state.shape, np.uint8),
                nothing,
                dict.fromkeys(self.saliency_names, nothing),
            )
        return BlockView(
            self.weights(rows, cols),
            state,
            self.argmax(rows, cols),
            self.residual(rows, cols),
            {name: self.saliency(name, rows, cols) for name in self.saliency_names},
        )

    def weights(self, rows: slice = ALL, cols: slice = ALL) -> NDArray[np.float32]:
        """Class weights, (K, rows, cols); 0 where not computed."""
        return self._read("0", (ALL, rows, cols))

    def weights_at(self, level: int, rows: slice = ALL, cols: slice = ALL) -> NDArray[np.float32]:
        """Mean class weights of 2^level × 2^level cells, (K, rows, cols) of that level; filled when complete."""
        return self._read(str(level), (ALL, rows, cols))

    def state(self, rows: slice = ALL, cols: slice = ALL) -> NDArray[np.uint8]:
        """What is known of each cell, see `cell_state`."""
        return self._read("state", (rows, cols))

    def argmax(self, rows: slice = ALL, cols: slice = ALL) -> NDArray[np.uint8]:
        """The strongest class of each cell, 1 … K; 0 where there is none."""
        return self._read("labels/argmax/0", (rows, cols))

    def residual(self, rows: slice = ALL, cols: slice = ALL) -> NDArray[np.float32]:
        """The share of each cell that no class explains; 0 where not computed."""
        return self._read("residual", (rows, cols))

    def saliency(self, name: str, rows: slice = ALL, cols: slice = ALL) -> NDArray[np.float32]:
        """The signed saliency map of that name; 0 where not computed."""
        return self._read(f"saliency/{name}", (rows, cols))

    @property
    def positions(self) -> NDArray[np.int64]:
        """Level-0 corner (x, y) of every patch, (n, 2)."""
        return self._read("prediction/position", ALL)

    @property
    def logits(self) -> NDArray[np.float32]:
        """The model's outputs for every patch, (n, targets); NaN where not computed or unreadable."""
        return self._read("prediction/logit", ALL)

    @property
    def first_patch(self) -> NDArray[np.int64]:
        """Where each block's patches start, (blocks + 1,), blocks row by row."""
        return self._read("prediction/first_patch", ALL)

    def block_patches(self, row: int, col: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Positions (n, 2) and logits (n, targets) of one block's own patches."""
        index = row * self.block_grid[1] + col
        if self._first_patch is None:  # it is written once, when the map is made
            self._first_patch = self.first_patch
        own = slice(*self._first_patch[index : index + 2].tolist())
        return self._read("prediction/position", own), self._read("prediction/logit", own)

    def statistic(self, name: str, rows: slice = ALL) -> NDArray[np.float32]:
        """A per-patch statistic, (n, …); NaN where not computed.

        Raises
        ------
        MapError
            If the map has none of that name.
        """
        if f"prediction/{name}" not in self._group():
            raise MapError(f"the map {self.path} holds no {name!r}; map the slide again to have it")
        return self._read(f"prediction/{name}", rows)

    def check_fits(
        self,
        slide_fingerprint: str | None = None,
        dimensions: Size | None = None,
        model_fingerprint: str | None = None,
        clustering_fingerprint: str | None = None,
    ) -> None:
        """Refuse a map that belongs to something else than what is open; None leaves a thing unchecked.

        Raises
        ------
        MapMismatch
            With the first thing that differs.
        """
        slide = self.attributes.get("slide") or {}
        if dimensions is not None and slide.get("dimensions") != [dimensions.width, dimensions.height]:
            width, height = slide.get("dimensions") or ("?", "?")
            raise MapMismatch(
                self.path,
                f"it was made on {width} × {height} pixels, and the open slide has "
                f"{dimensions.width} × {dimensions.height}",
                "open its own slide, or map this one",
            )
        wanted = {"slide": slide_fingerprint, "model": model_fingerprint, "clustering": clustering_fingerprint}
        for thing, fingerprint in wanted.items():
            made_with = self.attributes.get(thing) or {}
            if fingerprint is not None and made_with.get("fingerprint") != fingerprint:
                raise MapMismatch(
                    self.path,
                    f"it was made with another {thing} ({made_with.get('name') or 'unnamed'})",
                    f"open that {thing}, or map the slide with this one",
                )

    def check_whole(self) -> None:
        """Make sure that every array is there and of its shape; what it holds is only seen when it is read.

        Raises
        ------
        DamagedMap, MapError
            If one is not.
        """
        grids = ("0", "labels/argmax/0", "state", "residual", *(f"saliency/{name}" for name in self.saliency_names))
        for name in (*grids, "done", "prediction/position", "prediction/logit", "prediction/first_patch"):
            with reading(self.path, name):
                self._array(name)
        lengths = {len(self.positions), len(self.logits), self.facts.n_patches}
        if self.done().shape != self.block_grid or len(lengths) > 1:
            raise DamagedMap(self.path, "its tables have the wrong shape")

    def _read(self, name: str, selection: Any) -> NDArray[Any]:
        with reading(self.path, name):
            return np.asarray(self._array(name)[selection])

    def _is_grid(self, name: str) -> bool:
        return name in ("0", "labels/argmax/0", "state", "residual") or name.startswith("saliency/")

    def _array(self, name: str) -> zarr.Array[Any]:
        import zarr

        if name not in self._arrays:
            found = self._group()[name]
            if not isinstance(found, zarr.Array):
                raise TypeError(name)
            if self._is_grid(name) and found.shape[-2:] != self.shape:
                raise DamagedMap(self.path, f"its {name} has the wrong shape")
            self._arrays[name] = found
        return self._arrays[name]

    def _group(self) -> zarr.Group:
        import zarr
        from zarr.storage import LocalStore, ZipStore

        if self._root is None:
            with reading(self.path, "zarr.json"):
                store = LocalStore(self.path, read_only=True) if self.path.is_dir() else ZipStore(self.path, mode="r")
                self._root = zarr.open_group(store, mode="r", use_consolidated=False)
        return self._root
