from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wsiview.errors import MapError
from wsiview.maps.cell_state import NOT_COMPUTED, OUTSIDE, strongest
from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.faults import DamagedMap, MapLocked, MapMismatch, NewerMap, NotAMap
from wsiview.maps.plan import MapPlan
from wsiview.maps.store import BlockResult, MapWriter, PatchRows

ResultOf = Callable[[MapPlan, int, int], BlockResult]
WriteMap = Callable[[Path, MapPlan], None]


def run_here(code: str, path: Path) -> subprocess.Popen[str]:
    """A process that knows the small map, and is given the map's path."""
    lines = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom conftest import *\n{code}"
    return subprocess.Popen(
        [sys.executable, "-c", lines, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def arrays(path: Path) -> dict[str, np.ndarray]:
    with ClusterMap.open(path) as found:
        names = ("weight_sum", "correlation", "gradcam/1/iou")
        return {
            "weights": found.weights(),
            "state": found.state(),
            "argmax": found.argmax(),
            "residual": found.residual(),
            "saliency": found.saliency("gradcam/1"),
            "positions": found.positions,
            "logits": found.logits,
            "done": found.done(),
            **{name: found.statistic(name) for name in names},
            **{f"level {n}": found.weights_at(n) for n in (1, 2)},
        }


def assert_equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    for name, values in one.items():
        assert np.array_equal(values, other[name], equal_nan=values.dtype.kind == "f"), name


def write_missing(writer: MapWriter, plan: MapPlan, result_of: ResultOf) -> None:
    for row, col in np.argwhere(~writer.done):
        writer.write_block(int(row), int(col), result_of(plan, int(row), int(col)))


def test_what_is_written_is_read_back_bit_for_bit(finished: Path, plan: MapPlan, result_of: ResultOf) -> None:
    found = ClusterMap.open(finished)
    for row in range(3):
        for col in range(4):
            expected, view = result_of(plan, row, col), found.block(row, col)
            assert np.array_equal(view.weights, expected.weights)
            assert np.array_equal(view.state, expected.state)
            assert np.array_equal(view.residual, expected.residual)
            assert np.array_equal(view.saliency["gradcam/1"], expected.saliency["gradcam/1"])
            assert np.array_equal(view.argmax, strongest(expected.weights))
            positions, logits = found.block_patches(row, col)
            assert np.array_equal(positions, plan.positions[plan.patches(row, col)])
            assert np.array_equal(logits, expected.patches.logits, equal_nan=True)
            own = plan.patches(row, col)
            assert np.array_equal(found.statistic("correlation", own), expected.patches.statistics["correlation"])


def test_a_new_map_knows_what_nothing_covers(path: Path, plan: MapPlan) -> None:
    with MapWriter.create_or_resume(path, plan) as writer:
        assert np.array_equal(writer.done, ~plan.covered_blocks())
        found = ClusterMap.open(path)
        assert not found.complete
        assert np.array_equal(found.done(), writer.done)
        whole = np.kron(writer.done, np.ones((64, 64), bool))[:150, :200]
        assert np.array_equal(found.state(), np.where(whole, OUTSIDE, NOT_COMPUTED))
        assert not found.weights().any()
        assert np.isnan(found.logits).all()


def test_cells_that_are_not_computed_have_no_strongest_class(path: Path, plan: MapPlan, result_of: ResultOf) -> None:
    result = result_of(plan, 1, 1)
    with MapWriter.create_or_resume(path, plan) as writer:
        writer.write_block(1, 1, replace(result, state=np.full_like(result.state, 3)))
    assert not ClusterMap.open(path).block(1, 1).argmax.any()


def test_a_reader_sees_a_map_grow(path: Path, plan: MapPlan, result_of: ResultOf) -> None:
    with MapWriter.create_or_resume(path, plan) as writer:
        found = ClusterMap.open(path)
        assert not found.weights().any()
        writer.write_block(1, 2, result_of(plan, 1, 2))
        assert found.done()[1, 2]
        assert np.array_equal(found.block(1, 2).weights, result_of(plan, 1, 2).weights)


def test_a_second_writer_is_refused_and_a_reader_is_not(path: Path, plan: MapPlan) -> None:
    with MapWriter.create_or_resume(path, plan):
        with pytest.raises(MapLocked, match=rf"process {os.getpid()} on .* looked at meanwhile"):
            MapWriter.create_or_resume(path, plan)
        assert ClusterMap.open(path).shape == plan.shape
    MapWriter.create_or_resume(path, plan).close()


def test_the_lock_is_given_up_after_a_failure(path: Path, plan: MapPlan) -> None:
    def fail() -> None:
        with MapWriter.create_or_resume(path, plan):
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail()
    assert not (path / ".lock").exists()


def test_a_finished_map_is_opened_without_a_lock_and_not_written_again(finished: Path, plan: MapPlan) -> None:
    before = {file: file.stat().st_mtime_ns for file in finished.rglob("*")}
    with MapWriter.create_or_resume(finished, plan) as writer:
        assert writer.complete
        assert writer.done.all()
        writer.finish()
    assert {file: file.stat().st_mtime_ns for file in finished.rglob("*")} == before


def test_a_map_is_not_finished_while_a_block_is_missing(path: Path, plan: MapPlan) -> None:
    with (
        MapWriter.create_or_resume(path, plan) as writer,
        pytest.raises(ValueError, match=r"blocks of .* are not done"),
    ):
        writer.finish()


def test_a_block_of_the_wrong_shape_is_a_bug(path: Path, plan: MapPlan, result_of: ResultOf) -> None:
    result = result_of(plan, 0, 0)
    with MapWriter.create_or_resume(path, plan) as writer:
        with pytest.raises(ValueError, match="is wanted"):
            writer.write_block(2, 3, result)
        with pytest.raises(ValueError, match="saliency"):
            writer.write_block(0, 0, replace(result, saliency={}))
        assert not writer.done[0, 0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"slide": {"name": "T", "fingerprint": "6" * 64}}, r"another slide \(S\)"),
        ({"model": {"name": "N", "fingerprint": "b" * 64}}, r"another model \(M\)"),
        ({"clustering": {"name": "D", "fingerprint": "e" * 64}}, r"another clustering \(C\)"),
        ({"parameters": {"min_tissue": 0.2, "patch": 224}}, "min_tissue is 0.1 there and 0.2 here"),
        ({"software": "wsiview 1"}, "begun by wsiview 0 and this is wsiview 1; finish it there"),
        ({"numerics": 9}, "another wsiview began it, whose numbers differ in the last digits; move or delete it"),
    ],
)
def test_an_unfinished_map_of_another_request_is_refused(
    path: Path, plan: MapPlan, changes: dict[str, object], reason: str
) -> None:
    MapWriter.create_or_resume(path, plan).close()
    other = replace(plan, attributes={**plan.attributes, **changes})
    with pytest.raises(MapMismatch, match=reason):
        MapWriter.create_or_resume(path, other)
    assert not (path / ".lock").exists()


