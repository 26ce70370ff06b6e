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
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from wsiview.errors import UsageError, WsiviewError
from wsiview.explain.fitting import SlideEntry, fit_clustering
from wsiview.explain.map_job import MapFailure, MapJob, run_job
from wsiview.explain.mapping import Outcome
from wsiview.explain.schedulers import Cluster, Lost, SchedulerUnusable
from wsiview.explain.settings import FitSettings
from wsiview.maps.cluster_map import ClusterMap
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier
from wsiview.progress import Cancelled, Progress
from wsiview.slide.opening import open_slide

SCALE = (0.5, 0.5)


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
def jobs(
    tissue_image: Path, bundle_folder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> list[MapJob]:
    """Two slides, and one that is none, to be mapped with one clustering."""
    folder = tmp_path_factory.mktemp("cohort")
    model = bundle_folder(stride_pixels=24, trim=2)
    classifier = load_classifier(read_bundle(model), "cpu")
    settings = FitSettings(n_classes=3, max_patches=40)
    entries = [SlideEntry(lambda: open_slide(tissue_image), SCALE)]
    clustering, _ = fit_clustering(entries, classifier, settings, "three", folder / "parts", Progress())
    clustering.save(folder / "three.clustering")
    slides = []
    for name in ("first", "second"):
        slides.append(folder / f"{name}.png")
        slides[-1].write_bytes(tissue_image.read_bytes())
    slides.append(folder / "broken.png")
    slides[-1].write_bytes(b"no picture")
    options = {"mpp": SCALE, "saliency": ("gradcam",)}
    return [MapJob(slide, model, (folder / "three.clustering",), folder, options, "cpu", 1, 30) for slide in slides]


def into(jobs: list[MapJob], folder: Path) -> list[MapJob]:
    folder.mkdir()
    return [replace(job, folder=folder) for job in jobs]


def contents(path: Path) -> dict[str, bytes]:
    """Every file of a map, but for the time when it was begun."""
    files = {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}
    files["zarr.json"], times = re.subn(rb'"created": "[^"]+"', b"", files["zarr.json"])
    assert times == 1
    return files


def test_a_cluster_makes_the_local_maps_even_when_a_worker_is_killed_half_way(
    loopback: Loopback, jobs: list[MapJob], tmp_path: Path
) -> None:
    local = [run_job(job) for job in into(jobs, tmp_path / "here")]
    work = into(jobs, tmp_path / "there")
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
                        loopback.workers[pids.index(holder)].wait()
                        break

    killer = threading.Thread(target=kill_one_half_way)
    killer.start()
    try:
        found = dict(Cluster(loopback.address, run_job).run(work, Progress(), "mapping"))
    finally:
        over.set()
        killer.join()
    assert len(killed) == 1
    assert sorted(found) == [0, 1, 2]
    for number in range(2):
        (here,), result = local[number], found[number]
        assert not isinstance(result, Lost), result.reason
        (there,) = result
        assert isinstance(here, Outcome)
        assert isinstance(there, Outcome), there
        assert there.path.name == here.path.name
        assert ClusterMap.open(there.path).complete
        assert contents(there.path) == contents(here.path)
    assert found[2] == local[2]
    assert isinstance(local[2][0], MapFailure)
    assert "broken.png" in local[2][0].reason


def test_work_that_nobody_wants_any_more_is_taken_back(loopback: Loopback, jobs: list[MapJob], tmp_path: Path) -> None:
    progress = Progress()
    results = Cluster(loopback.address, run_job).run(into(jobs, tmp_path / "there"), progress, "mapping")
    next(results)
    progress.cancel()
    with pytest.raises(Cancelled):
        list(results)


def test_a_job_that_fails_in_a_way_of_its_own_is_told_and_not_hidden(loopback: Loopback) -> None:
    (result,) = [result for _, result in Cluster(loopback.address, int).run(["x"], Progress(), "counting")]
    assert isinstance(result, Lost)
    assert "ValueError: invalid literal" in result.reason


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wsiview.explain.schedulers._PATIENCE", 0.5)
    with pytest.raises(SchedulerUnusable, match=r"'tcp://127\.0\.0\.1:1' can't be used"):
        next(Cluster("tcp://127.0.0.1:1", int).run(["1"], Progress(), "counting"))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install wsiview\[cluster\]"):
        Cluster("tcp://127.0.0.1:1", int)
