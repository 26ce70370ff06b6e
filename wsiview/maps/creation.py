"""Creation: a new map's folder, with all its arrays and metadata and nothing computed yet."""

from __future__ import annotations

import os
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wsiview.maps import NOT_A_DIAGNOSIS, lock
from wsiview.maps.cell_state import OUTSIDE, STATE_NAMES
from wsiview.maps.ome import image_metadata, label_metadata, level_shapes
from wsiview.maps.plan import MapPlan

if TYPE_CHECKING:
    import zarr

PATCH_ROWS = 4096  # rows of the patch tables in one chunk


def create(path: Path, plan: MapPlan) -> lock.Lock | None:
    """Make the map's folder in one step, so that nobody ever sees half of it; returns the lock, held.

    Returns None when somebody else made it first. What killed attempts left behind is cleared away.

    Raises
    ------
    OSError
        If the folder can't be written.
    """
    _clear_leftovers(path)
    making = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.making")
    making.mkdir(parents=True)
    try:
        held = lock.take(making / lock.NAME, path)
        _fill(making, plan, path.name)
        os.rename(making, path)
    except FileExistsError:
        shutil.rmtree(making, ignore_errors=True)
        return None
    except OSError:
        shutil.rmtree(making, ignore_errors=True)
        if path.exists():  # a folder with something in it can't be renamed onto, and says so in several ways
            return None
        raise
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return lock.Lock(path / lock.NAME, held.token)


def add_array(
    group: zarr.Group,
    name: str,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    dtype: str,
    fill: float,
    axes: tuple[str, ...] | None = None,
) -> zarr.Array[Any]:
    """A new array in the group, below whatever groups its name asks for."""
    *parents, leaf = name.split("/")
    for parent in parents:
        group = group.require_group(parent)
    return group.create_array(leaf, shape=shape, chunks=chunks, dtype=dtype, fill_value=fill, dimension_names=axes)


def _fill(folder: Path, plan: MapPlan, name: str) -> None:
    import zarr
    from zarr.storage import LocalStore

    stem = name.removesuffix(".ome.zarr")
    attributes: dict[str, Any] = {
        "ome": image_metadata(plan, stem),
        "wsiview": {
            **plan.facts(),
            "complete": False,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "length_unit": "level-0 pixel" if plan.cell_microns is None else "micrometer",
            "states": {str(state): meaning for state, meaning in STATE_NAMES.items()},
            "notice": NOT_A_DIAGNOSIS,
        },
    }
    root = zarr.create_group(LocalStore(folder), zarr_format=3, attributes=attributes)
    _add_images(root, plan, folder)
    _add_tables(root, plan)


def _add_images(root: zarr.Group, plan: MapPlan, folder: Path) -> None:
    block, yx = (plan.block, plan.block), ("y", "x")
    labels = root.create_group("labels", attributes={"ome": {"version": "0.5", "labels": ["argmax"]}})
    argmax = labels.create_group("argmax", attributes={"ome": label_metadata(plan)})
    for level, shape in enumerate(level_shapes(plan.shape, plan.block)):
        cube, chunks = (plan.n_classes, *shape), (plan.n_classes, *block)
        add_array(root, str(level), cube, chunks, "float32", 0.0, ("c", *yx))
        add_array(argmax, str(level), shape, block, "uint8", 0, yx)
    # Where there is no number the value is 0 throughout: `state` alone says which cells hold one.
    add_array(root, "residual", plan.shape, block, "float32", 0.0, yx)
    for name in plan.saliency:
        add_array(root, f"saliency/{name}", plan.shape, block, "float32", 0.0, yx)
    state = add_array(root, "state", plan.shape, block, "uint8", 0, yx)
    _mark_outside(state, plan, folder)


def _mark_outside(state: zarr.Array[Any], plan: MapPlan, folder: Path) -> None:
    """State 1 for the blocks that nothing covers: they are done before the work starts."""
    pattern = b""
    for row, col in np.argwhere(~plan.covered_blocks()).tolist():
        cells = plan.block_slices(row, col)
        chunk = folder / "state" / state.metadata.encode_chunk_key((row, col))
        is_whole = (cells[0].stop - cells[0].start, cells[1].stop - cells[1].start) == (plan.block, plan.block)
        if pattern and is_whole:
            # Most of a slide is glass: thousands of equal chunks, written twenty times faster than zarr encodes them.
            chunk.parent.mkdir(parents=True, exist_ok=True)
            chunk.write_bytes(pattern)
            continue
        state[cells] = OUTSIDE
        if is_whole:
            pattern = chunk.read_bytes()


def _add_tables(root: zarr.Group, plan: MapPlan) -> None:
    count, targets = len(plan.positions), len(plan.target_names)
    position = add_array(root, "prediction/position", (count, 2), (PATCH_ROWS, 2), "int64", 0, ("patch", "xy"))
    position[:] = np.asarray(plan.positions, np.int64)
    add_array(
        root, "prediction/logit", (count, targets), (PATCH_ROWS, targets), "float32", float("nan"), ("patch", "target")
    )
    first = add_array(
        root, "prediction/first_patch", plan.first_patch.shape, plan.first_patch.shape, "int64", 0, ("block",)
    )
    first[:] = plan.first_patch
    grid = plan.block_grid
    # One chunk without compression: the flags are rewritten as one small file, whole or not at all.
    done = root.create_array("done", shape=grid, chunks=grid, dtype="uint8", fill_value=0, compressors=None)
    done[:] = (~plan.covered_blocks()).astype(np.uint8)


def _clear_leftovers(path: Path) -> None:
    if not path.parent.is_dir():
        return
    for folder in path.parent.iterdir():
        if folder.name.startswith(f".{path.name}.") and folder.suffix == ".making" and lock.is_dead(folder / lock.NAME):
            shutil.rmtree(folder, ignore_errors=True)
