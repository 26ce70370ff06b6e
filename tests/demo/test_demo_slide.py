"""The demo slide: what it promises to readers of slides and to the measurements made on it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import openslide
import pytest
from numpy.typing import NDArray
from PIL import Image

from wsiview.demo import MPP, STRUCTURES, DemoSlide, write_demo_slide
from wsiview.errors import SlideError, UsageError
from wsiview.progress import Cancelled, Progress, Step


def at_mask_scale(slide: DemoSlide) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The slide's 8 × level, and the mask cut to its size."""
    with openslide.OpenSlide(slide.slide) as opened:
        level = opened.level_downsamples.index(8.0)
        pixels = np.asarray(opened.read_region((0, 0), level, opened.level_dimensions[level]).convert("RGB"))
    mask = np.asarray(Image.open(slide.structures))
    return pixels, mask[: pixels.shape[0], : pixels.shape[1]]


def test_equal_seeds_give_equal_bytes(tmp_path: Path) -> None:
    first = write_demo_slide(tmp_path / "a", seed=5, width=1100, height=600)
    second = write_demo_slide(tmp_path / "b", seed=5, width=1100, height=600)
    other = write_demo_slide(tmp_path / "c", seed=6, width=1100, height=600)
    assert first.slide.read_bytes() == second.slide.read_bytes()
    assert first.structures.read_bytes() == second.structures.read_bytes()
    assert first.slide.read_bytes() != other.slide.read_bytes()


def test_openslide_finds_a_pyramid_with_the_right_scale(demo_slide: DemoSlide) -> None:
    with openslide.OpenSlide(demo_slide.slide) as opened:
        assert opened.dimensions == (3000, 2304)
        assert opened.level_downsamples == (1.0, 2.0, 4.0, 8.0, 3000 / 187 / 2 + 2304 / 144 / 2)
        assert float(opened.properties["openslide.mpp-x"]) == pytest.approx(MPP, rel=1e-4)
        assert float(opened.properties["openslide.mpp-y"]) == pytest.approx(MPP, rel=1e-4)


def test_every_tile_of_every_level_can_be_read(demo_slide: DemoSlide) -> None:
    with openslide.OpenSlide(demo_slide.slide) as opened:
        for level, size in enumerate(opened.level_dimensions):
            assert opened.read_region((0, 0), level, size).getextrema()[3] == (255, 255)


def test_the_slide_says_that_it_is_synthetic(demo_slide: DemoSlide) -> None:
    with openslide.OpenSlide(demo_slide.slide) as opened:
        assert opened.properties["tiff.ImageDescription"] == "Synthetic tissue. Not a patient."
    legend = json.loads(demo_slide.slide.with_suffix(".json").read_text())
    assert legend["description"] == "Synthetic tissue. Not a patient."
    assert legend["structures"] == STRUCTURES


def test_levels_lie_on_top_of_each_other(demo_slide: DemoSlide) -> None:
    with openslide.OpenSlide(demo_slide.slide) as opened:
        fine = np.asarray(opened.read_region((1024, 768), 0, (1024, 768)).convert("RGB").reduce(8), float)
        level = opened.level_downsamples.index(8.0)
        coarse = np.asarray(opened.read_region((1024, 768), level, (128, 96)).convert("RGB"), float)
    apart = {
        (dy, dx): float(np.abs(np.roll(fine, (dy, dx), (0, 1)) - coarse)[1:-1, 1:-1].mean())
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    }
    here = apart.pop((0, 0))
    assert here < 6
    assert here < 0.5 * min(apart.values())


def test_the_mask_knows_every_structure(demo_slide: DemoSlide) -> None:
    mask = np.asarray(Image.open(demo_slide.structures))
    assert mask.dtype == np.uint8
    assert mask.shape == (288, 375)
    shares = np.bincount(mask.ravel(), minlength=5) / mask.size
    assert len(shares) == len(STRUCTURES)
    assert shares.min() > 0.01


def test_the_mask_lies_on_the_structures(demo_slide: DemoSlide) -> None:
    pixels, mask = at_mask_scale(demo_slide)
    green = {name: float(pixels[mask == value, 1].mean()) for name, value in STRUCTURES.items()}
    blue_over_red = {
        name: float((pixels[mask == value, 2] - pixels[mask == value, 0].astype(float)).mean())
        for name, value in STRUCTURES.items()
    }
    assert green["glass"] > 236
    assert green["lumen"] > 215
    assert green["tumour"] < green["benign epithelium"] < 200
    assert green["stroma"] < 190
    # Eosin is redder than haematoxylin.
    assert blue_over_red["stroma"] < blue_over_red["benign epithelium"]
    assert blue_over_red["stroma"] < blue_over_red["tumour"]


def test_a_shifted_mask_would_be_noticed(demo_slide: DemoSlide) -> None:
    pixels, mask = at_mask_scale(demo_slide)
    tissue = mask != STRUCTURES["glass"]
    bright = pixels[..., 1] > 225

    def agreement(dy: int, dx: int) -> float:
        empty = np.roll((mask == STRUCTURES["lumen"]) | ~tissue, (dy, dx), (0, 1))
        return float((empty == bright).mean())

    assert agreement(0, 0) > 0.95
    assert all(agreement(0, 0) > agreement(dy, dx) for dy, dx in ((3, 0), (-3, 0), (0, 3), (0, -3)))


def test_a_finished_slide_is_not_painted_again(demo_slide: DemoSlide) -> None:
    written = demo_slide.slide.stat().st_mtime_ns
    steps: list[Step] = []
    folder, progress = demo_slide.slide.parent, Progress(steps.append)
    again = write_demo_slide(folder, seed=101, width=3000, height=2304, progress=progress)
    assert again == demo_slide
    assert steps == []
    assert again.slide.stat().st_mtime_ns == written


def test_a_damaged_slide_is_painted_again(tmp_path: Path) -> None:
    slide = write_demo_slide(tmp_path, seed=5, width=640, height=512)
    whole = slide.slide.read_bytes()
    slide.slide.write_bytes(whole[: len(whole) // 2])
    assert write_demo_slide(tmp_path, seed=5, width=640, height=512).slide.read_bytes() == whole


def test_cancelling_leaves_no_file_and_no_thread(tmp_path: Path) -> None:
    progress = Progress(lambda step: progress.cancel() if step.stage == "painting the tissue" else None)
    with pytest.raises(Cancelled):
        write_demo_slide(tmp_path, seed=5, width=1100, height=1024, progress=progress)
    assert list(tmp_path.iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("demo-slide")]


def test_progress_goes_to_the_end(tmp_path: Path) -> None:
    steps: list[Step] = []
    write_demo_slide(tmp_path, seed=5, width=640, height=512, progress=Progress(steps.append))
    assert steps[-1].done == steps[-1].total


def test_a_size_that_makes_no_slide_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="100 × 900"):
        write_demo_slide(tmp_path, seed=1, width=100, height=900)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(SlideError, match="file"):
        write_demo_slide(blocked / "demo", seed=1, width=1024, height=768)
