"""`wsiview fit` and `wsiview map` take a cohort whole: what can't be read is named at the end, the rest is done."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from wsiview.cli import main
from wsiview.clustering.clustering import Clustering
from wsiview.maps.cluster_map import ClusterMap


@pytest.fixture(scope="module")
def folder(bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small slides, one that is none, and a cohort that names a fourth."""
    folder = tmp_path_factory.mktemp("cohort")
    (folder / "model").symlink_to(bundle_folder(stride_pixels=32, trim=2))
    for number, name in enumerate(("good.png", "other.png")):
        Image.open(tissue_image).crop((200 + number, 200, 420 + number, 380)).save(folder / name)
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "cohort.csv").write_text("slide,patient\ngood.png,P1\nbroken.png,P1\ngone.png,P2\n")
    return folder


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Callable[..., int]:
    def run_command(command: str, cohort: str, *more: str) -> int:
        words = [command, str(folder / cohort), "--model", str(folder / "model"), "--mpp", "0.5", "--threads", "1"]
        out = folder / "x.clustering" if command == "fit" else tmp_path / "maps"
        return main([*words, "--out", str(out), *more])

    return run_command


def test_a_cohort_is_fitted_and_mapped_on_though_one_slide_is_broken_and_one_missing(
    folder: Path, tmp_path: Path, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fit", "cohort.csv", "-k", "3", "--patches", "60", "--refits", "2") == 1
    lines = [line.removeprefix("wsiview: ") for line in capsys.readouterr().err.splitlines() if "wsiview:" in line]
    assert lines[0] == f"1 of 3 slides are not there ({folder / 'cohort.csv'}, line 4: gone.png)"
    assert lines[-1].startswith(f"2 of 3 slides could not be fitted on: {folder / 'cohort.csv'}, line 3: ")
    assert f"| {folder / 'cohort.csv'}, line 4: " in lines[-1]
    found = Clustering.load(folder / "x.clustering")
    assert (len(found.slides), set(found.manifest[:, 0])) == (1, {0})
    assert "good.png" in (folder / "x.names.json").read_text()
    assert "broken" not in (folder / "x.names.json").read_text()
    assert not (folder / "x.clustering.parts").exists()
    assert run("map", "cohort.csv", "--clustering", str(folder / "x.clustering")) == 1
    said = capsys.readouterr().err.splitlines()
    assert "2 of 3 maps could not be made: " in said[-1]
    assert any(line.startswith("slide 1 of 3, good.png, mapping: ") for line in said)
    (path,) = (tmp_path / "maps").iterdir()
    assert ClusterMap.open(path).complete
    assert ClusterMap.open(path).attributes["clustering"]["fitted_on_this_slide"] is True


@pytest.mark.parametrize(("said", "marked"), [("yes", True), ("no", False), ("", False)])
def test_what_the_cohort_says_of_a_slide_marks_its_map(
    folder: Path, tmp_path: Path, run: Callable[..., int], said: str, marked: bool
) -> None:
    cohort = folder / f"said-{said}.csv"
    cohort.write_text(f"slide,used_in_fit\nother.png,{said}\n")
    assert run("map", cohort.name, "--clustering", str(folder / "x.clustering"), "--saliency", "none") == 0
    (path,) = (tmp_path / "maps").iterdir()
    assert ClusterMap.open(path).attributes["clustering"]["fitted_on_this_slide"] is marked


def test_slides_kept_from_the_fit_are_left_out_and_patients_are_what_is_resampled(
    folder: Path, tmp_path: Path, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "held.csv").write_text("slide,patient,used_in_fit\ngood.png,P1,\nother.png,P2,yes\nbroken.png,P3,no\n")
    out = tmp_path / "y.clustering"
    assert run("fit", "held.csv", "-k", "2", "--patches", "20", "--refits", "2", "--json", "--out", str(out)) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "1 of 3 slides say no in used_in_fit and are left out" in [fact.get("message") for fact in told]
    assert told[-1]["slides"] == 2
    assert {f"slide {number} of 2" for number in (1, 2)} <= {fact.get("thing") for fact in told}
    assert Clustering.load(out).parameters["resampled"] == "patients"


def test_a_cohort_of_which_nothing_can_be_read_gives_no_clustering(
    folder: Path, tmp_path: Path, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "none.csv").write_text("slide\nbroken.png\ngone.png\n")
    assert run("fit", "none.csv", "--out", str(tmp_path / "z.clustering")) == 1
    assert "2 of 2 slides could not be fitted on: " in capsys.readouterr().err.splitlines()[-1]
    assert not list(tmp_path.glob("z.*"))
