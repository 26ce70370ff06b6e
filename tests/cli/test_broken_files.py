"""Every damaged or awkward file has one expected outcome, and `info` and `map` do just that."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import pytest

from wsiview.cli import main
from wsiview.clustering.clustering import Clustering
from wsiview.explain.fitting import SlideEntry, fit_clustering
from wsiview.explain.settings import FitSettings
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier
from wsiview.progress import Progress
from wsiview.slide.opening import open_slide

with (Path(__file__).parents[1] / "broken_files.csv").open(newline="", encoding="utf-8") as table:
    OUTCOMES = {row["file"]: row["outcome"] for row in csv.DictReader(table)}
REFUSED, NEEDS_MPP, PARTIAL, OPENS = "refused", "needs-mpp", "partial", "opens"
MODEL = "models/pcam-vgg16-quarter"


def of_kind(*kinds: str) -> list[str]:
    return [name for name, outcome in OUTCOMES.items() if outcome in kinds]


@pytest.fixture(scope="module")
def clustering(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    classifier = load_classifier(read_bundle(shared / MODEL), "cpu")
    entries = [SlideEntry(lambda: open_slide(shared / "slides/aperio/CMU-1-Small-Region.svs"))]
    folder = tmp_path_factory.mktemp("clustering")
    settings = FitSettings(n_classes=3, max_patches=60, step=96, trim=0)  # a map takes a second or two
    found: Clustering
    found, _ = fit_clustering(entries, classifier, settings, "three", folder / "parts", Progress())
    found.save(folder / "three.clustering")
    return folder / "three.clustering"


def run(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    started = time.monotonic()
    status = main(words)
    assert time.monotonic() - started < 10
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    return status, out, err


def map_it(capfd: pytest.CaptureFixture[str], slide: Path, clustering: Path, out: Path, *more: str) -> tuple[int, str]:
    model = str(clustering.parent / "model")
    status, printed, err = run(
        capfd, "map", str(slide), "--model", model, "--clustering", str(clustering), "--out", str(out), *more
    )
    return status, printed + err


@pytest.fixture(autouse=True)
def model_beside(shared: Path, clustering: Path) -> None:
    link = clustering.parent / "model"
    if not link.exists():
        link.symlink_to(shared / MODEL)


def test_the_table_names_every_file_there_is(shared: Path) -> None:
    folder = shared / "broken"
    # The data folder of an .mrxs belongs to its slide, and a folder of DICOM files is one slide.
    there = {f"{kind.name}/{item.name}" for kind in folder.iterdir() for item in kind.iterdir()}
    there = {name for name in there if not name.lower().endswith((".txt", ".md"))} - {"made/mrxs-no-data"}
    assert {name.removeprefix("broken/") for name in OUTCOMES} >= there


@pytest.mark.parametrize("name", of_kind(REFUSED))
def test_a_refused_file_gets_one_sentence_and_status_1(
    name: str, shared: Path, clustering: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    slide = shared / "broken" / name
    status, out, err = run(capfd, "info", str(slide))
    assert status == 1
    assert out == ""
    assert err.startswith("wsiview: ")
    assert slide.name in err
    assert len(err.strip().splitlines()) == 1
    status, text = map_it(capfd, slide, clustering, tmp_path)
    assert status == 1
    assert slide.name in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", of_kind(NEEDS_MPP))
def test_a_slide_without_a_scale_is_shown_but_mapped_only_with_mpp(
    name: str, shared: Path, clustering: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    slide = shared / "broken" / name
    status, out, _ = run(capfd, "info", str(slide))
    assert status == 0
    assert "--mpp" in out
    status, text = map_it(capfd, slide, clustering, tmp_path)
    assert status == 1
    assert "--mpp" in text
    status, text = map_it(capfd, slide, clustering, tmp_path, "--mpp", "0.499")
    if name.startswith("third-party/"):  # pictures of a few pixels, some of them blank
        assert status == 0 or "no tissue was found" in text
        return
    assert status == 0, text
    assert len(list(tmp_path.glob("*.ome.zarr"))) == 1


@pytest.mark.parametrize("name", of_kind(PARTIAL))
def test_a_slide_with_damaged_parts_is_mapped_around_them(
    name: str, shared: Path, clustering: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    slide = shared / "broken" / name
    status, _, _ = run(capfd, "info", str(slide))
    assert status == 0
    status, out = map_it(capfd, slide, clustering, tmp_path, "--json")
    assert status == 3, out
    (result,) = [fact for line in out.splitlines() if (fact := json.loads(line))["event"] == "result"]
    assert 0 < result["unreadable"] <= result["patches"]
    again, out = map_it(capfd, slide, clustering, tmp_path)
    assert again == 3, out  # a finished map is not forgotten to be partial


@pytest.mark.parametrize("name", of_kind(OPENS))
def test_an_awkward_but_sound_slide_opens(
    name: str, shared: Path, clustering: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capfd, "info", str(shared / "broken" / name))
    assert status == 0
    assert "fingerprint" in out
