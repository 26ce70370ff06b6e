"""A small case for the window: a painted slide, a tiny network, a clustering fitted on it; and guards."""

from __future__ import annotations

import gc
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

Wait = Callable[..., None]
PATIENCE = 30_000  # ms
_OF_ZARR = ("zarr_io", "asyncio_")


@dataclass(frozen=True)
class Case:
    """Files that belong together."""

    slide: Path
    model: Path
    clustering: Path


def painted_slide(width: int, height: int, seed: int = 3) -> np.ndarray:
    """Pink tissue with dark nuclei on a white ground, (height, width, 3) uint8."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    tissue = ((x - width / 2) / (width * 0.46)) ** 2 + ((y - height / 2) / (height * 0.46)) ** 2 < 1
    pixels = np.full((height, width, 3), 246, np.uint8)
    stained = np.array([226, 160, 196]) + random.integers(-12, 12, (height, width, 1))
    pixels[tissue] = stained[tissue]
    for cx, cy in random.integers(0, (width, height), (width * height // 900, 2)):
        box = slice(max(0, cy - 4), cy + 4), slice(max(0, cx - 4), cx + 4)
        inside = tissue[box]
        pixels[box][inside] = (86, 50, 120)
    return pixels


def write_model(folder: Path, spacing: float | None, name: str = "tiny", seed: int = 0) -> Path:
    """A bundle of a network that is small enough for tests."""
    import torch
    from safetensors.torch import save_file

    from wsiview.models.architectures import build
    from wsiview.models.bundle import read_bundle

    folder.mkdir(parents=True)
    config = {
        "spec_version": "1.0",
        "architecture": "vgg-pool",
        "name": name,
        "num_classes": 2,
        "class_names": ["normal", "tumour"],
        "patch_size_pixels": 64,
        "spacing_um_px": spacing,
        "transform": [
            {"name": "ToTensor"},
            {"name": "Normalize", "arguments": {"mean": [0.7, 0.5, 0.7], "std": [0.25, 0.25, 0.25]}},
        ],
        "wsiview": {"architecture": {"blocks": [[8], [16], [16]], "pool": "avg"}},
    }
    (folder / "config.json").write_text(json.dumps(config))
    save_file({}, folder / "model.safetensors")
    torch.manual_seed(seed)
    module = build(read_bundle(folder))
    save_file({key: value.contiguous() for key, value in module.state_dict().items()}, folder / "model.safetensors")
    return folder


def fit(slide: Path, model: Path, out: Path, mpp: tuple[float, float] | None = None) -> Path:
    """A clustering of three classes."""
    from wsiview.explain.fitting import FitSettings, SlideEntry, fit_clustering
    from wsiview.models.bundle import read_bundle
    from wsiview.models.classifier import load_classifier
    from wsiview.progress import Progress
    from wsiview.slide.opening import open_slide

    classifier = load_classifier(read_bundle(model), "cpu")
    entry = SlideEntry(lambda: open_slide(slide)) if mpp is None else SlideEntry(lambda: open_slide(slide), mpp=mpp)
    settings = FitSettings(n_classes=3, max_patches=40)
    clustering, _ = fit_clustering([entry], classifier, settings, out.stem, out.with_suffix(".parts"), Progress())
    clustering.save(out)
    return out


@pytest.fixture(scope="session")
def made_case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Made once; `case` hands out copies."""
    folder = tmp_path_factory.mktemp("case")
    slide = folder / "painted.png"
    Image.fromarray(painted_slide(1200, 900)).save(slide)
    model = write_model(folder / "tiny", None)
    return Case(slide, model, fit(slide, model, folder / "three.clustering"))


@pytest.fixture
def case(made_case: Case, tmp_path: Path) -> Case:
    """The case with its slide in a folder of this test, so that no map lies there yet."""
    folder = tmp_path / "slides"
    folder.mkdir()
    slide = folder / made_case.slide.name
    slide.write_bytes(made_case.slide.read_bytes())
    return Case(slide, made_case.model, made_case.clustering)


@pytest.fixture(scope="session")
def finished_map(made_case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case's map, computed without a window."""
    from wsiview.clustering.clustering import Clustering
    from wsiview.explain.mapping import map_slide
    from wsiview.explain.request import map_request
    from wsiview.models.bundle import read_bundle
    from wsiview.models.classifier import load_classifier
    from wsiview.progress import Progress
    from wsiview.slide.opening import open_slide

    classifier = load_classifier(read_bundle(made_case.model), "cpu")
    clustering = Clustering.load(made_case.clustering)
    with open_slide(made_case.slide) as slide:
        request = map_request(slide, classifier.bundle, clustering, clustering_path=made_case.clustering)
        folder = tmp_path_factory.mktemp("maps")
        return map_slide(request, slide, classifier, clustering, folder, Progress()).path


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication) -> Iterator[None]:
    """Each test ends its threads and timers and closes its windows."""
    threads_before = set(threading.enumerate())
    windows_before = set(QApplication.topLevelWidgets())
    yield
    QApplication.sendPostedEvents()
    QApplication.processEvents()
    QApplication.sendPostedEvents(None, 52)  # QEvent::DeferredDelete
    gc.collect()
    until = time.monotonic() + 3
    while (left := _new_threads(threads_before)) and time.monotonic() < until:
        QThread.msleep(10)
    windows = [w for w in QApplication.topLevelWidgets() if w not in windows_before and w.isVisible()]
    running = [t for w in QApplication.topLevelWidgets() for t in w.findChildren(QTimer) if t.isActive()]
    assert not left, f"threads left: {left}"
    assert not windows, f"windows left: {windows}"
    assert not running, f"timers left running in {[t.parent() for t in running]}"


def _new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    # Threads that Qt started show up as dummies once Python code has run on them.
    new = [t for t in threading.enumerate() if t not in before and t.is_alive()]
    # zarr starts one event loop for the whole process, which ends with it.
    return [t for t in new if not isinstance(t, threading._DummyThread) and not t.name.startswith(_OF_ZARR)]


@pytest.fixture
def qtbot(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> QtBot:
    """Waits as long as a busy machine may need; a condition that never comes still fails."""
    until = qtbot.waitUntil

    def wait_until(condition: Callable[[], object], *, timeout: int = 0) -> None:
        until(condition, timeout=max(timeout, PATIENCE))

    monkeypatch.setattr(qtbot, "waitUntil", wait_until)
    return qtbot


@pytest.fixture
def wait(qtbot: QtBot) -> object:
    """Wait for a condition, long enough for a child process to load torch."""

    def until(condition: Callable[[], object], seconds: float = 120) -> None:
        qtbot.waitUntil(lambda: bool(condition()), timeout=int(seconds * 1000))

    return until


@pytest.fixture
def window(qtbot: QtBot, case: Case) -> Iterator[MainWindow]:
    """The window with nothing open."""
    from wsiview.gui.application import make_window, start

    start()
    window = make_window()
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.close()
    window.deleteLater()


@pytest.fixture
def mapped(window: MainWindow, case: Case, finished_map: Path, wait: Wait) -> MainWindow:
    """The window with slide, model, clustering and the finished map."""
    shutil.copytree(finished_map, case.slide.parent / finished_map.name)
    window.session.open_path(case.slide)
    window.session.open_path(case.model)
    window.session.open_path(case.clustering)
    session = window.session
    wait(lambda: session.grids is not None and len(session.grids.blocks) == int(session.cluster_map.done().sum()))
    wait(lambda: session.grids.predictions is not None)
    return window
