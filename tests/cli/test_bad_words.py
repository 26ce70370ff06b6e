"""Whatever stands behind a flag, in a cohort or in a map is answered by one line that names it, and nothing is left."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wsiview.cli import main
from wsiview.resources import resource

OS1 = "slides/generic/os-1-detail-he.tiff"
MODEL, CLUSTERING = resource("demo/model"), resource("demo/demo.clustering")


@pytest.fixture(scope="module")
def map_of_demo(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished map, small enough to be copied and damaged."""
    out = tmp_path_factory.mktemp("maps")
    words = ["map", str(shared / OS1), "--model", str(MODEL), "--clustering", str(CLUSTERING), "--out", str(out)]
    assert main([*words, "--threads", "1"]) == 0
    (path,) = out.glob("*.ome.zarr")
    return path


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("wsiview: ")]
    return line


@pytest.mark.parametrize(
    ("flag", "value", "complaint"),
    [
        ("-k", "1", "from 2 to 16"),
        ("-k", "99", "from 2 to 16"),
        ("--patch", "0", "positive"),
        ("--patch", "32", "leave gaps"),
        ("--patch", "100000", "8192"),
        ("--stride", "7", "no multiple"),
        ("--trim", "50", "leave gaps"),
        ("--seed", "-1", "from 0"),
        ("--mpp", "nan", "0.05 and 10"),
        ("--threads", "-2", "give 1 to"),
        ("--threads", "100000", "give 1 to"),
    ],
)
def test_a_flag_that_makes_no_sense_is_wrong_usage(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, value: str, complaint: str
) -> None:
    out = tmp_path / "x.clustering"
    words = ["fit", str(shared / OS1), "--model", str(MODEL), "--out", str(out), "--patches", "8", "--threads", "1"]
    assert main([*words, flag, value]) == 2
    assert complaint in one_line(capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_patch_too_small_for_the_network_is_said_so(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["fit", str(shared / OS1), "--model", str(MODEL), "--out", str(tmp_path / "x.clustering")]
    assert main([*words, "--threads", "1", "--patch", "7"]) == 1
    assert "can't take patches of 7 pixels" in one_line(capsys)


def test_a_clustering_is_not_written_over_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.clustering").mkdir()
    assert main(["fit", "a.svs", "--model", str(MODEL), "--out", str(tmp_path / "x.clustering")]) == 2
    assert "is a folder" in one_line(capsys)


@pytest.mark.parametrize(
    ("saliency", "model", "status"), [("foo", MODEL, 2), ("", MODEL, 2), ("gradcam", Path("nowhere"), 1)]
)
def test_a_map_that_can_not_begin_leaves_no_folder(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], saliency: str, model: Path, status: int
) -> None:
    words = ["map", str(shared / OS1), "--model", str(model), "--clustering", str(CLUSTERING)]
    assert main([*words, "--out", str(tmp_path / "maps"), "--saliency", saliency]) == status
    assert one_line(capsys)
    assert not (tmp_path / "maps").exists()


def test_a_saliency_map_named_twice_is_made_once(shared: Path, map_of_demo: Path) -> None:
    words = ["map", str(shared / OS1), "--model", str(MODEL), "--clustering", str(CLUSTERING)]
    assert main([*words, "--out", str(map_of_demo.parent), "--saliency", "gradcam,gradcam", "--threads", "1"]) == 0
    assert list(map_of_demo.parent.glob("*.ome.zarr")) == [map_of_demo]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("slide\na.tiff\n".encode("utf-16"), "UTF-8"),
        (b"", "no column 'slide'"),
        (b"slide\n", "no row"),
        (b"slide|patient\na.tiff|1\n", "separate by commas"),
        (b"slide\na.tiff\n./a.tiff\n", "named twice"),
        (b"slide\na.tiff\nb/../a.tiff\n", "named twice"),
        (b"slide,patient\n,p\n", "line 2"),
        (b"slide\na\x00.tiff\n", "NUL"),
    ],
)
def test_a_cohort_that_makes_no_sense_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, complaint: str
) -> None:
    cohort = tmp_path / "cohort.csv"
    cohort.write_bytes(content)
    words = ["map", str(cohort), "--model", str(MODEL), "--clustering", str(CLUSTERING)]
    assert main([*words, "--out", str(tmp_path / "maps")]) == 2
    assert complaint in one_line(capsys)


def test_slides_in_place_of_maps_are_not_analysed_and_the_way_out_is_told(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cohort.csv").write_text(f"slide\n{shared / OS1}\n")
    assert main(["analyze", str(tmp_path / "cohort.csv"), "--out", str(tmp_path / "tables")]) == 1
    line = one_line(capsys)
    assert "cohort.csv, line 2: os-1-detail-he.tiff is not a cluster map" in line
    assert "give the maps that `wsiview map` has made" in line


def _without(*names: str) -> Callable[[dict[str, Any]], object]:
    def change(facts: dict[str, Any]) -> None:
        for name in names[:-1]:
            facts = facts[name]
        del facts[names[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_without("model"), "activation"),
        (_without("slide"), "fingerprint of its slide"),
        (_without("clustering", "gram"), "gram"),
        (lambda facts: facts["clustering"].update(gram="x"), "no numbers"),
        (lambda facts: facts["clustering"].update(gram=[[1.0]]), "don't fit"),
        (lambda facts: facts["model"].update(threshold="x"), "can't be analysed"),
    ],
)
def test_a_map_whose_facts_are_lost_is_described_but_not_analysed(
    map_of_demo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[dict[str, Any]], object],
    complaint: str,
) -> None:
    path = shutil.copytree(map_of_demo, tmp_path / map_of_demo.name)
    text = json.loads((path / "zarr.json").read_text())
    change(text["attributes"]["wsiview"])
    (path / "zarr.json").write_text(json.dumps(text))
    assert main(["info", str(path)]) == 0
    capsys.readouterr()
    assert main(["analyze", str(path), "--out", str(tmp_path / "tables")]) == 1
    assert complaint in one_line(capsys)
    assert not list((tmp_path / "tables").glob("*"))
