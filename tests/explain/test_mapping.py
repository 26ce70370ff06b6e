"""Maps agree with the plainest possible reference, and with themselves whatever interrupts them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.optimize import nnls

from wsiview.explain.layout import layout
from wsiview.explain.mapping import Listener, map_slide
from wsiview.explain.request import map_request
from wsiview.geometry import Region
from wsiview.maps.cell_state import COMPUTED, OUTSIDE
from wsiview.maps.cluster_map import ClusterMap
from wsiview.progress import Cancelled, Progress
from wsiview.slide.opening import open_slide
from wsiview.slide.slide import Slide
from wsiview.slide.virtual_level import VirtualLevel

PCAM, EBHI = "models/pcam-vgg16-quarter", "models/ebhi-vgg16-quarter"
CMU = "slides/aperio/CMU-1-Small-Region.svs"
MOSAIC = "slides/mosaics/ebhi-mosaic-valid.tiff"
Whole = Callable[[str, str], ClusterMap]
Find = Callable[[str], Path]
Fitted = Any  # network, clustering and its file, as the fixture gives them
CASES = [
    (PCAM, "slides/mosaics/pcam-mosaic-valid.tiff"),
    (EBHI, "slides/mosaics/ebhi-mosaic-valid.tiff"),
    (PCAM, CMU),
]


def mapped(slide: Slide, fitted: Fitted, folder: Path, **options: object) -> ClusterMap:
    request = map_request(slide, fitted.classifier.bundle, fitted.clustering, clustering_path=fitted.path)
    outcome = map_slide(request, slide, fitted.classifier, fitted.clustering, folder, Progress(), **options)
    assert outcome.unreadable == 0
    return ClusterMap.open(outcome.path)


def everything(found: ClusterMap) -> tuple[slice, slice]:
    return slice(0, found.shape[0]), slice(0, found.shape[1])


@dataclass
class Reference:
    """The paper's way with nothing clever in it."""

    features: NDArray[np.float64]
    count: NDArray[np.int64]
    cam: NDArray[np.float64]


def reference(slide: Slide, fitted: Fitted, found: ClusterMap) -> Reference:
    """Whole patches through the plain network, features and Grad-CAM of every location averaged in memory."""
    classifier, geometry = fitted.classifier, fitted.clustering.geometry
    bundle, module = classifier.bundle, classifier.module
    level = VirtualLevel(slide, bundle.spacing)
    stride, trim, patch = geometry.cell_stride[0], geometry.trim, geometry.patch_pixels
    trunk = module.features
    last = int(fitted.clustering.layer.split(".")[1])
    mean, std = torch.tensor(bundle.mean), torch.tensor(bundle.std)
    u = module.classifier.weight.detach()
    others = [index for index in range(bundle.num_classes) if index != bundle.target]
    direction = u[bundle.target] - u[others].mean(0)
    rows, cols = found.shape
    total = np.zeros((rows, cols, fitted.clustering.n_channels))
    cam, count = np.zeros((rows, cols)), np.zeros((rows, cols), int)
    corners = [tuple(round(p / s) for p, s in zip(place, level.scale, strict=True)) for place in found.positions]
    activations: list[torch.Tensor] = []
    for first in range(0, len(corners), 16):  # only to be done today: a patch's features don't depend on its batch
        pixels = np.stack([level.read(x, y, patch, patch) for x, y in corners[first : first + 16]])
        with torch.no_grad():
            activations.extend(trunk[: last + 1](((torch.from_numpy(pixels) / 255 - mean) / std).permute(0, 3, 1, 2)))
    for (x, y), a in zip(corners, activations, strict=True):
        inner = a[:, trim : a.shape[1] - trim, trim : a.shape[2] - trim]
        first_row, first_col = y // stride + trim, x // stride + trim
        for i in range(min(inner.shape[1], rows - first_row)):
            for j in range(min(inner.shape[2], cols - first_col)):
                total[first_row + i, first_col + j] += inner[:, i, j].double().numpy()
                cam[first_row + i, first_col + j] += float(inner[:, i, j] @ direction) / a[0].numel()
                count[first_row + i, first_col + j] += 1
    covered = np.maximum(count, 1)
    return Reference(total / covered[..., None], count, cam / covered)


@pytest.mark.parametrize(("model", "name"), CASES, ids=["pcam-mosaic", "ebhi-mosaic", "cmu"])
def test_a_map_agrees_with_a_plain_reference(
    model: str, name: str, slide_file: Find, fitted: dict[str, Fitted], whole: Whole
) -> None:
    one, found = fitted[model], whole(model, name)
    with open_slide(slide_file(name)) as slide:
        plain = reference(slide, one, found)
    window = everything(found)
    weights = found.weights(*window).transpose(1, 2, 0).astype(float)
    assert np.array_equal(found.state(*window), np.where(plain.count > 0, COMPUTED, OUTSIDE))
    assert (plain.count > 0).mean() > 0.3
    h = one.clustering.class_vectors.astype(float)
    cells = np.argwhere(plain.count > 0)
    # SciPy takes a location at a time: a seeded draw of them is enough.
    cells = np.random.default_rng(0).permutation(cells)[:5000]
    expected = np.array([nnls(h.T, plain.features[i, j])[0] for i, j in cells])
    got = weights[cells[:, 0], cells[:, 1]]
    assert ((got > 0) == (expected > 0)).all(axis=1).mean() >= 0.999
    strongest = np.where(expected.max(1) > 0, expected.argmax(1) + 1, 0)
    assert (found.argmax(*window)[cells[:, 0], cells[:, 1]] == strongest).mean() >= 0.999
    assert (np.abs(got - expected).max(0) <= 1e-4 * weights.reshape(-1, weights.shape[-1]).max(0)).all()
    name = found.saliency_names[0]
    scale = np.abs(plain.cam).max()
    assert scale > 0
    assert np.abs(found.saliency(name, *window) - plain.cam).max() <= 1e-5 * scale


