#!/usr/bin/env python3
"""Sets the dense evaluation beside a plain rendering of the authors' way, on a big slide made from real tissue.

    python tests/benchmarks/dense.py [--model quarter|full] [--part 0.25] [--threads N] [--only grad-cam|weights]

The whole slide has 20,000 × 16,000 px; `--part` is the share of each side. `quarter` is `pcam-vgg16-quarter`, `full` a
VGG-16 of full width with random weights, both with 512 px patches at stride 256. Both sides give weights, Grad-CAM
and the predictions of a sample; then the same without Grad-CAM. The baseline is `dense_parts/plain.py` in the same
process on the same patches with the same threads. The resident peak is that of `wsiview map` on this slide and on one
of twice the sides, sampled ten times a second.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from dense_parts.ours import Ours, matrix_peak, our_map
from dense_parts.plain import Plain, plain_map
from map_big_slide import MODEL, SHARED, SOURCE, run_watched, wsiview
from safetensors.torch import save_file

from wsiview.clustering.clustering import Clustering
from wsiview.explain.fitting import SlideEntry, fit_clustering
from wsiview.explain.layout import layout
from wsiview.explain.request import batch_size, map_request
from wsiview.explain.settings import PREDICTIONS, FitSettings
from wsiview.maps.cell_state import COMPUTED
from wsiview.maps.cluster_map import ClusterMap
from wsiview.models.architectures import build_architecture
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier
from wsiview.models.default_layers import VGG16_GMP
from wsiview.models.device import set_threads
from wsiview.progress import Progress
from wsiview.slide.opening import open_slide

PATCH, STEP, TRIM = 512, 256, 2
KINDS = {True: "grad-cam", False: "weights"}


def full_width(folder: Path) -> Path:
    """A bundle of VGG-16 in full width with random weights, pooled on average like the small one."""
    config = json.loads((MODEL / "config.json").read_text())
    options = {key: VGG16_GMP[key] for key in ("blocks", "batch_norm", "conv_bias")} | {"pool": "avg"}
    config |= {"name": "vgg16-random", "wsiview": {"architecture": options, "layer": "features.29", "target": 1}}
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    module = build_architecture("vgg-pool", {**options, "dropout": 0.0, "last_pooling": False}, 2)
    for part in module.modules():
        if isinstance(part, torch.nn.Conv2d):  # by default what a deep network gives hardly depends on its input
            torch.nn.init.kaiming_normal_(part.weight)
    save_file({name: tensor.contiguous() for name, tensor in module.state_dict().items()}, folder / "model.safetensors")
    return folder


def make_slide(path: Path, width: int, height: int, tissue: float) -> Path:
    tool = [sys.executable, str(SHARED / "tools/make_big_slide.py"), str(SOURCE), str(path)]
    size = ["--width", str(width), "--height", str(height), "--tissue", str(tissue)]
    subprocess.run([*tool, *size], check=True)
    return path


def resident_peak(slide: Path, model: Path, clustering: Path, arguments: argparse.Namespace) -> float:
    """GiB of `wsiview map` with the dense evaluation."""
    with tempfile.TemporaryDirectory() as folder:
        where = ["--clustering", str(clustering), "--out", folder, "--device", "cpu", "--json", "--evaluation", "dense"]
        how = ["--threads", str(arguments.threads), "--predictions", str(arguments.predictions)]
        _, peak, _ = run_watched(wsiview("map", str(slide), "--model", str(model), *where, *how))
    return peak / 2**30


def told(name: str, value: float, goal: float, at_least: bool, unit: str = "") -> None:
    reached = value >= goal if at_least else value <= goal
    sign, word = "≥" if at_least else "≤", "reached" if reached else "MISSED"
    print(f"  {name}: {value:.2f}{unit} (goal {sign} {goal:g}: {word})")


def compare(ours: Ours, plain: Plain, peak: float, clustering: Clustering, goal: float) -> None:
    conv, rest = ours.convolutions, ours.total - ours.convolutions
    print(f"  dense {ours.total:.1f} s: convolutions {conv:.1f} s ({conv / ours.total:.0%}), all else {rest:.1f} s")
    print(f"    reading and resampling {ours.reading:.1f} s on threads of their own, beside the network")
    rate = ours.operations / ours.total
    print(f"    {ours.operations / 1e12:.2f} · 10¹² operations; {rate / peak:.0%} of the matrix product's peak")
    print(f"    inside the convolutions {ours.operations / conv / peak:.0%} of it")
    print(
        f"  plain {plain.total:.1f} s: reading {plain.reading:.1f}, network {plain.network:.1f}, "
        f"averaging on disk {plain.averaging:.1f}, NMF.transform {plain.factorising:.1f}"
    )
    told("times less time", plain.total / ours.total, goal, at_least=True)
    share = ours.disk / plain.disk / (clustering.n_classes / clustering.n_channels)
    print(f"  disk: {ours.disk / 2**20:.1f} MiB and {plain.disk / 2**20:.1f} MiB")
    told("disk over K/C of the plain way's", share, 1.2, at_least=False)
    with ClusterMap.open(ours.path) as found:
        there = found.state() == COMPUTED
        same = (found.argmax() == plain.labels)[there].mean()
        print(f"  same strongest class: {same:.2%} of {there.sum()} cells, {len(found.positions)} predictions")
        if plain.grad_cam is not None:
            cam = found.saliency(found.saliency_names[0])[there]
            print(f"  correlation of both Grad-CAMs: {np.corrcoef(cam, plain.grad_cam[there])[0, 1]:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=["quarter", "full"], default="quarter")
    parser.add_argument("--part", type=float, default=0.25, help="share of each side of 20,000 × 16,000 px")
    parser.add_argument("--tissue", type=float, default=0.3)
    parser.add_argument("--classes", type=int, default=6)
    parser.add_argument("--predictions", type=int, default=None, help="default: a twentieth of the patches, at most 64")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--only", choices=["grad-cam", "weights"], help="with Grad-CAM, or without; default: both")
    parser.add_argument("--no-memory", action="store_true", help="leave out the two runs that memory is watched in")
    arguments = parser.parse_args()
    if not MODEL.exists():
        raise SystemExit(f"needs the shared folder; {MODEL} is not there")
    arguments.threads = set_threads(arguments.threads)
    goals = [(one, goal) for one, goal in ((True, 4.5), (False, 2.5)) if arguments.only in (None, KINDS[one])]
    width, height = round(20_000 * arguments.part), round(16_000 * arguments.part)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        slide_path = make_slide(folder / "big.svs", width, height, arguments.tissue)
        model = MODEL if arguments.model == "quarter" else full_width(folder / "full")
        classifier = load_classifier(read_bundle(model), "cpu")
        settings = FitSettings(
            n_classes=arguments.classes, patch=PATCH, step=STEP, trim=TRIM, max_patches=12, max_vectors=6000,
            evaluation="dense",
        )  # fmt: skip
        entry = SlideEntry(partial(open_slide, SOURCE))
        clustering, _ = fit_clustering([entry], classifier, settings, "six", folder / "parts", Progress())
        clustering.save(folder / "six.clustering")
        peak = matrix_peak()
        plain: dict[bool, Plain] = {}
        # The plain way goes first: mapping changes how the process keeps memory.
        with open_slide(slide_path) as slide:
            request = map_request(
                slide, classifier.bundle, clustering, clustering_path=folder / "six.clustering", evaluation="dense"
            )
            by_patches = replace(request, evaluation="overlap", predictions=None, seed=None)
            places = layout(by_patches, slide, classifier, clustering, Progress())
            if arguments.predictions is None:
                # As many as by default are a small part of a whole slide's patches, so they are to be of this one's.
                arguments.predictions = min(PREDICTIONS, max(1, places.patches.n_patches // 20))
            request = replace(request, predictions=arguments.predictions)
            print(
                f"{width} × {height} px, {places.patches.n_patches} patches of {PATCH} px, {arguments.model} VGG-16, "
                f"K = {arguments.classes}, {arguments.threads} threads, {peak / 1e9:.0f} · 10⁹ operations a second in "
                "matrix products",
                flush=True,
            )
            for grad_cam, _ in goals:
                batch = batch_size(PATCH)
                plain[grad_cam] = plain_map(
                    classifier, clustering, places, folder, batch, grad_cam, arguments.threads
                )
        for grad_cam, goal in goals:
            with open_slide(slide_path) as slide:  # opened anew, so that no tile is there already
                wanted = request if grad_cam else replace(request, saliency=())
                ours = our_map(wanted, slide, classifier, clustering, folder)
            print("with Grad-CAM" if grad_cam else "without Grad-CAM")
            compare(ours, plain[grad_cam], peak, clustering, goal)
        if not arguments.no_memory:
            twice = make_slide(folder / "twice.svs", 2 * width, 2 * height, arguments.tissue / 2)
            small, large = (
                resident_peak(path, model, folder / "six.clustering", arguments) for path in (slide_path, twice)
            )
            print(f"resident peak: {small:.2f} GiB, and {large:.2f} GiB on four times the area")
            told("growth", large / small, 1.1, at_least=False, unit=" ×")


if __name__ == "__main__":
    main()
