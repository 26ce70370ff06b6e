from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from wsiview.errors import MapError
from wsiview.geometry import Size
from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.faults import DamagedMap, MapMismatch, NotAMap
from wsiview.maps.plan import MapPlan
from wsiview.maps.store import MapWriter


def test_a_map_tells_the_facts_of_its_plan(finished: Path, plan: MapPlan) -> None:
    found = ClusterMap.open(finished)
    assert (found.shape, found.block_side, found.block_grid, found.n_classes) == ((150, 200), 64, (3, 4), 3)
    assert found.cell_to_level0 == plan.cell_to_level0
    assert found.target_names == ("normal", "tumour")
    assert found.saliency_names == ("gradcam/1",)
    assert found.strength_scale == 2.0
    assert found.digest == "d" * 64
    assert found.complete
    assert found.attributes["parameters"] == plan.attributes["parameters"]
    assert found.attributes["notice"].startswith("Groups tissue that looks alike")
    assert np.array_equal(found.first_patch, plan.first_patch)


def test_a_window_of_cells_is_a_part_of_the_whole(finished: Path) -> None:
    found = ClusterMap.open(finished)
    rows, cols = slice(60, 70), slice(1, 130)
    assert np.array_equal(found.weights(rows, cols), found.weights()[:, rows, cols])
    assert np.array_equal(found.argmax(rows, cols), found.argmax()[rows, cols])


def test_a_packed_map_reads_like_its_folder(finished: Path, tmp_path: Path) -> None:
    packed = tmp_path / "S.ozx"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(finished.rglob("*")):
            archive.write(file, file.relative_to(finished))
    folder = ClusterMap.open(finished)
    with ClusterMap.open(packed) as found:
        assert found.attributes == folder.attributes
        assert np.array_equal(found.weights(), folder.weights())
        assert np.array_equal(found.statistic("gradcam/1/iou"), folder.statistic("gradcam/1/iou"))


def test_a_map_fits_its_own_slide_model_and_clustering(finished: Path) -> None:
    found = ClusterMap.open(finished)
    found.check_fits("5" * 64, Size(3300, 2437), "a" * 64, "c" * 64)
    found.check_fits()


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"slide_fingerprint": "6" * 64}, r"made with another slide \(S\); open that slide"),
        ({"dimensions": Size(10, 20)}, "made on 3300 × 2437 pixels, and the open slide has 10 × 20"),
        ({"model_fingerprint": "6" * 64}, r"made with another model \(M\); open that model"),
        ({"clustering_fingerprint": "6" * 64}, r"made with another clustering \(C\); open that clustering"),
    ],
)
def test_a_map_of_something_else_is_refused_with_the_reason(
    finished: Path, other: dict[str, object], reason: str
) -> None:
    with pytest.raises(MapMismatch, match=reason):
        ClusterMap.open(finished).check_fits(**other)


def test_an_array_that_is_not_of_the_maps_shape_is_refused(finished: Path) -> None:
    text = json.loads((finished / "state" / "zarr.json").read_text())
    text["shape"] = [10**6, 10**6]
    (finished / "state" / "zarr.json").write_text(json.dumps(text))
    with pytest.raises(DamagedMap, match="its state has the wrong shape"):
        ClusterMap.open(finished).state()


def test_a_missing_statistic_is_said(finished: Path) -> None:
    with pytest.raises(MapError, match="holds no 'entropy'; map the slide again"):
        ClusterMap.open(finished).statistic("entropy")


def test_nothing_is_no_map(tmp_path: Path) -> None:
    with pytest.raises(NotAMap, match="nothing is there"):
        ClusterMap.open(tmp_path / "absent.ome.zarr")
    (tmp_path / "torn.ozx").write_bytes(b"PK\x03\x04torn")
    with pytest.raises(NotAMap, match=r"neither a folder nor an \.ozx"):
        ClusterMap.open(tmp_path / "torn.ozx")


def test_a_torn_chunk_is_said_and_the_rest_is_read(finished: Path) -> None:
    chunk = finished / "0" / "c" / "0" / "1" / "1"
    chunk.write_bytes(chunk.read_bytes()[:100])
    found = ClusterMap.open(finished)
    with pytest.raises(DamagedMap, match="its 0 can't be read"):
        found.block(1, 1)
    assert found.block(1, 2).weights.any()


def test_a_missing_array_is_said(finished: Path) -> None:
    (finished / "residual" / "zarr.json").unlink()
    with pytest.raises(DamagedMap, match="its residual is missing"):
        ClusterMap.open(finished).residual()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shape", [0, 5]),
        ("shape", "wide"),
        ("n_classes", 10**9),
        ("cell_to_level0", [[1, 0, 0], [0, float("nan"), 0]]),
        ("cell_to_level0", None),
        ("class_names", ["A"]),
        ("saliency", ["../../etc"]),
        ("cell_microns", [1]),
        ("version", "1"),
        ("slide", "S"),
    ],
)
def test_attributes_that_contradict_themselves_are_refused(finished: Path, name: str, value: object) -> None:
    text = json.loads((finished / "zarr.json").read_text())
    text["attributes"]["wsiview"][name] = value
    (finished / "zarr.json").write_text(json.dumps(text))
    with pytest.raises(DamagedMap, match="delete it and map the slide again"):
        ClusterMap.open(finished)


def test_opening_a_map_needs_no_zarr_torch_or_openslide(finished: Path) -> None:
    run = (
        "import sys; from wsiview.maps.cluster_map import ClusterMap; import wsiview.maps.store; "
        f"ClusterMap.open({str(finished)!r}); "
        "sys.exit(bool({'zarr', 'torch', 'openslide', 'PySide6'} & {*sys.modules}))"
    )
    subprocess.run([sys.executable, "-c", run], check=True)


@pytest.mark.parametrize(
    "lost", ["0", "state", "residual", "labels", "saliency/gradcam/1", "done", "prediction/position"]
)
def test_a_map_that_lost_an_array_is_not_whole_and_is_not_gone_on_with(
    finished: Path, plan: MapPlan, lost: str
) -> None:
    ClusterMap.open(finished).check_whole()
    shutil.rmtree(finished / lost)
    with pytest.raises(DamagedMap, match=f"its {lost}.* is missing"):
        ClusterMap.open(finished).check_whole()
    with pytest.raises(DamagedMap, match=f"its {lost}.* is missing"):
        MapWriter.create_or_resume(finished, plan)


def test_tables_of_another_length_than_recorded_are_damage(finished: Path) -> None:
    text = json.loads((finished / "zarr.json").read_text())
    text["attributes"]["wsiview"]["patches"]["count"] += 1
    (finished / "zarr.json").write_text(json.dumps(text))
    with pytest.raises(DamagedMap, match="its tables have the wrong shape"):
        ClusterMap.open(finished).check_whole()
