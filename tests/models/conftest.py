"""A small model bundle on disk, whose config each test can bend."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from wsiview.models.architectures import build_architecture
from wsiview.models.config import Config
from wsiview.models.vgg_options import read_vgg_options

OPTIONS = {"blocks": [[4], [8, 8]], "batch_norm": True, "pool": "avg"}


def small_config() -> dict[str, Any]:
    return {
        "spec_version": "1.0",
        "architecture": "vgg-pool",
        "name": "small",
        "num_classes": 2,
        "class_names": ["normal", "tumor"],
        "patch_size_pixels": 64,
        "spacing_um_px": 0.5,
        "transform": [
            {"name": "ToTensor"},
            {"name": "Normalize", "arguments": {"mean": [0.7, 0.5, 0.6], "std": [0.2, 0.3, 0.25]}},
        ],
        "wsiview": {"architecture": OPTIONS},
    }


@pytest.fixture
def config() -> dict[str, Any]:
    """What a good config.json holds."""
    return small_config()


@pytest.fixture
def network() -> nn.Module:
    """The network of that config, with random weights that are always the same."""
    torch.manual_seed(7)
    options = read_vgg_options(Config(Path("config.json"), {"architecture": OPTIONS}))
    return build_architecture("vgg-pool", options, 2).eval()


@pytest.fixture
def write(tmp_path: Path, network: nn.Module) -> Callable[[object], Path]:
    """Writes a bundle with a config (an object, or text as it is) and gives its folder."""

    def write_bundle(content: object) -> Path:
        folder = tmp_path / "small"
        folder.mkdir(exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / "config.json").write_text(text, encoding="utf-8")
        save_file(network.state_dict(), folder / "model.safetensors")
        return folder

    return write_bundle


@pytest.fixture
def run_python() -> Callable[[str], None]:
    """Runs a script in a fresh interpreter, which must succeed."""

    def run(script: str) -> None:
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    return run
