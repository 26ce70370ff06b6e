"""Dense maps: right everywhere, whatever interrupts them; several clusterings at once: as if mapped alone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from wsiview.cli import main
from wsiview.clustering.clustering import Clustering
from wsiview.clustering.nnls import class_weights
from wsiview.errors import MapError, ModelError
from wsiview.explain.fitting import SlideEntry, fit_clustering
from wsiview.explain.mapping import Listener, map_slide, map_together
from wsiview.explain.patch_vectors import patch_vectors
from wsiview.explain.request import map_request
from wsiview.explain.settings import FitSettings
from wsiview.explain.window_pixels import read_window
from wsiview.maps.cell_state import COMPUTED, UNREADABLE
from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.lock import NAME as LOCK
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import Classifier, load_classifier
from wsiview.progress import Cancelled, Progress
from wsiview.slide.opening import open_slide
from wsiview.slide.slide import Slide, TileUnreadable
from wsiview.slide.virtual_level import VirtualLevel

MPP = (0.5, 0.5)
STRIDE, FIELD = 4, 18


@dataclass
class Tiny:
    """A small network with two clusterings of the same layer."""

    model: Path
    image: Path
    classifier: Classifier
    paths: tuple[Path, Path]
    clusterings: tuple[Clustering, Clustering]

    def request(self, slide: Slide, which: int = 0, **options: Any) -> Any:
        return map_request(
            slide, self.classifier.bundle, self.clusterings[which],
            **{"clustering_path": self.paths[which], "mpp": MPP, "evaluation": "dense", "predictions": 9, **options},
        )  # fmt: skip

    def map(self, folder: Path, which: int = 0, listener: Listener | None = None, **options: Any) -> ClusterMap:
        with open_slide(self.image) as slide:
            request = self.request(slide, which, **options)
            arguments = request, slide, self.classifier, self.clusterings[which], folder, Progress(), listener
            return ClusterMap.open(map_slide(*arguments).path)


@pytest.fixture(scope="module")
def tiny(
    bundle_folder: Callable[..., Path], tissue_image: Path, tmp_path_factory: pytest.TempPathFactory
) -> Tiny:
    folder = tmp_path_factory.mktemp("tiny")
    model = bundle_folder()
    classifier = load_classifier(read_bundle(model), "cpu")
    entries = [SlideEntry(partial(open_slide, tissue_image), MPP)]
    made = []
    for classes in (3, 5):
        settings = FitSettings(n_classes=classes, max_patches=40)
        clustering, _ = fit_clustering(entries, classifier, settings, f"of {classes}", folder / "parts", Progress())
        clustering.save(folder / f"{classes}.clustering")
        made.append((folder / f"{classes}.clustering", clustering))
    (one, first), (two, second) = made
    return Tiny(model, tissue_image, classifier, (one, two), (first, second))


@pytest.fixture(scope="module")
def dense(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> ClusterMap:
    return tiny.map(tmp_path_factory.mktemp("dense"))


@pytest.fixture(scope="module")
def overlap(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> ClusterMap:
    return tiny.map(tmp_path_factory.mktemp("overlap"), evaluation="overlap")


def assert_equal_files(first: Path, second: Path) -> None:
    """Byte for byte, but for the moment of creation."""

    def files(folder: Path) -> dict[str, bytes]:
        found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        root = json.loads(found.pop("zarr.json"))
        root["attributes"]["wsiview"].pop("created")
        return {**found, "zarr.json": json.dumps(root).encode()}

    ours, theirs = files(first), files(second)
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_a_dense_map_is_that_of_the_network_without_any_border(tiny: Tiny, dense: ClusterMap) -> None:
    rows, cols = dense.shape
    margin = 16 * STRIDE  # further than any location sees
    with open_slide(tiny.image) as slide:
        level = VirtualLevel(slide, tiny.classifier.bundle.spacing, MPP)
        pixels = level.read(-margin, -margin, cols * STRIDE + 2 * margin, rows * STRIDE + 2 * margin)
    with torch.no_grad():
        found = tiny.classifier.module.get_submodule("features")(tiny.classifier.normalise(pixels[None]))[0]
    plain = found[:, 16 : 16 + rows, 16 : 16 + cols].permute(1, 2, 0).double().numpy()
    h, gram = tiny.clusterings[0].class_vectors.astype(float), tiny.clusterings[0].gram
    expected = class_weights((plain @ h.T).reshape(-1, 3), gram).reshape(rows, cols, 3)
    there = dense.state() == COMPUTED
    assert 0.3 < there.mean() < 1
    got = dense.weights().transpose(1, 2, 0)
    assert np.abs(got - expected)[there].max() <= 1e-5 * expected[there].max()
    assert not got[~there].any()
    left = ((plain - expected @ h) ** 2).sum(-1) / np.maximum((plain**2).sum(-1), 1e-12)
    assert np.abs(dense.residual() - left)[there].max() <= 1e-5
    head = tiny.classifier.module.get_parameter("classifier.weight").double().numpy()
    cam = plain @ (head[1] - head[0]) / (64 // STRIDE) ** 2
    assert np.abs(dense.saliency("gradcam/1") - cam)[there].max() <= 1e-5 * np.abs(cam).max()


def test_both_evaluations_agree_where_the_trim_leaves_no_border(dense: ClusterMap, overlap: ClusterMap) -> None:
    assert np.array_equal(dense.state(), overlap.state())
    assert dense.cell_to_level0 == overlap.cell_to_level0
    # Two locations are trimmed, and two see the border: then the paper's way gives the same numbers.
    ours, theirs = dense.weights(), overlap.weights()
    assert np.abs(ours - theirs).max() <= 1e-5 * theirs.max()
    assert theirs.max() > 0


def test_a_dense_maps_predictions_are_those_of_some_whole_patches(dense: ClusterMap, overlap: ClusterMap) -> None:
    assert len(dense.positions) == len(dense.logits) == 9
    every = {tuple(place): index for index, place in enumerate(overlap.positions)}
    rows = [every[tuple(place)] for place in dense.positions]
    assert len(set(rows)) == 9
    assert dense.logits == pytest.approx(overlap.logits[rows], abs=1e-5)
    for name in ("weight_sum", "coverage", "gradcam/1/iou"):
        assert dense.statistic(name) == pytest.approx(overlap.statistic(name)[rows], rel=1e-4, abs=1e-5, nan_ok=True)
    blocks = [dense.block_patches(*place)[0] for place in np.ndindex(dense.block_grid)]
    assert sum(map(len, blocks)) == 9


def test_all_patches_can_be_asked_for(tiny: Tiny, overlap: ClusterMap, tmp_path: Path) -> None:
    found = tiny.map(tmp_path, predictions=0)
    assert np.array_equal(found.positions, overlap.positions)
    assert found.logits == pytest.approx(overlap.logits, abs=1e-5)


def test_a_dense_map_made_again_has_the_same_bytes(tiny: Tiny, dense: ClusterMap, tmp_path: Path) -> None:
    assert_equal_files(dense.path, tiny.map(tmp_path).path)


@pytest.mark.parametrize("evaluation", ["dense", "overlap"])
def test_clusterings_mapped_in_one_pass_are_as_if_mapped_alone(
    tiny: Tiny, dense: ClusterMap, overlap: ClusterMap, evaluation: str, tmp_path: Path
) -> None:
    runs: list[int] = []
    hook = tiny.classifier.module.register_forward_pre_hook(lambda module, inputs: runs.append(len(inputs[0])))
    with open_slide(tiny.image) as slide:
        requests = [tiny.request(slide, which, evaluation=evaluation) for which in (0, 1)]
        blocks = 0

        def stop_soon(row: int, col: int) -> None:
            nonlocal blocks
            blocks += 1
            if blocks == 2:
                progress.cancel()

        # One of the two is two blocks ahead when both are gone on with.
        progress = Progress()
        with pytest.raises(Cancelled):
            map_slide(
                requests[1], slide, tiny.classifier, tiny.clusterings[1], tmp_path, progress, Listener(block=stop_soon)
            )
        arguments = slide, tiny.classifier, tiny.clusterings, tmp_path, Progress()
        runs.clear()
        together = map_together(requests, *arguments)
    in_one_pass = len(runs)
    alone = {"dense": dense, "overlap": overlap}[evaluation]
    paths = [one.path for one in together if not isinstance(one, MapError)]
    assert_equal_files(paths[0], alone.path)
    runs.clear()
    assert_equal_files(paths[1], tiny.map(tmp_path / "alone", 1, evaluation=evaluation).path)
    assert in_one_pass == len(runs)
    hook.remove()


def test_one_map_that_is_being_written_elsewhere_does_not_keep_the_other_from_being_made(
    tiny: Tiny, dense: ClusterMap, tmp_path: Path
) -> None:
    with open_slide(tiny.image) as slide:
        requests = [tiny.request(slide, which) for which in (0, 1)]
        taken = tmp_path / requests[1].map_name()
        progress = Progress()
        with pytest.raises(Cancelled):
            map_slide(
                requests[1], slide, tiny.classifier, tiny.clusterings[1], tmp_path, progress,
                Listener(block=lambda row, col: progress.cancel()),
            )  # fmt: skip
        holder = {"host": "elsewhere", "pid": 1, "started": 0.0, "token": "t"}
        (taken / LOCK).write_text(json.dumps(holder))
        good, bad = map_together(requests, slide, tiny.classifier, tiny.clusterings, tmp_path, Progress())
    assert isinstance(bad, MapError)
    assert "elsewhere" in str(bad)
    assert not isinstance(good, MapError)
    assert_equal_files(good.path, dense.path)


def test_a_dense_map_that_is_killed_goes_on_to_the_same_bytes(tiny: Tiny, dense: ClusterMap, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "wsiview", "map", str(tiny.image), "--model", str(tiny.model), "--clustering",
        str(tiny.paths[0]), "--out", str(tmp_path), "--evaluation", "dense", "--predictions", "9", "--mpp", "0.5",
        "--json", "--device", "cpu", "--threads", str(torch.get_num_threads()),
    ]  # fmt: skip
    # Another process that stands still after its second block is killed there.
    script = (
        "import os, signal, sys\n"
        "from wsiview.cli import main\n"
        "from wsiview.maps.store import MapWriter\n"
        "write, count = MapWriter.write_block, []\n"
        "def counting(self, *words):\n"
        "    write(self, *words)\n"
        "    count.append(1)\n"
        "    if len(count) == 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "MapWriter.write_block = counting\n"
        "main(sys.argv[1:])\n"
    )
    cut = subprocess.run([sys.executable, "-c", script, *command[3:]], capture_output=True, check=False)
    assert cut.returncode == -signal.SIGKILL
    assert main(command[3:]) == 0
    (path,) = tmp_path.glob("*.ome.zarr")
    assert_equal_files(path, dense.path)


def test_a_dense_fit_takes_each_location_once_and_its_maps_are_dense(tiny: Tiny, tmp_path: Path) -> None:
    entries = [SlideEntry(partial(open_slide, tiny.image), MPP)]
    settings = FitSettings(n_classes=3, max_patches=8, evaluation="auto")
    clustering, _ = fit_clustering(entries, tiny.classifier, settings, "dense", tmp_path / "parts", Progress())
    assert clustering.geometry.evaluation == "dense"
    assert set(clustering.normal) == {"dense"}
    assert "times less" in clustering.parameters["evaluation_reason"]
    assert clustering.parameters["vectors"] == 8 * (32 // STRIDE) ** 2
    with open_slide(tiny.image) as slide:
        level = VirtualLevel(slide, 0.5, MPP)
        source = patch_vectors(tiny.classifier, clustering.layer, clustering.rectify, clustering.geometry)
        side_by_side, readable = source.of(level, np.array([[128, 64], [160, 64]]))
        whole = level.read(64, 0, 256, 256)
        request = map_request(slide, tiny.classifier.bundle, clustering, clustering_path=tmp_path, mpp=MPP)
    assert readable.all()
    with torch.no_grad():
        found = tiny.classifier.module.get_submodule("features")(tiny.classifier.normalise(whole[None]))[0]
    # The central 32 × 32 px of a patch of 64 at (128, 64) begin at (144, 80): 80 px right and 80 px below the corner.
    expected = found[:, 20:28, 20:36].permute(1, 2, 0).numpy()
    assert np.abs(side_by_side.reshape(2, 8, 8, -1) - np.stack([expected[:, :8], expected[:, 8:]])).max() < 1e-5
    assert request.evaluation == "dense"


def test_the_papers_tables_are_of_the_patches_that_were_run(dense: ClusterMap, tmp_path: Path, capsys: Any) -> None:
    assert main(["analyze", str(dense.path), "--out", str(tmp_path / "tables"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["patches"] == 9
    assert result["unreadable"] == 0


def test_only_cells_that_see_damage_are_unreadable(
    tiny: Tiny, dense: ClusterMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, (x0, y0, side) = VirtualLevel.read, (420, 300, 40)

    def damaged(self: VirtualLevel, x: int, y: int, width: int, height: int) -> Any:
        if x < x0 + side and x + width > x0 and y < y0 + side and y + height > y0:
            raise TileUnreadable(tiny.image, 0, x0, y0, side, side, "torn")
        return read(self, x, y, width, height)

    monkeypatch.setattr(VirtualLevel, "read", damaged)
    with open_slide(tiny.image) as slide:
        found = read_window(VirtualLevel(slide, 0.5, MPP), 380, 250, 200, 150)
        assert found.damaged is not None
        assert found.damaged[50:90, 40:80].all()
        assert found.damaged.sum() < (side + 64) ** 2  # found to within a few pixels
        request = tiny.request(slide)
        outcome = map_slide(request, slide, tiny.classifier, tiny.clusterings[0], tmp_path, Progress())
    state, whole = ClusterMap.open(outcome.path).state(), dense.state()
    rows, cols = np.mgrid[: state.shape[0], : state.shape[1]] * STRIDE + STRIDE / 2
    near = (abs(cols - x0 - side / 2) < (side + FIELD) / 2) & (abs(rows - y0 - side / 2) < (side + FIELD) / 2)
    assert (state[near & (whole == COMPUTED)] == UNREADABLE).all()
    lost = state == UNREADABLE
    assert outcome.unreadable_cells == lost.sum() > 0
    assert lost.sum() < ((side + FIELD + 64) / STRIDE) ** 2
    assert np.array_equal(state[~lost], whole[~lost])
    kept = state == COMPUTED
    assert np.array_equal(ClusterMap.open(outcome.path).weights()[:, kept], dense.weights()[:, kept])


def test_what_windows_can_not_give_is_refused_in_a_sentence(tiny: Tiny, tmp_path: Path) -> None:
    with open_slide(tiny.image) as slide:
        small = replace(tiny.request(slide), patch=16, step=8, trim=0)
        with pytest.raises(ModelError, match=r"can't be evaluated densely: a location sees 18 × 18 .*overlap"):
            map_slide(small, slide, tiny.classifier, tiny.clusterings[0], tmp_path, Progress())
        entries = [SlideEntry(partial(open_slide, tiny.image), MPP)]
        settings = FitSettings(n_classes=2, max_patches=4, layer="features.4")
        lower, _ = fit_clustering(entries, tiny.classifier, settings, "lower", tmp_path / "parts", Progress())
        request = map_request(
            slide, tiny.classifier.bundle, lower, clustering_path=tmp_path, mpp=MPP, evaluation="dense", predictions=2
        )
        with pytest.raises(ModelError, match=r"more than a pooling and one linear layer.*--saliency none"):
            map_slide(request, slide, tiny.classifier, lower, tmp_path, Progress())
        assert not list(tmp_path.iterdir())
        without = replace(request, saliency=())
        found = ClusterMap.open(map_slide(without, slide, tiny.classifier, lower, tmp_path, Progress()).path)
    assert found.complete
    assert (found.state() == COMPUTED).any()
