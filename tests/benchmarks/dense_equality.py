#!/usr/bin/env python3
"""Sets dense windows beside the locations of whole patches that see no padding, for networks of full width.

    python tests/benchmarks/dense_equality.py

Random weights, pixels of noise; VGG-16 and ResNet-18 on patches of 1,024 px, DenseNet-121 at `denseblock3`, whose
locations see 1,031 px, on one of 1,232 px. The figure is the largest difference over the largest number of its
location, over all clean locations; the goal is 1e-5 at 100 locations or more.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from wsiview.features.dense import DenseLayer
from wsiview.features.evaluation import lattice_of
from wsiview.features.overlap import patch_features
from wsiview.features.reach import probe_reach
from wsiview.models.architectures import build_architecture
from wsiview.models.bundle import Bundle
from wsiview.models.classifier import Classifier, as_classifier
from wsiview.tiling.lattice import Cells

CASES = [
    ("vgg16", "features.29", 1024, False), ("resnet18", "layer4", 1024, False),
    ("densenet121", "features.denseblock3", 1232, True),
]  # fmt: skip
GOAL = 1e-5


def classifier_of(architecture: str, patch: int) -> Classifier:
    torch.manual_seed(0)
    bundle = Bundle(
        path=Path("in memory"), name=architecture, architecture=architecture, options={}, num_classes=2,
        class_names=("0", "1"), patch_pixels=patch, spacing=None, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25),
        layer=None, rectify=False, stride_pixels=patch // 2, trim=2, label_region=patch // 2, target=1,
        contrast="others", activation="softmax", threshold=0.5, min_tissue=0.1, license="", description="",
        weights_path=Path("in memory"),
    )  # fmt: skip
    module = build_architecture(architecture, {}, 2)
    for part in module.modules():
        if isinstance(part, torch.nn.Conv2d):  # by default what a deep network gives hardly depends on its input
            torch.nn.init.kaiming_normal_(part.weight)
    return as_classifier(bundle, module, torch.device("cpu"))


def main() -> None:
    for architecture, layer, patch, rectify in CASES:
        classifier = classifier_of(architecture, patch)
        lattice = lattice_of(probe_reach(classifier, layer, rectify))
        if lattice is None:
            raise SystemExit(f"{architecture} is not local at {layer}")
        (before, _), (clean, _), stride = lattice.before, lattice.clean(patch), lattice.stride[0]
        slide = np.random.default_rng(1).integers(0, 256, (patch + 2 * stride * before,) * 2 + (3,), np.uint8)
        corner = stride * before
        whole = slide[corner : corner + patch, corner : corner + patch]
        found = patch_features(classifier, layer, whole[None], batch=1, rectify=rectify).activations[0]
        expected = found[before : before + clean, before : before + clean]
        window = Cells(2 * before, 2 * before, clean, clean)
        x, y, width, height = lattice.pixels(window)
        features = DenseLayer(classifier, layer, rectify, lattice).features(
            slide[y : y + height, x : x + width], window
        )
        largest = np.maximum(expected.max(axis=2, keepdims=True), 1e-30)
        error = float((np.abs(features.numpy() - expected) / largest).max())
        if not expected.std() > 0.1 * expected.mean() > 0:
            raise SystemExit(f"{architecture}: the numbers to compare hardly differ from each other")
        word = "reached" if error <= GOAL and clean**2 >= 100 else "MISSED"
        print(f"{architecture} {layer}, {patch} px: {error:.1e} at {clean**2} locations (goal ≤ {GOAL:g}: {word})")


if __name__ == "__main__":
    main()
