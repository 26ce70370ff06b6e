"""The demo slide: a synthetic prostate section and its ground truth, made when first asked for."""

from __future__ import annotations

import json
import os
import uuid
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from wsiview.demo.layout import PLAN_STEP
from wsiview.demo.painter import Painter
from wsiview.demo.plan import CHUNK, STRUCTURES, Plan, make_plan, structure_mask
from wsiview.demo.slide_writer import PyramidWriter
from wsiview.demo.stain import GLASS
from wsiview.demo.textures import make_textures
from wsiview.errors import SlideError, UsageError
from wsiview.progress import Progress

MPP = 0.35
"""Microns per level-0 pixel."""

DESCRIPTION = "Synthetic tissue. Not a patient."
VERSION = 1
"""Changes whenever the painted pixels change, so that an older slide is painted anew."""

LARGEST = 32_768
THREADS = 2


@dataclass(frozen=True, slots=True)
class DemoSlide:
    """A finished slide, the mask of its structures (PNG, values of `STRUCTURES`), and its µm per pixel."""

    slide: Path
    structures: Path
    mpp: float


def _record(seed: int, width: int, height: int) -> dict[str, Any]:
    """What the side file says of a slide before the sizes of its files are known."""
    return {
        "version": VERSION, "description": DESCRIPTION, "seed": seed, "width": width, "height": height, "mpp": MPP,
        "structures": STRUCTURES, "level0_pixels_per_mask_pixel": PLAN_STEP,
    }  # fmt: skip


def _is_ready(files: DemoSlide, side: Path, record: dict[str, Any]) -> bool:
    """Whether an earlier call finished this very slide and its files are as long as they were then."""
    try:
        known = json.loads(side.read_text(encoding="utf-8"))
        sizes = [files.slide.stat().st_size, files.structures.stat().st_size]
    except (OSError, ValueError):
        return False
    return bool(known == {**record, "bytes": sizes})


def _paint(plan: Plan, writer: PyramidWriter, painter: Painter, pool: ThreadPoolExecutor, progress: Progress) -> None:
    """Paint every chunk that holds tissue; nothing goes on running when this returns or raises."""
    rows, cols = plan.frame.rows * PLAN_STEP // CHUNK, plan.frame.cols * PLAN_STEP // CHUNK
    chunks = [(row, col) for row in range(rows) for col in range(cols) if not painter.is_glass(row, col)]

    def work(row: int, col: int) -> None:
        writer.put(row, col, painter.paint(row, col))

    jobs: list[Future[None]] = [pool.submit(work, row, col) for row, col in chunks]
    try:
        for done, job in enumerate(as_completed(jobs), 1):
            job.result()
            progress.report("painting the tissue", done, len(jobs))
    finally:
        for job in jobs:
            job.cancel()


def _make(files: DemoSlide, seed: int, width: int, height: int, progress: Progress) -> None:
    """Paint and write both files, each under a temporary name first."""
    with ThreadPoolExecutor(THREADS, "demo-slide") as pool:
        textures = pool.submit(make_textures, MPP, seed)
        plan = make_plan(width, height, MPP, seed, progress, pool)
        painter = Painter(plan, textures.result(), seed)
        red, green, blue = (int(part) for part in GLASS)
        writer = PyramidWriter(width, height, CHUNK, (red, green, blue))
        _paint(plan, writer, painter, pool, progress)
        fresh = uuid.uuid4().hex[:8]
        slide, mask = (path.with_name(f".{path.name}.{fresh}") for path in (files.slide, files.structures))
        try:
            Image.fromarray(structure_mask(plan, width, height)).save(mask, format="PNG")
            writer.write(slide, MPP, DESCRIPTION, pool, progress.check)
            os.replace(mask, files.structures)
            os.replace(slide, files.slide)
        finally:
            slide.unlink(missing_ok=True)
            mask.unlink(missing_ok=True)


def write_demo_slide(
    folder: Path, seed: int = 1, width: int = 11_264, height: int = 8_448, progress: Progress | None = None
) -> DemoSlide:
    """The synthetic slide of that seed and size in `folder`; a finished one is returned at once.

    Parameters
    ----------
    folder
        Made if absent. Gets `synthetic-prostate-<seed>-<width>x<height>.tiff`, and beside it
        `….structures.png` (uint8, one pixel per 8 × 8 level-0 pixels) and `….json` (the legend).
    seed
        Equal seeds and sizes give equal bytes.
    width, height
        Level-0 pixels of 0.35 µm.
    progress
        Told of the steps; may cancel.

    Raises
    ------
    UsageError
        If the size is outside 512–32,768 pixels a side.
    SlideError
        If the folder can't be written.
    Cancelled
        If `progress` was cancelled; no partial slide stays behind.
    """
    if not all(512 <= side <= LARGEST for side in (width, height)):
        raise UsageError(f"a demo slide of {width} × {height} px can't be made; each side must be 512 to {LARGEST} px")
    stem = f"synthetic-prostate-{seed}-{width}x{height}"
    files = DemoSlide(folder / f"{stem}.tiff", folder / f"{stem}.structures.png", MPP)
    side, record = folder / f"{stem}.json", _record(seed, width, height)
    if _is_ready(files, side, record):
        return files
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _make(files, seed, width, height, progress or Progress())
        sizes = [files.slide.stat().st_size, files.structures.stat().st_size]
        fresh = side.with_name(f".{side.name}.{uuid.uuid4().hex[:8]}")
        fresh.write_text(json.dumps({**record, "bytes": sizes}, indent=1), encoding="utf-8")
        os.replace(fresh, side)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SlideError(f"the demo slide can't be written to {folder} ({reason}); choose another folder") from error
    return files
