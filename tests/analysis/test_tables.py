import csv
import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

import wsiview.analysis.tables
from wsiview.analysis import patch_statistics
from wsiview.analysis.paper_tables import PaperTables, paper_tables
from wsiview.analysis.tables import plain, write_tables
from wsiview.errors import WsiviewError

FILES = ["analysis.json", "fig4-correlation.csv", "fig4-cosine.csv", "table1.csv", "table2.csv"]


@pytest.fixture(scope="module")
def tables() -> PaperTables:
    rng = np.random.default_rng(0)
    tumour = rng.random(200) < 0.4
    weights = rng.gamma(1, 1, (200, 5, 5, 3)) * (rng.random((200, 5, 5, 3)) < 0.5)
    weights[..., 0] *= (1 + 2 * tumour)[:, None, None]
    weights[..., 2] = 0
    saliency = weights[..., 0] - weights[..., 1] + 0.1 * rng.normal(size=(200, 5, 5))
    h = np.array([[1, 0, 0, 0], [0.6, 0.8, 0, 0], [0, 0, 0, 0]])
    return paper_tables(patch_statistics(weights, {"gradcam/1": saliency}), tumour, h @ h.T, np.arange(200) % 8, seed=1)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_all_files_are_written_and_say_what_they_are_of(tables: PaperTables, tmp_path: Path) -> None:
    written = write_tables(tmp_path / "a" / "b", tables, {"seed": 1, "sampling": "random"}, ["tumour", "stroma", ""])
    assert sorted(path.name for path in written) == FILES
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == FILES
    said = json.loads((tmp_path / "a" / "b" / "analysis.json").read_text("utf-8"))
    assert said["patches"] == 200
    assert said["provenance"] == {"seed": 1, "sampling": "random"}
    assert said["classes"][0] == {"letter": "A", "name": "tumour"}
    assert "built in" in said["warnings"][0]


def test_figure_4_has_every_pair_with_its_counts(tables: PaperTables, tmp_path: Path) -> None:
    write_tables(tmp_path, tables, {}, ["tumour", "stroma", ""])
    found = {(row["class"], row["other"]): row for row in rows(tmp_path / "fig4-correlation.csv")}
    assert len(found) == 9
    assert found["A", "B"]["n"] == "200"
    assert found["A", "B"]["other_name"] == "stroma"
    assert float(found["A", "B"]["mean"]) == pytest.approx(tables.correlation.mean[0, 1])
    assert (found["A", "C"]["mean"], found["A", "C"]["undefined"]) == ("", "200")
    cosine = {(row["class"], row["other"]): row["cosine"] for row in rows(tmp_path / "fig4-cosine.csv")}
    assert float(cosine["A", "B"]) == pytest.approx(0.6)
    assert cosine["C", "C"] == ""


def test_table_1_holds_coefficients_and_scores_inside_and_across_groups(tables: PaperTables, tmp_path: Path) -> None:
    write_tables(tmp_path, tables, {})
    found = {(r["feature"], r["evaluation"], r["quantity"], r["class"]): r for r in rows(tmp_path / "table1.csv")}
    model = tables.surrogate["weight_sum"]
    assert float(found["weight_sum", "in-sample", "coefficient", "A"]["value"]) == pytest.approx(model.raw[0])
    assert found["weight_sum", "in-sample", "coefficient", "C"]["note"] == "does not vary"
    auc = found["weight_sum", "cross-validated", "auc", ""]
    assert float(auc["low"]) <= float(auc["value"]) <= float(auc["high"])
    assert "8 groups" in auc["note"]
    assert {key[0] for key in found} == {"weight_sum", "coverage", "weight_max", "mean_positive"}


def test_table_2_carries_the_warning_in_every_row(tables: PaperTables, tmp_path: Path) -> None:
    write_tables(tmp_path, tables, {}, linear_head=True)
    found = rows(tmp_path / "table2.csv")
    assert len(found) == 9
    assert all("no independent evidence" in row["note"] for row in found)
    one = next(row for row in found if (row["predicted"], row["class"]) == ("positive", "A"))
    assert float(one["iou_mean"]) == pytest.approx(tables.agreement["gradcam/1"].positive.iou.mean[0])
    assert int(one["patches"]) == tables.positives
    write_tables(tmp_path, tables, {}, linear_head=False)
    assert all(row["note"] == "" for row in rows(tmp_path / "table2.csv"))


def test_what_could_not_be_estimated_is_written_as_such(tmp_path: Path) -> None:
    weights = np.random.default_rng(0).random((30, 4, 4, 2))
    one = paper_tables(patch_statistics(weights), np.zeros(30, bool), np.eye(2), np.arange(30) % 3)
    write_tables(tmp_path, one, {})
    accuracy = next(row for row in rows(tmp_path / "table1.csv") if row["quantity"] == "accuracy")
    assert (accuracy["value"], accuracy["note"]) == ("", "the model labels all 30 patches negative")
    assert len(json.loads((tmp_path / "analysis.json").read_text("utf-8"))["not_estimable"]) == 4
    assert rows(tmp_path / "table2.csv") == []


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "  =1", "\t=1", "＝1"])
def test_no_name_becomes_a_formula(name: str, tables: PaperTables, tmp_path: Path) -> None:
    write_tables(tmp_path, tables, {}, [name, 'a "b", c', "normal - benign"])
    found = [row["name"] for row in rows(tmp_path / "fig4-cosine.csv")[::3]]
    assert found == [f"'{name}", 'a "b", c', "normal - benign"]
    assert plain("") == ""


def test_the_same_tables_give_the_same_bytes(tables: PaperTables, tmp_path: Path) -> None:
    one, other = (write_tables(tmp_path / name, tables, {"seed": 1}) for name in "ab")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_a_folder_that_can_not_be_made_is_one_sentence(tables: PaperTables, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WsiviewError, match="can't be written"):
        write_tables(tmp_path / "file", tables, {})


def test_a_disk_that_fills_up_leaves_the_older_tables_as_they_were(
    tables: PaperTables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in write_tables(tmp_path, tables, {"seed": 1})}
    whole = wsiview.analysis.tables.write_whole

    def full(path: Path, content: bytes) -> None:
        if path.name == "table2.csv":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        whole(path, content)

    monkeypatch.setattr(wsiview.analysis.tables, "write_whole", full)
    with pytest.raises(WsiviewError, match="can't be written"):
        write_tables(tmp_path, tables, {"seed": 2}, ["one", "two", "three"])
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