def test_other_patches_are_another_plan(path: Path, plan: MapPlan) -> None:
    MapWriter.create_or_resume(path, plan).close()
    with pytest.raises(MapMismatch, match="covers other patches"):
        MapWriter.create_or_resume(path, replace(plan, positions=plan.positions + 1))


def test_a_finished_map_of_older_software_is_still_good(finished: Path, plan: MapPlan) -> None:
    newer = replace(plan, attributes={**plan.attributes, "software": "wsiview 1"})
    with MapWriter.create_or_resume(finished, newer) as writer:
        assert writer.complete


@pytest.mark.parametrize(
    ("content", "fault", "sentence"),
    [
        (None, NotAMap, "has no zarr.json"),
        ("{", DamagedMap, "is not JSON"),
        ("[]", NotAMap, "says nothing of wsiview"),
        ('{"attributes": {"ome": {}}}', NotAMap, "says nothing of wsiview"),
        ('{"attributes": {"wsiview": {"version": 99}}}', NewerMap, "format version 99"),
        ('{"attributes": {"wsiview": {"version": 1, "shape": [1]}}}', DamagedMap, "contradicts itself"),
    ],
)
def test_what_is_no_map_is_refused_and_never_overwritten(
    path: Path, plan: MapPlan, content: str | None, fault: type[MapError], sentence: str
) -> None:
    path.mkdir()
    (path / "thesis.txt").write_text("years of work")
    if content is not None:
        (path / "zarr.json").write_text(content)
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    with pytest.raises(fault, match=sentence):
        MapWriter.create_or_resume(path, plan)
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before


def test_a_file_where_the_map_should_go_is_left_alone(path: Path, plan: MapPlan) -> None:
    path.write_text("not a map")
    with pytest.raises(NotAMap, match=r"neither a folder nor an \.ozx"):
        MapWriter.create_or_resume(path, plan)
    assert path.read_text() == "not a map"


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, plan: MapPlan) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MapError, match=r"can't be written \(Not a directory\)"):
        MapWriter.create_or_resume(tmp_path / "file" / "map.ome.zarr", plan)


