"""`wsiview info` says of a clustering how well its classes hold, and of an older one that it does not know."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from wsiview.cli import main
from wsiview.clustering.clustering import Clustering
from wsiview.resources import resource

FIDELITY = {"above_majority": 0.75, "agreement": 0.95, "majority": 0.8, "rmse": 0.1234567, "patches": 200}


@pytest.fixture
def plain() -> Clustering:
    return Clustering.load(resource("demo/demo.clustering"))


def told(clustering: Clustering, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, dict[str, object]]:
    path = folder / "x.clustering"
    clustering.save(path)
    capsys.readouterr()
    assert main(["info", str(path)]) == 0
    text = capsys.readouterr().out
    assert main(["info", str(path), "--json"]) == 0
    return text, json.loads(capsys.readouterr().out)


def test_what_is_known_of_a_clusterings_classes_is_told(
    plain: Clustering, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    k = plain.n_classes
    known = replace(
        plain,
        stability=[[9 - index % 2, 10] for index in range(k)],
        inherited={"clustering": "ab" * 32, "classes": [2, *[None] * (k - 1)], "cosine": [0.98765, *[0.1] * (k - 1)]},
        parameters={**plain.parameters, "resampled": "patients", "classes_tried": [2, k], "fidelity": FIDELITY},
    )
    text, facts = told(known, tmp_path, capsys)
    assert facts["found again"] == [f"{letter} in {9 - index % 2} of 10" for index, letter in enumerate(plain.letters)]
    assert facts["resampled"] == "patients"
    assert facts["inherited"] == ["A from C (0.988)"]
    assert facts["inherited from"] == "abababab"
    assert facts["classes tried"] == [2, k]
    assert "agreement above the majority share 0.750 (95.0% of 200 patches" in text
    assert "RMSE of logits 0.1235" in text


def test_what_is_not_known_is_not_made_up(
    plain: Clustering, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, facts = told(plain, tmp_path, capsys)
    assert not any(facts[name] for name in ("found again", "inherited", "inherited from", "classes tried", "fidelity"))
    _, facts = told(replace(plain, parameters={"fidelity": {"skipped": "it has no head"}}), tmp_path, capsys)
    assert facts["fidelity"] == "not measured: it has no head"
    alike = replace(plain, parameters={"fidelity": {**FIDELITY, "above_majority": None}})
    assert "share unknown" in str(told(alike, tmp_path, capsys)[1]["fidelity"])
    assert told(replace(plain, parameters={"fidelity": {}}), tmp_path, capsys)[1]["fidelity"] == "not readable"


def test_an_inheritance_from_a_class_that_there_can_not_be_is_damage(
    plain: Clustering, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    k = plain.n_classes
    replace(plain, inherited={"clustering": "ab", "classes": [16] * k, "cosine": [1.0] * k}).save(
        tmp_path / "x.clustering"
    )
    assert main(["info", str(tmp_path / "x.clustering")]) != 0
    assert "damaged" in capsys.readouterr().err
