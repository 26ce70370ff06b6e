"""Schedulers: a real Dask cluster on loopback gives the local maps, and loses nothing when a worker is killed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsiview.cli import main
from wsiview.clustering.clustering import Clustering
from wsiview.errors import WsiviewError
from wsiview.explain.schedulers import Cluster, Lost
from wsiview.maps.cluster_map import ClusterMap
from wsiview.progress import Cancelled, Progress

Run = Callable[..., tuple[int, list[str]]]


@dataclass
class Loopback:
    """A scheduler and its workers."""

    address: str
    workers: list[subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    """A real scheduler and two workers, each a process of its own."""
    folder = tmp_path_factory.mktemp("dask")
    place = folder / "scheduler.json"
    quiet = {
        **os.environ, "OMP_NUM_THREADS": "1", "WSIVIEW_CACHE": str(folder), "WSIVIEW_DATA": str(folder),
    }  # fmt: skip

    def start(*words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + words[0], *words[1:]],
            env=quiet, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    here = ("--host", "127.0.0.1", "--no-dashboard")
    scheduler = start("dask_scheduler", *here, "--port", "0", "--scheduler-file", str(place))
    workers = [
        start("dask_worker", *here, "--scheduler-file", str(place), "--no-nanny", "--nthreads", "1") for _ in range(2)
    ]
    try:
        deadline = time.monotonic() + 60
        while not place.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield Loopback(json.loads(place.read_text())["address"], workers)
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def folder(bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort of two slides and one that is none, and a model."""
    folder = tmp_path_factory.mktemp("cohort")
    (folder / "model").symlink_to(bundle_folder(stride_pixels=24, trim=2))
    for name, box in (("first", (100, 80, 600, 560)), ("second", (300, 80, 800, 560))):
        Image.open(tissue_image).crop(box).save(folder / f"{name}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "cohort.csv").write_text("slide\nfirst.png\nsecond.png\nbroken.png\n")
    return folder


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command on the cohort: its status, and what it says of errors."""

    def run_command(command: str, out: Path, *more: str) -> tuple[int, list[str]]:
        words = [command, str(folder / "cohort.csv"), "--model", str(folder / "model"), "--mpp", "0.5"]
        status = main([*words, "--device", "cpu", "--threads", "1", "--out", str(out), *more])
        said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("wsiview: ")]
        return status, said

    return run_command


def contents(path: Path) -> dict[str, bytes]:
    """Every file of a map, but for the time when it was begun."""
    files = {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}
    files["zarr.json"], times = re.subn(rb'"created": "[^"]+"', b"", files["zarr.json"])
    assert times == 1
    return files


def test_a_cluster_gives_the_local_fit(loopback: Loopback, folder: Path, run: Run) -> None:
    how = ("-k", "3", "--patches", "40", "--refits", "0")
    assert run("fit", folder / "here.clustering", *how)[0] == 1
    status, said = run("fit", folder / "there.clustering", *how, "--scheduler", loopback.address)
    assert status == 1
    assert any(line.startswith("wsiview: broken.png is tried again here") for line in said)
    assert not [line for line in said if "computed here again" in line], "the fit found what the workers computed"
    here, there = (Clustering.load(folder / f"{name}.clustering") for name in ("here", "there"))
    assert there.fingerprint == here.fingerprint
    assert there.weight_quantiles.tobytes() == here.weight_quantiles.tobytes()
    assert there.objective == here.objective
    assert there.slides == here.slides


def test_a_cluster_makes_the_local_maps_even_when_a_worker_is_killed_half_way(
    loopback: Loopback, folder: Path, run: Run, tmp_path: Path
) -> None:
    clustering = ("--clustering", str(folder / "here.clustering"))
    here = run("map", tmp_path / "here", *clustering)
    pids = [worker.pid for worker in loopback.workers]
    killed: list[int] = []
    over = threading.Event()

    def kill_one_half_way() -> None:
        """Once some patches of a map are computed and others not, its worker is gone."""
        while not killed and not over.wait(0.005):
            for lock in (tmp_path / "there").glob("*/.lock"):
                with contextlib.suppress(OSError, ValueError, WsiviewError):
                    holder = json.loads(lock.read_text())["pid"]
                    computed = np.isfinite(ClusterMap.open(lock.parent).logits[:, 0])
                    if computed.any() and not computed.all() and holder in pids:
                        os.kill(holder, signal.SIGKILL)
                        killed.append(holder)
                        break

    killer = threading.Thread(target=kill_one_half_way)
    killer.start()
    try:
        there = run("map", tmp_path / "there", *clustering, "--scheduler", loopback.address)
    finally:
        over.set()
        killer.join()
    assert len(killed) == 1
    assert there == here
    assert here[0] == 1
    assert "1 of 3 maps could not be made: " in here[1][-1]
    names = sorted(path.name for path in (tmp_path / "here").iterdir())
    assert len(names) == 2
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == names
    for name in names:
        assert ClusterMap.open(tmp_path / "there" / name).complete
        assert contents(tmp_path / "there" / name) == contents(tmp_path / "here" / name)


def test_work_that_nobody_wants_any_more_is_taken_back(loopback: Loopback) -> None:
    progress = Progress()
    results = Cluster(loopback.address, time.sleep).run([0.0, 0.2, 30.0], progress, "sleeping")
    assert next(results)[0] == 0
    progress.cancel()
    with pytest.raises(Cancelled):
        list(results)


def test_a_job_that_fails_in_a_way_of_its_own_is_told_and_not_hidden(loopback: Loopback) -> None:
    (result,) = [result for _, result in Cluster(loopback.address, int).run(["x"], Progress(), "counting")]
    assert isinstance(result, Lost)
    assert "ValueError: invalid literal" in result.reason


def test_a_scheduler_that_is_not_there_is_named(
    folder: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wsiview.explain.schedulers._PATIENCE", 0.5)
    out, nowhere = tmp_path / "x.clustering", ("--scheduler", "tcp://127.0.0.1:1")
    status, said = run("fit", out, *nowhere)
    assert status == 1
    assert "the scheduler 'tcp://127.0.0.1:1' can't be used: " in said[-1]
    status, said = run("fit", out, "--scheduler", "nonsense://127.0.0.1:1")
    assert status == 1
    assert "its address begins with none of " in said[-1]
    monkeypatch.setitem(sys.modules, "distributed", None)
    status, said = run("fit", out, *nowhere)
    assert status == 2
    assert "pip install wsiview[cluster]" in said[-1]
