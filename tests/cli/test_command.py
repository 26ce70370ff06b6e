"""Commands end with the promised status, speak in one line, and can be stopped and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wsiview.cli import main
from wsiview.maps.cluster_map import ClusterMap
from wsiview.resources import resource

MODEL = "models/pcam-vgg16-quarter"
CMU = "slides/aperio/CMU-1-Small-Region.svs"


def wsiview(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wsiview", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "DISPLAY": ""})


@pytest.fixture(scope="module")
def fitted(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fit") / "three.clustering"
    model = str(shared / MODEL)
    done = wsiview(
        "fit", str(shared / CMU), "--model", model, "-k", "3", "--out", str(out), "--patches", "60", "--refits", "0",
        "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["clustering"] == str(out)
    assert result["classes"] == 3
    assert not out.with_name("three.clustering.parts").exists()
    return out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["fit"], "required"),
        (["map", "a.svs", "--model", "m"], "--clustering"),
        (["fit", "a.svs", "--model", "m", "--out", "x.txt"], "ends in .clustering"),
        (["fit", "a.svs", "--model", "m", "--out", "x.clustering", "--mpp", "99"], "0.05 and 10"),
        (["fit", "a.svs", "a.svs", "--model", "m", "--out", "x.clustering"], "named twice"),
        (["map", "a.svs", "--model", "m", "--clustering", "c", "--out", "o", "--threads", "0"], "give 1 to"),
        (["demo", "now"], "unrecognized"),
        (["--no-such-flag"], "unrecognized"),
    ],
)
def test_wrong_usage_is_status_2_and_says_what(words: list[str], complaint: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "wsiview", *words], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_no_screen_is_said_and_not_crashed_on(tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        return
    hidden = {key: value for key, value in os.environ.items() if not key.startswith(("QT_", "DISPLAY", "WAYLAND"))}
    done = subprocess.run(
        [sys.executable, "-m", "wsiview"], capture_output=True, text=True, check=False, env=hidden, cwd=Path.cwd()
    )
    assert done.returncode == 2
    assert "no screen" in done.stderr


def test_a_missing_file_is_one_line_and_status_1() -> None:
    for words in ("info nowhere.svs", "info nowhere.clustering", "analyze nowhere.ome.zarr --out ."):
        done = wsiview(*words.split())
        assert done.returncode == 1
        assert "nowhere" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("kind", ["demo/model", "demo/demo.clustering"])
def test_info_describes_what_travels_with_the_program(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(resource(kind)), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert len(facts["fingerprint"]) == 64
    assert facts["mpp"] == 0.7


def test_several_slides_go_on_after_one_fails(
    shared: Path, fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cohort = tmp_path / "cohort.csv"
    bad = shared / "broken/made/zero-length.svs"
    cohort.write_text(f"slide,patient\n{bad},1\n{shared / CMU},2\n")
    words = ["--model", str(shared / MODEL), "--clustering", str(fitted), "--out", str(tmp_path)]
    assert main(["map", str(cohort), *words]) == 1
    assert "1 of 2 maps" in capsys.readouterr().err
    (path,) = tmp_path.glob("*.ome.zarr")
    assert ClusterMap.open(path).complete
    assert main(["analyze", str(path), "--out", str(tmp_path / "tables"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {Path(name).name for name in result["files"]} == {
        "fig4-correlation.csv", "fig4-cosine.csv", "table1.csv", "table2.csv", "analysis.json",
    }  # fmt: skip
    texts = "".join(Path(name).read_text() for name in result["files"])
    assert "CMU" not in texts  # names of slides are often case numbers


def test_ctrl_c_stops_in_one_line_and_the_same_command_goes_on(shared: Path, fitted: Path, tmp_path: Path) -> None:
    slide = shared / "slides/mosaics/pcam-mosaic-valid.tiff"
    command = [
        sys.executable, "-m", "wsiview", "map", str(slide), "--model", str(shared / MODEL),
        "--clustering", str(fitted), "--out", str(tmp_path), "--json",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        heard = []
        for line in process.stdout:
            heard.append(json.loads(line))
            if heard[-1].get("stage") == "mapping" and heard[-1]["done"] >= 2:
                process.send_signal(signal.SIGINT)
                break
        rest, err = process.communicate()
    assert process.returncode == 1
    assert json.loads(rest.splitlines()[-1]) == {
        "event": "error", "message": "stopped; the same command goes on from here"
    }  # fmt: skip
    assert "Traceback" not in err
    (path,) = tmp_path.glob("*.ome.zarr")
    left = int((~ClusterMap.open(path).done()).sum())
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        first = next(fact for line in process.stdout if (fact := json.loads(line)).get("stage") == "mapping")
        process.kill()
    assert first["done"] >= 2
    assert first["total"] - first["done"] == left


def test_a_clustering_of_another_model_is_refused_with_the_reason(
    shared: Path, fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(shared / "models/ebhi-vgg16-quarter")
    assert main(["map", str(shared / CMU), "--model", other, "--clustering", str(fitted), "--out", str(tmp_path)]) == 1
    assert "was fitted on the model 'pcam-vgg16-quarter'" in capsys.readouterr().err


def test_several_clusterings_give_a_map_each(shared: Path, fitted: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.clustering"
    model, small = str(shared / MODEL), str(shared / "slides/generic/os-1-detail-he.tiff")
    few = ["--patches", "60", "--refits", "0"]
    assert main(["fit", small, "--model", model, "-k", "2", *few, "--out", str(other)]) == 0
    both = ["--clustering", str(fitted), "--clustering", str(other)]
    assert main(["map", small, "--model", model, *both, "--out", str(tmp_path / "maps")]) == 0
    maps = sorted((tmp_path / "maps").glob("*.ome.zarr"))
    assert sorted(ClusterMap.open(path).n_classes for path in maps) == [2, 3]