def test_a_folder_that_may_not_be_written_is_said(path: Path, plan: MapPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(MapError, match=r"its folder may not be written to.*choose another folder"):
        MapWriter.create_or_resume(path, plan)


_FULL_DISK = """
import resource
from wsiview.errors import MapError
path, plan = Path(sys.argv[1]), small_plan()
writer = MapWriter.create_or_resume(path, plan)
writer.write_block(1, 0, block_result(plan, 1, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    writer.write_block(1, 1, block_result(plan, 1, 1))
except MapError as error:
    print(error)
print(writer.done[1, :2].tolist())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
writer.write_block(1, 1, block_result(plan, 1, 1))
print(writer.done[1, :2].tolist())
writer.close()
"""


def test_a_full_disk_is_said_and_the_block_counts_as_not_done(path: Path, plan: MapPlan, result_of: ResultOf) -> None:
    child = run_here(_FULL_DISK, path)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    sentence, before, after = out.splitlines()
    assert sentence == (
        f"the map {path} can't be written (the disk is full); make room and map again: it goes on where it stopped"
    )
    assert (before, after) == ("[True, False]", "[True, True]")
    assert np.array_equal(ClusterMap.open(path).block(1, 1).weights, result_of(plan, 1, 1).weights)


def test_a_map_that_is_moved_away_while_written_is_not_made_anew_by_halves(
    path: Path, plan: MapPlan, result_of: ResultOf
) -> None:
    with MapWriter.create_or_resume(path, plan) as writer:
        path.rename(path.with_name("moved"))
        with pytest.raises(MapError, match="moved, deleted or taken over"):
            writer.write_block(1, 1, result_of(plan, 1, 1))
    assert not path.exists()


_BEGIN = """
from wsiview.maps.faults import MapLocked
print("ready", flush=True)
try:
    writer = MapWriter.create_or_resume(Path(sys.argv[1]), small_plan())
    print("mine", flush=True)
    import signal; signal.pause()
except MapLocked:
    print("locked", flush=True)
"""


def test_of_several_that_begin_the_same_map_one_writes(path: Path) -> None:
    children = [run_here(_BEGIN, path) for _ in range(4)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    answers = sorted(child.stdout.readline() for child in children if child.stdout is not None)
    for child in children:
        child.kill()
        child.communicate()
    assert answers == ["locked\n"] * 3 + ["mine\n"]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


_WRITE = """
print("begun", flush=True)
write_all(Path(sys.argv[1]), small_plan())
print("finished", flush=True)
"""


def test_a_writer_killed_again_and_again_ends_with_the_same_arrays(
    tmp_path: Path, path: Path, plan: MapPlan, write_map: WriteMap
) -> None:
    moments = random.Random(7)
    killed = 0
    for _ in range(10):
        child = run_here(_WRITE, path)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(moments.uniform(0.1, 0.5))  # the moment is the test: anywhere between creation and the end
        child.kill()
        child.communicate()
        killed += child.returncode != 0
    assert killed >= 3
    write_map(path, plan)
    write_map(tmp_path / "whole.ome.zarr", plan)
    assert_equal(arrays(tmp_path / "whole.ome.zarr"), arrays(path))
    assert ClusterMap.open(path).complete
    assert not list(path.rglob("*.partial"))
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


@pytest.mark.parametrize("files", [0, 1, 4, 7, 9, 10, 23, 55])
def test_a_block_whose_writing_broke_off_anywhere_is_computed_again(
    path: Path, plan: MapPlan, result_of: ResultOf, monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    real, left = Path.replace, [files]

    def die(self: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(5, "Input/output error")
        return real(self, target)

    with MapWriter.create_or_resume(path, plan) as writer:
        monkeypatch.setattr(Path, "replace", die)
        with pytest.raises(MapError, match="check the folder and its disk"):
            write_missing(writer, plan, result_of)
        monkeypatch.undo()
    with MapWriter.create_or_resume(path, plan) as writer:
        found = ClusterMap.open(path)
        for row, col in np.argwhere(writer.done & plan.covered_blocks()):
            expected, view = result_of(plan, int(row), int(col)), found.block(int(row), int(col))
            assert np.array_equal(view.weights, expected.weights)
            assert np.array_equal(view.state, expected.state)
            assert np.array_equal(found.block_patches(int(row), int(col))[1], expected.patches.logits, equal_nan=True)
        write_missing(writer, plan, result_of)
        writer.finish()
    assert ClusterMap.open(path).complete


def test_rows_are_cut_and_joined() -> None:
    rows = PatchRows(np.arange(8, dtype=np.float32).reshape(4, 2), {"coverage": np.arange(12).reshape(4, 3)})
    joined = PatchRows.joined([rows.part(0, 1), rows.part(1, 4)])
    assert np.array_equal(joined.logits, rows.logits)
    assert np.array_equal(joined.statistics["coverage"], rows.statistics["coverage"])
    assert len(PatchRows.joined([])) == 0