def test_predictions_are_those_of_whole_patches(shared: Path, fitted: dict[str, Fitted], whole: Whole) -> None:
    one, found = fitted[PCAM], whole(PCAM, CMU)
    with open_slide(shared / CMU) as slide:
        level = VirtualLevel(slide, one.classifier.bundle.spacing)
        for index in np.random.default_rng(1).choice(len(found.positions), 25, replace=False):
            x, y = (round(p / s) for p, s in zip(found.positions[index], level.scale, strict=True))
            with torch.no_grad():
                logits = one.classifier.module(one.classifier.normalise(level.read(x, y, 96, 96)[None]))[0]
            assert found.logits[index] == pytest.approx(logits.numpy(), abs=1e-4)


def test_the_same_request_gives_the_same_arrays_in_whatever_order_blocks_are_computed(
    slide_file: Find, fitted: dict[str, Fitted], whole: Whole, tmp_path: Path
) -> None:
    first = whole(EBHI, MOSAIC)
    order: list[tuple[int, int]] = []
    corner = Region(1200, 1150, 100, 100)
    listener = Listener(block=lambda row, col: order.append((row, col)))
    with open_slide(slide_file(MOSAIC)) as slide:
        second = mapped(slide, fitted[EBHI], tmp_path, listener=listener, focus=lambda: corner)
    assert len(order) == 4
    assert order[0] == (1, 1)  # what is looked at came first
    assert_equal_maps(first, second)


def assert_equal_maps(first: ClusterMap, second: ClusterMap) -> None:
    assert first.complete
    assert second.complete
    window = everything(first)
    assert np.array_equal(first.weights(*window), second.weights(*window))
    assert np.array_equal(first.state(*window), second.state(*window))
    assert np.array_equal(first.residual(*window), second.residual(*window))
    for name in first.saliency_names:
        assert np.array_equal(first.saliency(name, *window), second.saliency(name, *window))
    assert np.array_equal(first.logits, second.logits, equal_nan=True)
    for name in ("weight_sum", "weight_max", "coverage", "correlation"):
        assert np.array_equal(first.statistic(name), second.statistic(name), equal_nan=True)


def test_a_cancelled_map_goes_on_where_it_stopped(
    shared: Path, fitted: dict[str, Fitted], whole: Whole, tmp_path: Path
) -> None:
    one = fitted[PCAM]
    with open_slide(shared / CMU) as slide:
        request = map_request(slide, one.classifier.bundle, one.clustering, clustering_path=one.path)
        progress = Progress()
        done: list[tuple[int, int]] = []

        def stop_soon(row: int, col: int) -> None:
            done.append((row, col))
            progress.cancel()

        with pytest.raises(Cancelled):
            map_slide(
                request, slide, one.classifier, one.clustering, tmp_path / "cut", progress, Listener(block=stop_soon)
            )
        assert 1 <= len(done) <= 4  # those that were computed already are stored
        again: list[tuple[int, int]] = []
        resumed = mapped(slide, one, tmp_path / "cut", listener=Listener(block=lambda r, c: again.append((r, c))))
    assert not set(done) & set(again)
    assert_equal_maps(whole(PCAM, CMU), resumed)


def test_a_map_killed_at_random_moments_finishes_with_equal_arrays(
    shared: Path, slide_file: Find, fitted: dict[str, Fitted], whole: Whole, tmp_path: Path
) -> None:
    one = fitted[EBHI]
    command = [
        sys.executable, "-m", "wsiview", "map", str(slide_file(MOSAIC)), "--model", str(shared / EBHI),
        "--clustering", str(one.path), "--out", str(tmp_path / "cut"), "--json", "--device", "cpu",
    ]  # fmt: skip
    chance = random.Random(3)
    kills = 0
    while kills < 2:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if '"mapping"' in line:
                    break  # the network is at work: any moment from here may be the last
            time.sleep(chance.uniform(0.05, 1.0))
            if process.poll() is not None:
                break
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
    assert kills >= 1
    with open_slide(slide_file(MOSAIC)) as slide:
        assert_equal_maps(whole(EBHI, MOSAIC), mapped(slide, one, tmp_path / "cut"))
    assert len(list((tmp_path / "cut").glob("*.ome.zarr"))) == 1, "the killed ones' map was gone on with"


def test_a_finished_map_is_not_computed_again(shared: Path, fitted: dict[str, Fitted], whole: Whole) -> None:
    computed: list[tuple[int, int]] = []
    folder = whole(PCAM, CMU).path.parent
    with open_slide(shared / CMU) as slide:
        mapped(slide, fitted[PCAM], folder, listener=Listener(block=lambda r, c: computed.append((r, c))))
    assert computed == []


def test_every_cell_lies_on_the_slide_where_its_affine_says(
    shared: Path, fitted: dict[str, Fitted], tmp_path: Path
) -> None:
    one = fitted[PCAM]
    with open_slide(shared / CMU) as slide:
        request = map_request(slide, one.classifier.bundle, one.clustering, clustering_path=one.path)
        places = layout(request, slide, one.classifier, one.clustering, Progress())
        scale = places.level.scale
        # VGG-16's cells start at the slide's corner and are 16 of the model's pixels wide.
        for col, row in ((0, 0), (10, 7), (69, 92)):
            x, y = places.cell_to_level0.apply(col, row)
            assert x == pytest.approx(col * 16 * scale[0], abs=0.01 * 16 * scale[0])
            assert y == pytest.approx(row * 16 * scale[1], abs=0.01 * 16 * scale[1])
