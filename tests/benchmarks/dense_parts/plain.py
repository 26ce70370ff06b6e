"""Plain: the authors' way with nothing clever in it, as the baseline of the dense evaluation.

Eager torch over overlapping patches, the average of all activations on disk as a memory-mapped array, a full backward
pass through the network for Grad-CAM, and scikit-learn's `NMF.transform` on what lies on the disk. It reads the same
pixels of the same patches as ours.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import NMF
from threadpoolctl import threadpool_limits

from wsiview.clustering.clustering import Clustering
from wsiview.explain.layout import Layout
from wsiview.models.classifier import Classifier
from wsiview.models.target import contrast_logit


@dataclass(frozen=True)
class Plain:
    """Seconds of each part, bytes on disk, class labels (rows, cols) from 1, 0 for none, and Grad-CAM (rows, cols)."""

    reading: float
    network: float
    averaging: float
    factorising: float
    disk: int
    labels: NDArray[np.uint8]
    grad_cam: NDArray[np.float64] | None

    @property
    def total(self) -> float:
        return self.reading + self.network + self.averaging + self.factorising


def plain_map(
    classifier: Classifier,
    clustering: Clustering,
    places: Layout,
    folder: Path,
    batch: int,
    grad_cam: bool,
    threads: int,
) -> Plain:
    """Weights and, if asked, Grad-CAM of every cell that the kept patches cover."""
    grid, plan, geometry = places.grid, places.patches, clustering.geometry
    rows, cols = plan.shape
    patch, trim = geometry.patch_pixels, geometry.trim
    sums = np.memmap(folder / "sums.f32", np.float32, "w+", shape=(rows, cols, clustering.n_channels))
    count = np.zeros((rows, cols), np.int32)
    cam = np.zeros((rows, cols)) if grad_cam else None
    spent = dict.fromkeys(("reading", "network", "averaging"), 0.0)
    for first in range(0, plan.n_patches, batch):
        started = time.perf_counter()
        which = range(first, min(first + batch, plan.n_patches))
        corners = [grid.origin(int(plan.rows[i]), int(plan.cols[i])) for i in which]
        pixels = np.stack([places.level.read(x, y, patch, patch) for x, y in corners])
        spent["reading"] += time.perf_counter() - started
        started = time.perf_counter()
        activations, maps = _run(classifier, clustering.layer, pixels, grad_cam)
        spent["network"] += time.perf_counter() - started
        started = time.perf_counter()
        for place, i in enumerate(which):
            row, col = int(plan.cell_rows[i]), int(plan.cell_cols[i])
            inner = activations[place, :, trim:-trim, trim:-trim].transpose(1, 2, 0)[: rows - row, : cols - col]
            part = np.s_[row : row + inner.shape[0], col : col + inner.shape[1]]
            sums[part] += inner
            count[part] += 1
            if cam is not None and maps is not None:
                cam[part] += maps[place, trim:-trim, trim:-trim][: inner.shape[0], : inner.shape[1]]
        spent["averaging"] += time.perf_counter() - started
    started = time.perf_counter()
    labels = _factorised(sums, count, clustering, threads)
    factorising = time.perf_counter() - started
    mean = None if cam is None else cam / np.maximum(count, 1)
    return Plain(*spent.values(), factorising, (folder / "sums.f32").stat().st_size, labels, mean)


def _run(
    classifier: Classifier, layer: str, pixels: NDArray[np.uint8], grad_cam: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Activations (n, C, h, w) and Grad-CAM (n, h, w)."""
    module, kept = classifier.module, []
    handle = classifier.layer(layer).register_forward_hook(lambda part, inputs, output: kept.append(output))
    images = classifier.normalise(pixels)
    try:
        module.requires_grad_(grad_cam)
        with torch.set_grad_enabled(grad_cam):
            logits = classifier.forward(images)
            if not grad_cam:
                return kept[0].numpy(), None
            kept[0].retain_grad()
            bundle = classifier.bundle
            contrast_logit(logits, bundle.target, bundle.contrast).sum().backward()
    finally:
        handle.remove()
        module.requires_grad_(False)
    found, gradients = kept[0].detach(), kept[0].grad
    maps = (gradients.mean(dim=(2, 3), keepdim=True) * found).sum(dim=1)
    module.zero_grad(set_to_none=True)
    return found.numpy(), maps.numpy()


def _factorised(
    sums: NDArray[np.float32], count: NDArray[np.int32], clustering: Clustering, threads: int
) -> NDArray[np.uint8]:
    """The strongest class of each covered cell, 64 rows of the array at a time."""
    model = NMF(n_components=clustering.n_classes, solver="cd", tol=1e-4, max_iter=200, init="custom")
    model.components_ = np.ascontiguousarray(clustering.class_vectors)
    model.n_components_, model.n_features_in_ = clustering.n_classes, clustering.n_channels
    labels = np.zeros(count.shape, np.uint8)
    with threadpool_limits(threads):
        for top in range(0, len(count), 64):
            there = count[top : top + 64] > 0
            if there.any():
                vectors = sums[top : top + 64][there] / count[top : top + 64][there][:, None].astype(np.float32)
                weights = model.transform(vectors)
                labels[top : top + 64][there] = np.where(weights.max(1) > 0, weights.argmax(1) + 1, 0)
    return labels
