"""What every test may lean on: the real slides, networks in memory, and a screen that needs no screen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from torch import nn

    from wsiview.models.bundle import Bundle
    from wsiview.models.classifier import Classifier

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # nobody's screen is taken, and focus does not depend on one

ROOT = Path(__file__).resolve().parents[1]

SMALL = {
    "blocks": ((4, 4), (8, 8)), "batch_norm": True, "conv_bias": False, "pool": "avg", "dropout": 0.5,
    "last_pooling": False,
}  # fmt: skip


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real slides, tiles, models and broken files."""
    folder = Path(os.environ.get("WSIVIEW_SHARED", ROOT.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the real slides in {folder} (or the folder that WSIVIEW_SHARED names)")
    return folder


def bundle_of(architecture: str, patch: int, outputs: int, options: dict[str, Any]) -> Bundle:
    from wsiview.models.bundle import Bundle

    return Bundle(
        path=Path("in memory"), name=architecture, architecture=architecture, options=options, num_classes=outputs,
        class_names=tuple(f"output {i}" for i in range(outputs)), patch_pixels=patch, spacing=0.5,
        mean=(0.7, 0.5, 0.6), std=(0.2, 0.3, 0.25), layer=None, rectify=False, stride_pixels=patch // 2, trim=1,
        label_region=patch // 2, target=0, contrast="others", activation="softmax", threshold=0.5, min_tissue=0.1,
        license="", description="", weights_path=Path("in memory"),
    )  # fmt: skip


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Torch on one thread while the test runs: small networks gain nothing from more."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make(one_thread: None) -> Callable[..., Classifier]:
    """Callable[..., Classifier]s a classifier from an architecture's name, or around a network of one's own."""

    import torch

    from wsiview.models.architectures import build_architecture
    from wsiview.models.classifier import as_classifier

    def make_classifier(network: str | nn.Module, patch: int = 64, outputs: int = 2, **changes: object) -> Classifier:
        torch.manual_seed(11)
        architecture = network if isinstance(network, str) else "own"
        options = {**SMALL, **changes} if architecture == "vgg-pool" else {}
        module = build_architecture(network, options, outputs) if isinstance(network, str) else network
        return as_classifier(bundle_of(architecture, patch, outputs, options), module, torch.device("cpu"))

    return make_classifier
