"""A map is shown only where it lies on its slide's tissue; anything else is refused with the reason."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from PIL import Image

from wsiview.clustering.clustering import Clustering
from wsiview.clustering.geometry import Geometry
from wsiview.explain.alignment import Alignment
from wsiview.explain.layout import layout
from wsiview.explain.map_plan import map_plan
from wsiview.explain.mapping import map_slide
from wsiview.explain.request import map_request
from wsiview.features.reach import probe_reach
from wsiview.maps.cell_state import COMPUTED, OUTSIDE
from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.faults import MapMismatch
from wsiview.maps.store import BlockResult, MapWriter, PatchRows
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import Classifier, load_classifier
from wsiview.progress import Progress
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.opening import open_slide
from wsiview.slide.slide import Slide

LAYER = "features.6"


Tools = tuple[Classifier, Clustering]


@pytest.fixture(scope="module")
def tools_at(bundle_folder: Callable[..., Path]) -> Callable[[float], Tools]:
    """A network for so many µm per pixel, and classes that nobody fitted: where cells lie doesn't depend on them."""

    def make(spacing: float) -> Tools:
        classifier = load_classifier(replace(read_bundle(bundle_folder()), spacing=spacing), "cpu")
        bundle, reach = classifier.bundle, probe_reach(classifier, LAYER, False)
        geometry = Geometry(
            patch_pixels=bundle.patch_pixels, step_pixels=bundle.stride_pixels, trim=bundle.trim,
            cell_stride=reach.stride, cell_centre=reach.centre, field=reach.field, spacing=spacing, label_region=None,
            min_tissue=bundle.min_tissue,
        )  # fmt: skip
        clustering = Clustering(
            name="two", class_vectors=np.eye(2, reach.channels, dtype=np.float32), weight_quantiles=np.ones((3, 4)),
            manifest=np.zeros((0, 3), np.int64), layer=LAYER, rectify=False, model_name=bundle.name,
            model_fingerprint=bundle.fingerprint, geometry=geometry,
        )  # fmt: skip
        return classifier, clustering

    return make


@pytest.fixture(scope="module")
def tools(tools_at: Callable[[float], Tools]) -> Tools:
    """With cells of 8 µm."""
    return tools_at(2.0)


def written(slide: Slide, tools: Tools, folder: Path, blocks: int | None = None) -> Path:
    """A map as it would be computed, with nothing but ones in it; of so many blocks, or all."""
    classifier, clustering = tools
    mpp = None if slide.mpp is not None else (0.5, 0.5)
    request = map_request(slide, classifier.bundle, clustering, clustering_path=folder, mpp=mpp, saliency=())
    places = layout(request, slide, classifier, clustering, Progress())
    plan = map_plan(request, slide, classifier, clustering, places)
    path = folder / request.map_name()
    with MapWriter.create_or_resume(path, plan) as writer:
        for row, col in np.argwhere(~writer.done)[:blocks].tolist():
            covered = plan.covered[plan.block_slices(row, col)]
            state = np.where(covered, COMPUTED, OUTSIDE).astype(np.uint8)
            own = plan.patches(row, col)
            rows = PatchRows(np.zeros((own.stop - own.start, len(plan.target_names)), np.float32))
            ones = covered.astype(np.float32)
            writer.write_block(row, col, BlockResult(np.stack([ones, ones]), state, 0 * ones, {}, rows))
        if blocks is None:
            writer.finish()
    return path


def section(seed: int, width: int = 2400, height: int = 1800) -> ArraySlide:
    """Pieces of stained tissue on glass, 0.5 µm per pixel, at other places for another seed."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    pixels = np.full((height, width, 3), 244, np.uint8)
    for _ in range(4):
        cx, cy, rx, ry = random.uniform((0.15, 0.15, 0.06, 0.06), (0.85, 0.85, 0.22, 0.22))
        inside = ((x / width - cx) / rx) ** 2 + ((y / height - cy) / ry) ** 2 < 1
        pixels[inside] = (214, 140, 190)
    return ArraySlide(pixels, (0.5, 0.5), name="section")


@pytest.fixture(scope="module")
def made(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with section(4) as slide:
        return written(slide, tools, tmp_path_factory.mktemp("made"))


@pytest.fixture
def a_map(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / made.name))


def told(path: Path, **facts: Any) -> None:
    """Change what a map says of itself; None takes a fact away."""
    text = json.loads((path / "zarr.json").read_text())
    ours = text["attributes"]["wsiview"]
    ours.update(facts)
    for name in [name for name, fact in facts.items() if fact is None]:
        del ours[name]
    (path / "zarr.json").write_text(json.dumps(text))


def turned(path: Path, turn: Callable[[np.ndarray], np.ndarray]) -> None:
    """Change a map's grids, as a careless export would."""
    root = zarr.open_group(path, mode="r+")
    for name in ("0", "state", "residual", "labels/argmax/0"):
        array = root[name]
        assert isinstance(array, zarr.Array)
        array[:] = turn(np.asarray(array[:]))


