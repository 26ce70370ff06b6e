"""Tissue on real slides and on pictures whose answer is known."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from wsiview.progress import Cancelled, Progress, Step
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.opening import open_slide
from wsiview.tiling import TissueMask, tissue_mask


def _share(mask: TissueMask, x: float, y: float, width: float, height: float) -> float:
    corners = (np.array([v], float) for v in (x, y, x + width, y + height))
    return float(mask.share(*corners)[0])


@pytest.mark.parametrize(
    ("file", "least", "most"),
    [
        ("slides/aperio/CMU-1-Small-Region.svs", 0.25, 0.45),
        ("slides/re-encoded/cmu-1-small-region-philips.tiff", 0.25, 0.45),
        ("slides/dicom/cmu-1-small-region", 0.25, 0.45),
        ("slides/hamamatsu/test3-DAPI-387.ndpi", 0.15, 0.7),
        ("slides/generic/os-1-detail-he.tiff", 0.95, 1.0),
        ("slides/generic/os-2-detail-ki67.tiff", 0.2, 0.8),
        ("slides/dicom/single-level/bone-jpeg.dcm", 0.6, 0.9),
        ("slides/generic/tcga-xk-aaju-prostate-lowres.tiff", 0.35, 0.5),
        ("slides/mosaics/ebhi-mosaic-valid.tiff", 0.55, 0.75),
        ("tiles/artefacts/no-tissue.png", 0.0, 0.005),
        ("tiles/artefacts/no-tissue-line.png", 0.0, 0.03),
        ("tiles/artefacts/almost-white-1.png", 0.0, 0.005),
        ("tiles/artefacts/no-tissue-green-pen.png", 0.0, 0.02),
        ("tiles/artefacts/medium-nuclei-score-green-pen-level1.png", 0.3, 0.5),
    ],
)
def test_real_slides_have_their_share_of_tissue(shared: Path, file: str, least: float, most: float) -> None:
    with open_slide(shared / file) as slide:
        mask = tissue_mask(slide)
        assert least <= _share(mask, 0, 0, slide.dimensions.width, slide.dimensions.height) <= most
        assert not mask.unreadable.any()


def test_green_and_blue_rings_are_no_tissue_and_what_they_ring_is(shared: Path) -> None:
    with open_slide(shared / "slides/generic/tcga-xk-aaju-prostate-lowres.tiff") as slide:
        mask = tissue_mask(slide)
        pixels = slide.read(0, 0, 0, 3236, 2638).astype(int)
    red, green, blue = (pixels[..., n] for n in range(3))
    pen = ((green > red + 60) & (green > blue - 20)) | ((blue > red + 80) & (blue > green + 40))
    at = np.repeat(np.repeat(mask.mask, 2, axis=0), 2, axis=1)[: pen.shape[0], : pen.shape[1]]
    assert at[pen].mean() < 0.02
    assert _share(mask, 2250, 700, 200, 200) > 0.95


def test_a_leica_canvas_has_tissue_only_within_its_bounds(shared: Path) -> None:
    with open_slide(shared / "slides/re-encoded/cmu-1-small-region-leica.scn") as slide:
        mask = tissue_mask(slide)
        assert slide.bounds is not None
        assert 0.25 < _share(mask, 10000, 18000, 2220, 2967) < 0.45
        whole = _share(mask, 0, 0, slide.dimensions.width, slide.dimensions.height)
        assert whole * 52000 * 152000 < 0.45 * 2220 * 2967


def test_in_the_mosaic_tiles_are_tissue_and_the_margin_is_not(shared: Path) -> None:
    with open_slide(shared / "slides/mosaics/pcam-mosaic-valid.tiff") as slide:
        mask = tissue_mask(slide)
    assert _share(mask, 0, 0, 5376, 176) < 0.001
    assert _share(mask, 0, 0, 176, 4224) < 0.001
    with (shared / "slides/mosaics/pcam-mosaic-valid.csv").open(encoding="utf-8") as file:
        tiles = list(csv.DictReader(file))
    xs, ys = (np.array([float(tile[axis]) for tile in tiles]) for axis in "xy")
    kept = mask.share(xs, ys, xs + 96, ys + 96) >= 0.1
    tumour = np.array([tile["label"] == "1" for tile in tiles])
    assert kept[tumour].mean() > 0.97
    assert kept.mean() > 0.85


def test_damaged_tiles_are_unreadable_and_count_as_tissue(shared: Path) -> None:
    with open_slide(shared / "broken/made/level0-20-tiles-zeroed.svs") as slide:
        mask = tissue_mask(slide)
    assert 0.14 < mask.unreadable.mean() < 0.18
    assert mask.mask[mask.unreadable].all()


def _painted(background: tuple[int, int, int], tissue: tuple[int, int, int]) -> ArraySlide:
    rng = np.random.default_rng(1)
    pixels: NDArray[np.float64] = np.empty((900, 1200, 3))
    pixels[:] = background
    pixels[300:600, 200:900] = tissue
    noisy = np.clip(pixels + rng.normal(0, 3, pixels.shape), 0, 254).astype(np.uint8)
    return ArraySlide(noisy, (2.0, 2.0))


@pytest.mark.parametrize(
    ("background", "tissue"),
    [((242, 240, 243), (236, 214, 228)), ((238, 232, 240), (180, 120, 170)), ((8, 8, 10), (20, 30, 90))],
)
def test_pale_dark_and_tinted_slides_keep_their_tissue(
    background: tuple[int, int, int], tissue: tuple[int, int, int]
) -> None:
    mask = tissue_mask(_painted(background, tissue))
    assert _share(mask, 210, 310, 680, 280) > 0.98
    assert _share(mask, 0, 0, 1200, 280) < 0.02


def test_empty_glass_holds_no_tissue() -> None:
    assert not tissue_mask(_painted((238, 232, 240), (238, 232, 240))).mask.any()
    assert not tissue_mask(ArraySlide(np.full((700, 700, 3), 255, np.uint8))).mask.any()


def test_the_share_is_exact_between_mask_pixels() -> None:
    mask = TissueMask(np.eye(2, dtype=bool), np.zeros((2, 2), bool), (10.0, 20.0))
    assert _share(mask, 0, 0, 10, 20) == 1
    assert _share(mask, 5, 0, 10, 20) == pytest.approx(0.5)
    assert _share(mask, -10, 0, 20, 20) == pytest.approx(0.5)
    assert _share(mask, 5, 10, 10, 20) == pytest.approx(0.5)
    assert _share(mask, 50, 50, 10, 20) == 0


def test_it_reports_and_can_be_cancelled() -> None:
    steps: list[Step] = []
    slide = ArraySlide(np.full((3000, 3000, 3), 230, np.uint8), (4.0, 4.0))
    tissue_mask(slide, progress=Progress(steps.append))
    assert steps[-1].done == steps[-1].total > 1
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        tissue_mask(slide, progress=progress)


def test_equal_masks_have_equal_digests() -> None:
    slide = _painted((242, 240, 243), (236, 114, 228))
    assert tissue_mask(slide).digest() == tissue_mask(slide).digest()
    assert tissue_mask(slide).digest() != tissue_mask(slide, mpp=(8.0, 8.0)).digest()
