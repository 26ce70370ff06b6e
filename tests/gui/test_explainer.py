"""The explainer brings maps from disk or from its child, and survives whatever becomes of the child."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from wsiview.gui.explainer import Explainer
from wsiview.gui.inputs import ChosenClustering, plan_map
from wsiview.gui.map_worker import MapWish
from wsiview.maps.cluster_map import ClusterMap
from wsiview.models.bundle import read_bundle
from wsiview.slide.opening import open_slide


class Heard:
    """Everything an explainer said."""

    def __init__(self, explainer: Explainer) -> None:
        self.maps: list[ClusterMap] = []
        self.blocks: list[tuple[int, int]] = []
        self.failed: list[str] = []
        self.finished: list[int] = []
        self.cancelled = 0
        self.steps: list[Any] = []
        explainer.opened.connect(self.maps.append)
        explainer.blocks_read.connect(lambda arrivals: self.blocks.extend((a.row, a.col) for a in arrivals))
        explainer.failed.connect(self.failed.append)
        explainer.finished.connect(self.finished.append)
        explainer.cancelled.connect(self._count)
        explainer.progressed.connect(self.steps.append)

    def _count(self) -> None:
        self.cancelled += 1


@pytest.fixture
def explainer(tmp_path: Path, qapp: Any) -> Iterator[Explainer]:
    explainer = Explainer(tmp_path / "child.log")
    yield explainer
    explainer.close()


def wish_of(case: Any, *, compute: bool = True) -> MapWish:
    from wsiview.clustering.clustering import Clustering

    chosen = ChosenClustering(Clustering.load(case.clustering), case.clustering)
    with open_slide(case.slide) as slide:
        return plan_map(slide, read_bundle(case.model), chosen, None, compute=compute)


def child_of_this_process() -> psutil.Process:
    found = [c for c in psutil.Process().children() if "wsiview.explain.service" in " ".join(c.cmdline())]
    assert len(found) == 1
    return found[0]


def test_a_finished_map_is_loaded_without_a_child(explainer: Explainer, finished_map: Path, wait: Any) -> None:
    heard = Heard(explainer)
    explainer.want(MapWish(finished_map, {"never": "used"}, lambda found: None))
    done = ClusterMap.open(finished_map).done()
    wait(lambda: len(heard.blocks) == int(done.sum()))
    assert len(heard.maps) == 1
    assert not psutil.Process().children()
    assert not explainer.computing


def test_a_missing_map_is_computed_block_by_block(explainer: Explainer, case: Any, wait: Any) -> None:
    heard = Heard(explainer)
    wish = wish_of(case)
    explainer.want(wish)
    wait(lambda: heard.finished)
    assert heard.finished == [0]
    assert heard.failed == []
    wait(lambda: len(set(heard.blocks)) == ClusterMap.open(wish.path).done().size)
    assert len(heard.blocks) == len(set(heard.blocks))
    assert heard.maps[-1].complete
    assert heard.steps[-1].done == heard.steps[-1].total


def test_the_child_has_a_low_priority(explainer: Explainer, case: Any, wait: Any) -> None:
    heard = Heard(explainer)
    explainer.want(wish_of(case))
    wait(lambda: heard.steps)
    assert child_of_this_process().nice() == 19
    explainer.want(None)


def test_the_child_rests_while_the_slide_is_moved_and_then_goes_on(
    explainer: Explainer, case: Any, wait: Any
) -> None:
    heard = Heard(explainer)
    explainer.want(wish_of(case))
    wait(lambda: heard.steps)
    child = child_of_this_process()

    def rests() -> bool:
        explainer.make_way()
        return child.status() == psutil.STATUS_STOPPED

    wait(rests)
    wait(lambda: child.status() != psutil.STATUS_STOPPED)
    wait(rests)
    explainer.cancel()
    wait(lambda: heard.cancelled)  # which a child that has stopped could not answer
    assert not heard.failed


def test_a_killed_child_is_told_and_explaining_goes_on(explainer: Explainer, case: Any, wait: Any) -> None:
    heard = Heard(explainer)
    wish = wish_of(case)
    explainer.want(wish)
    wait(lambda: any(step.stage != "loading the model" for step in heard.steps))
    os.kill(child_of_this_process().pid, signal.SIGKILL)
    wait(lambda: heard.failed)
    assert heard.failed == [
        "The computation stopped unexpectedly (killed or crashed); press Explain to go on from where it stopped."
    ]
    assert not explainer.computing
    explainer.want(wish)
    wait(lambda: heard.finished)
    assert heard.finished == [0]


def test_cancelling_stops_the_work_and_keeps_what_is_done(explainer: Explainer, case: Any, wait: Any) -> None:
    heard = Heard(explainer)
    wish = wish_of(case)
    explainer.want(wish)
    wait(lambda: heard.steps)
    wait(lambda: len(heard.blocks) > 1)
    explainer.cancel()
    wait(lambda: heard.cancelled or heard.finished)
    assert not explainer.computing
    assert ClusterMap.open(wish.path).done().sum() >= len(heard.blocks)


def test_the_newest_wish_wins(explainer: Explainer, case: Any, finished_map: Path, wait: Any) -> None:
    heard = Heard(explainer)
    explainer.want(wish_of(case))
    wait(lambda: heard.steps)
    explainer.want(MapWish(finished_map, None, lambda found: None))
    heard.blocks.clear()
    heard.maps.clear()
    wait(lambda: len(heard.blocks) == int(ClusterMap.open(finished_map).done().sum()))
    assert {found.path for found in heard.maps} == {finished_map}
    assert heard.finished == []


def test_a_child_that_does_not_answer_is_killed(tmp_path: Path, case: Any, wait: Any, qapp: Any) -> None:
    deaf = [sys.executable, "-c", 'import time; print(\'{"event":"ready"}\', flush=True); time.sleep(600)']
    explainer = Explainer(tmp_path / "child.log", deaf)
    heard = Heard(explainer)
    explainer.want(wish_of(case))
    wait(lambda: explainer.computing)
    wait(lambda: psutil.Process().children())
    explainer.cancel()
    wait(lambda: heard.cancelled)
    wait(lambda: not psutil.Process().children())
    explainer.close()


def test_a_child_that_can_not_start_is_told(tmp_path: Path, case: Any, wait: Any, qapp: Any) -> None:
    explainer = Explainer(tmp_path / "child.log", [str(tmp_path / "missing")])
    heard = Heard(explainer)
    explainer.want(wish_of(case))
    wait(lambda: heard.failed)
    assert heard.failed[0].startswith("The computation could not be started")
    explainer.close()


def test_closing_ends_the_child(tmp_path: Path, case: Any, wait: Any, qapp: Any) -> None:
    explainer = Explainer(tmp_path / "child.log")
    heard = Heard(explainer)
    explainer.want(wish_of(case))
    wait(lambda: explainer.computing and psutil.Process().children())
    child = child_of_this_process()
    explainer.close()
    assert heard.failed == []
    assert not child.is_running()


def test_a_map_that_does_not_fit_is_refused_with_the_reason(
    explainer: Explainer, finished_map: Path, wait: Any
) -> None:
    heard = Heard(explainer)
    explainer.want(MapWish(finished_map, None, lambda found: found.check_fits(slide_fingerprint="0" * 64)))
    wait(lambda: heard.failed)
    assert "another slide" in heard.failed[0]
    assert heard.maps == heard.blocks == []
