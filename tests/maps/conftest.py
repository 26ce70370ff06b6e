"""A small map whose every number follows from a seed, and ways to write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wsiview.geometry import Affine
from wsiview.maps.cell_state import COMPUTED, OUTSIDE
from wsiview.maps.plan import MapPlan
from wsiview.maps.store import BlockResult, MapWriter, PatchRows

CLASSES, TARGETS, SALIENCY = 3, 2, "gradcam/1"


def small_plan(shape: tuple[int, int] = (150, 200), **changes: Any) -> MapPlan:
    """Patches of 14 × 14 cells with corners on every seventh cell; the upper right is glass."""
    block = 64
    starts = [
        (row, col)
        for row in range(0, shape[0] - 14, 7)
        for col in range(0, shape[1] - 14, 7)
        if not (row < 64 and col >= 64)
    ]
    covered = np.zeros(shape, bool)
    for row, col in starts:
        covered[row : row + 14, col : col + 14] = True
    block_cols = -(-shape[1] // block)
    owner = [row // block * block_cols + col // block for row, col in starts]
    order = np.argsort(owner, kind="stable")
    n_blocks = -(-shape[0] // block) * block_cols
    plan = MapPlan(
        shape=shape,
        n_classes=CLASSES,
        target_names=("normal", "tumour"),
        cell_to_level0=Affine.scaling(16.5, 16.25, -7.5, 3.25),
        cell_microns=(16.5 * 0.25, 16.25 * 0.26),
        covered=covered,
        positions=np.array([(col * 16, row * 16) for row, col in starts], np.int64).reshape(-1, 2)[order],
        first_patch=np.searchsorted(np.sort(owner), np.arange(n_blocks + 1)).astype(np.int64),
        saliency=(SALIENCY,),
        class_names=("A", "B", "C"),
        class_colors=("#FFFF00", "#DF5020", "#AFFFFF"),
        attributes={
            "slide": {"name": "S", "fingerprint": "5" * 64, "dimensions": [3300, 2437], "mpp": [0.25, 0.26]},
            "model": {"name": "M", "fingerprint": "a" * 64},
            "clustering": {"name": "C", "fingerprint": "c" * 64},
            "parameters": {"min_tissue": 0.1, "patch": 224},
            "digest": "d" * 64,
            "software": "wsiview 0",
            "strength_scale": 2.0,
        },
        block=block,
    )
    return replace(plan, **changes)


def block_result(plan: MapPlan, row: int, col: int) -> BlockResult:
    """The block's numbers, the same whenever they are asked for."""
    random = np.random.default_rng([row, col])
    cells = plan.block_slices(row, col)
    covered = plan.covered[cells]
    shape = covered.shape
    weights = np.maximum(random.normal(size=(plan.n_classes, *shape)), 0) * covered
    own = plan.patches(row, col)
    count = own.stop - own.start
    logits = random.normal(size=(count, TARGETS)).astype(np.float32)
    logits[:1] = np.nan
    statistics = {
        "weight_sum": random.normal(size=(count, CLASSES)).astype(np.float32),
        "correlation": random.normal(size=(count, CLASSES, CLASSES)).astype(np.float32),
        f"{SALIENCY}/iou": random.normal(size=(count, CLASSES)).astype(np.float32),
    }
    return BlockResult(
        weights=weights.astype(np.float32),
        state=np.where(covered, COMPUTED, OUTSIDE).astype(np.uint8),
        residual=(random.random(shape) * covered).astype(np.float32),
        saliency={SALIENCY: (random.normal(size=shape) * covered).astype(np.float32)},
        patches=PatchRows(logits, statistics),
    )


def write_all(path: Path, plan: MapPlan) -> None:
    with MapWriter.create_or_resume(path, plan) as writer:
        for row, col in np.argwhere(~writer.done):
            writer.write_block(int(row), int(col), block_result(plan, int(row), int(col)))
        writer.finish()


@pytest.fixture
def plan() -> MapPlan:
    return small_plan()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "S.C.dddddddd.ome.zarr"


@pytest.fixture
def finished(path: Path, plan: MapPlan) -> Path:
    write_all(path, plan)
    return path


@pytest.fixture
def plan_with() -> Callable[..., MapPlan]:
    """Makes the small plan with changes."""
    return small_plan


@pytest.fixture
def result_of() -> Callable[[MapPlan, int, int], BlockResult]:
    """Computes one block."""
    return block_result


@pytest.fixture
def write_map() -> Callable[[Path, MapPlan], None]:
    """Writes a whole map."""
    return write_all