def test_a_map_lies_on_its_slide(a_map: Path) -> None:
    with section(4) as slide:
        placement = Alignment(slide).check(ClusterMap.open(a_map))
    assert placement.agreement == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "spacing"),
    [
        ("slides/aperio/CMU-1-Small-Region.svs", 2.0),
        ("slides/re-encoded/cmu-1-small-region-leica.scn", 8.0),  # a scan in a corner of a huge canvas
        ("slides/mosaics/pcam-mosaic-valid.tiff", 4.0),
        ("slides/hamamatsu/test3-DAPI-387.ndpi", 2.0),
    ],
)
def test_maps_of_real_slides_lie_on_them(
    name: str, spacing: float, shared: Path, tools_at: Callable[[float], Tools], tmp_path: Path
) -> None:
    with open_slide(shared / name) as slide:
        path = written(slide, tools_at(spacing), tmp_path)
        placement = Alignment(slide).check(ClusterMap.open(path))
    assert placement.agreement is not None
    assert placement.agreement > 0.98


def test_a_slide_full_of_tissue_tells_nothing_and_is_not_refused(
    shared: Path, tools: Tools, tmp_path: Path
) -> None:
    with open_slide(shared / "slides/generic/os-1-detail-he.tiff") as slide:
        placement = Alignment(slide).check(ClusterMap.open(written(slide, tools, tmp_path)))
    assert "almost all tissue" in placement.doubt


@pytest.mark.parametrize("knows_its_cells", [True, False])
def test_a_shifted_map_is_refused(a_map: Path, knows_its_cells: bool) -> None:
    (a, b, tx), below = ClusterMap.open(a_map).cell_to_level0.rows
    told(a_map, cell_to_level0=[[a, b, tx + 800], below])
    if not knows_its_cells:
        told(a_map, cells=None)  # as maps were written at first
    with section(4) as slide, pytest.raises(MapMismatch, match=r"its cells lie shifted by 0\.4 mm to the right; open"):
        Alignment(slide).check(ClusterMap.open(a_map))


def test_a_map_with_cells_of_another_size_is_refused(a_map: Path) -> None:
    (a, b, tx), (c, d, ty) = ClusterMap.open(a_map).cell_to_level0.rows
    told(a_map, cell_to_level0=[[1.5 * a, b, tx], [c, 1.5 * d, ty]])
    with section(4) as slide, pytest.raises(MapMismatch, match=r"its cells are 1\.5 times as large as they should be"):
        Alignment(slide).check(ClusterMap.open(a_map))


def test_a_mirrored_map_is_refused(a_map: Path) -> None:
    turned(a_map, lambda grid: grid[..., ::-1])
    with section(4) as slide, pytest.raises(MapMismatch, match="its tissue lies mirrored left to right"):
        Alignment(slide).check(ClusterMap.open(a_map))


def test_a_map_whose_grids_were_moved_is_refused(a_map: Path) -> None:
    turned(a_map, lambda grid: np.roll(grid, -5, axis=-1))
    with section(4) as slide, pytest.raises(MapMismatch, match=r"shifted by about \d+ µm to the left"):
        Alignment(slide).check(ClusterMap.open(a_map))


def test_the_map_of_another_slide_of_the_same_size_is_refused(a_map: Path) -> None:
    with section(9) as slide, pytest.raises(MapMismatch, match="its tissue "):
        Alignment(slide).check(ClusterMap.open(a_map))


def test_a_growing_map_is_judged_on_what_is_finished(tools: Tools, tmp_path: Path) -> None:
    with section(4) as slide:
        path = written(slide, tools, tmp_path, blocks=3)
        found = ClusterMap.open(path)
        assert not found.complete
        assert Alignment(slide).check(found).agreement == pytest.approx(1)
        turned(path, lambda grid: np.roll(grid, 4, axis=-2))
        with pytest.raises(MapMismatch, match="shifted by about"):
            Alignment(slide).check(ClusterMap.open(path))


def test_a_map_that_has_just_begun_is_not_judged(tools: Tools, tmp_path: Path) -> None:
    with section(4) as slide:
        placement = Alignment(slide).check(ClusterMap.open(written(slide, tools, tmp_path, blocks=0)))
    assert placement.words == "not checked, because little of the map is finished"


def test_a_map_that_does_not_tell_how_it_was_made_is_not_judged(a_map: Path) -> None:
    told(a_map, parameters={"patch": 64})
    with section(4) as slide:
        placement = Alignment(slide).check(ClusterMap.open(a_map))
    assert placement.doubt == "it doesn't tell how its cells were laid over the slide"


def test_a_misplaced_map_is_not_gone_on_with(tools: Tools, tmp_path: Path) -> None:
    classifier, clustering = tools
    pixels = section(4)
    file = tmp_path / "section.png"
    Image.fromarray(pixels.read(0, 0, 0, 2400, 1800)).save(file)
    with open_slide(file) as slide:
        path = written(slide, tools, tmp_path, blocks=3)
        turned(path, lambda grid: np.roll(grid, 4, axis=-2))
        request = map_request(
            slide, classifier.bundle, clustering, clustering_path=tmp_path, mpp=(0.5, 0.5), saliency=()
        )
        with pytest.raises(MapMismatch, match=r"shifted by about .*; move or delete it to map anew"):
            map_slide(request, slide, classifier, clustering, tmp_path, Progress())
