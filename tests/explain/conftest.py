"""Small real things to compute with: a slide of noise-like tissue, a tiny network, its bundle on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from wsiview.models.architectures import build
from wsiview.models.bundle import read_bundle

NORMALIZE = {"name": "Normalize", "arguments": {"mean": [0.7, 0.54, 0.69], "std": [0.24, 0.28, 0.22]}}


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes bundles with random weights (fixed seed) of any known architecture."""

    def make(architecture: str = "vgg-pool", patch: int = 64, classes: int = 2, **extra: object) -> Path:
        folder = tmp_path_factory.mktemp("bundle")
        if architecture == "vgg-pool":
            blocks = [[8], [8], [12]]
            extra = {
                "architecture": {"blocks": blocks, "batch_norm": False, "conv_bias": True, "pool": "avg"}, **extra,
            }  # fmt: skip
        config = {
            "spec_version": "1.0",
            "architecture": architecture,
            "name": f"tiny-{architecture}",
            "num_classes": classes,
            "class_names": [f"output {index}" for index in range(classes)],
            "patch_size_pixels": patch,
            "spacing_um_px": 0.5,
            "transform": [{"name": "ToTensor"}, NORMALIZE],
            "wsiview": extra,
        }
        (folder / "config.json").write_text(json.dumps(config))
        save_file({}, folder / "model.safetensors")  # the bundle is read before there are weights to save
        torch.manual_seed(0)
        module = build(read_bundle(folder))
        tensors = {name: tensor.contiguous() for name, tensor in module.state_dict().items()}
        save_file(tensors, folder / "model.safetensors")
        return folder

    return make


@pytest.fixture(scope="session")
def tissue_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain image: pink, blotchy tissue in the middle of white glass, 0.5 µm per pixel once told so."""
    rng = np.random.default_rng(5)
    coarse = Image.fromarray(rng.integers(0, 255, (30, 40), np.uint8)).resize((800, 600), Image.Resampling.BICUBIC)
    stain = np.asarray(coarse, float)[..., None] / 255
    pixels = 255 - stain * np.array([60.0, 150.0, 70.0]) - np.array([20.0, 60.0, 25.0])
    pixels += rng.normal(0, 6, pixels.shape)
    pixels[:80], pixels[:, :100] = 245, 245
    path = tmp_path_factory.mktemp("slide") / "case-4711.png"
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    return path
