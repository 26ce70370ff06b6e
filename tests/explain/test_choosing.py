"""`wsiview fit -k A-B` tells what it knows of each K and keeps one; a refit like an old clustering keeps its places."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wsiview.cli import main
from wsiview.clustering.clustering import Clustering
from wsiview.errors import ClusteringError
from wsiview.explain.choosing import inherit


@pytest.fixture(scope="module")
def fit(bundle_folder: Callable[..., Path], tissue_image: Path) -> Callable[..., int]:
    words = ["fit", str(tissue_image), "--model", str(bundle_folder()), "--mpp", "0.5", "--patches", "30", "--json"]
    return lambda *more: main([*words, "--refits", "3", "--vectors", "1500", "--threads", "1", *map(str, more)])


def test_a_range_of_k_is_told_row_by_row_and_one_is_kept_with_its_stability(
    fit: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.clustering"
    assert fit("-k", "2-3", "--out", out) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    table, result = (fact for fact in told if fact["event"] == "result")
    with Path(table["table"]).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["classes"]) for row in rows] == [2, 3]
    assert 1 > float(rows[0]["residual"]) > float(rows[1]["residual"]) > 0
    assert float(rows[0]["rmse"]) > float(rows[1]["rmse"]) > 0
    assert all(row["fidelity"] == "" or 0 <= float(row["fidelity"]) <= 1 for row in rows)
    found = Clustering.load(out)
    assert found.n_classes == table["chosen"] == result["classes"]
    assert found.stability.tolist() == [[count, 3] for count in result["found_again"]]
    assert found.parameters["fidelity"] == result["fidelity"]
    assert found.parameters["fidelity"]["rmse"] == pytest.approx(float(rows[found.n_classes - 2]["rmse"]), abs=1e-6)
    assert found.parameters["resampled"] == "feature vectors of the one slide"
    assert {path.name for path in tmp_path.iterdir()} == {"x.clustering", "x.k.csv", "x.names.json"}


def test_a_refit_like_an_old_clustering_keeps_its_places_and_says_what_is_inherited(
    fit: Callable[..., int], tmp_path: Path
) -> None:
    assert fit("-k", "3", "--out", tmp_path / "new.clustering") == 0
    new = Clustering.load(tmp_path / "new.clustering")
    turned = np.array([2, 0, 1])
    old = replace(new, name="old", class_vectors=new.class_vectors[turned])
    old.save(tmp_path / "old.clustering")
    assert fit("-k", "3", "--out", tmp_path / "again.clustering", "--like", tmp_path / "old.clustering") == 0
    again = Clustering.load(tmp_path / "again.clustering")
    assert again.class_vectors.tobytes() == old.class_vectors.tobytes()
    assert again.share == tuple(new.share[index] for index in turned)
    assert np.array_equal(again.weight_quantiles, new.weight_quantiles[[*turned, 3]])
    assert again.inherited["classes"] == [0, 1, 2]
    assert again.inherited["clustering"] == old.fingerprint
    with pytest.raises(ClusteringError, match="leave out --like"):
        inherit(new, replace(old, layer="another"))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["-k", "2-17"], "2 to 16"),
        (["-k", "2-4", "--refits", "1"], "at least 2"),
        (["-k", "3", "--disk", "-1"], "--disk"),
    ],
)
def test_numbers_out_of_bounds_are_wrong_usage(
    words: list[str], complaint: str, fit: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit("--out", tmp_path / "x.clustering", *words) == 2
    assert complaint in capsys.readouterr().out


def test_more_classes_than_vectors_are_refused_before_any_is_fitted(
    fit: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("-k", "2-16", "--refits", "2", "--vectors", "12", "--patches", "6")
    assert fit("--out", tmp_path / "x.clustering", *words) == 1
    said = capsys.readouterr().out
    assert "feature vectors are too few for 16 classes" in said
    assert not {"clustering", "clustering a sample"} & {json.loads(line).get("stage") for line in said.splitlines()}
