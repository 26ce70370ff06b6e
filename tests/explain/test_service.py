"""The child process: maps what it is told, reports in JSON lines, and ends with the window."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from wsiview.explain import protocol
from wsiview.explain.fitting import SlideEntry, fit_clustering
from wsiview.explain.request import MapRequest, map_request
from wsiview.explain.settings import FitSettings
from wsiview.maps.cluster_map import ClusterMap
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier
from wsiview.progress import Progress
from wsiview.slide.opening import open_slide


@pytest.fixture(scope="module")
def request_of_a_map(
    bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path_factory: pytest.TempPathFactory
) -> MapRequest:
    folder = tmp_path_factory.mktemp("service")
    classifier = load_classifier(read_bundle(bundle_folder()), "cpu")
    entries = [SlideEntry(partial(open_slide, tissue_image), (0.5, 0.5))]
    settings = FitSettings(n_classes=3, max_patches=40)
    clustering, _ = fit_clustering(entries, classifier, settings, "three", folder / "parts", Progress())
    clustering.save(folder / "three.clustering")
    with open_slide(tissue_image) as slide:
        return map_request(
            slide, classifier.bundle, clustering, clustering_path=folder / "three.clustering", mpp=(0.5, 0.5)
        )


class Child:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wsiview.explain.service"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def tell(self, **message: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(protocol.encode(message))
        self.process.stdin.flush()

    def hear_until(self, *events: str) -> list[dict[str, Any]]:
        assert self.process.stdout is not None
        heard = []
        for line in self.process.stdout:
            heard.append(json.loads(line))
            if heard[-1]["event"] in events:
                return heard
        raise AssertionError(f"the child ended after {heard}")


@pytest.fixture
def child() -> Iterator[Child]:
    one = Child()
    yield one
    one.process.kill()
    one.process.wait()
    for pipe in (one.process.stdin, one.process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def test_the_child_maps_and_tells_of_every_block(child: Child, request_of_a_map: MapRequest, tmp_path: Path) -> None:
    child.hear_until(protocol.READY)
    child.tell(do=protocol.MAP, request=request_of_a_map.as_json(), out=str(tmp_path))
    heard = child.hear_until(protocol.FINISHED, protocol.FAILED)
    assert heard[-1]["event"] == protocol.FINISHED
    found = ClusterMap.open(Path(heard[-1]["map"]))
    assert found.complete
    blocks = {(one["row"], one["col"]) for one in heard if one["event"] == protocol.BLOCK}
    assert blocks
    assert all(found.done()[place] for place in blocks)
    opened = [one for one in heard if one["event"] == protocol.OPENED]
    assert [one["map"] for one in opened] == [str(found.path)]


def test_a_cancelled_job_says_so_and_the_child_goes_on(
    child: Child, request_of_a_map: MapRequest, tmp_path: Path
) -> None:
    child.tell(do=protocol.MAP, request=request_of_a_map.as_json(), out=str(tmp_path))
    child.tell(do=protocol.CANCEL)
    assert child.hear_until(protocol.CANCELLED, protocol.FINISHED)[-1]["event"] == protocol.CANCELLED
    child.tell(do=protocol.MAP, request=request_of_a_map.as_json(), out=str(tmp_path))
    assert child.hear_until(protocol.FINISHED, protocol.CANCELLED)[-1]["event"] == protocol.FINISHED


def test_a_replaced_slide_is_refused_in_a_sentence(child: Child, request_of_a_map: MapRequest, tmp_path: Path) -> None:
    wrong = {**request_of_a_map.as_json(), "slide_fingerprint": "0" * 64}
    child.tell(do=protocol.MAP, request=wrong, out=str(tmp_path))
    heard = child.hear_until(protocol.FAILED, protocol.FINISHED)
    assert "was replaced by another slide" in heard[-1]["message"]


def test_the_child_ends_when_the_window_does(child: Child, request_of_a_map: MapRequest, tmp_path: Path) -> None:
    child.tell(do=protocol.MAP, request=request_of_a_map.as_json(), out=str(tmp_path))
    assert child.process.stdin is not None
    child.process.stdin.close()
    assert child.process.stdout is not None
    child.process.stdout.read()
    assert child.process.wait(timeout=60) == 0


def test_a_line_that_makes_no_sense_ends_the_child_rather_than_leave_it_deaf(child: Child) -> None:
    child.hear_until("ready")
    assert child.process.stdin is not None
    child.process.stdin.write(b"no message\n")
    child.process.stdin.flush()
    assert child.process.wait(timeout=20) is not None
