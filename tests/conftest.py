"""What every test may lean on: the real slides, networks in memory, and a screen that needs no screen."""

from __future__ import annotations

import faulthandler
import os
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


def pytest_unconfigure() -> None:
    """A process whose threads keep it from ending says where they hang, and ends."""
    faulthandler.dump_traceback_later(60, exit=True, file=sys.__stderr__)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes what belongs to the user, or meets another test's window."""
    monkeypatch.setenv("WSIVIEW_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("WSIVIEW_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real slides, tiles, models and broken files."""
    folder = Path(os.environ.get("WSIVIEW_SHARED", ROOT.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the real slides in {folder} (or the folder that WSIVIEW_SHARED names)")
    return folder


@dataclass(frozen=True)
class Profiles:
    """ICC profiles of scanners that see other primaries than a screen shows: by a matrix, by a table, and damaged."""

    matrix: bytes
    table: bytes
    broken: bytes


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    import numpy as np

    primaries = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
    white = np.array([0.9642, 1.0, 0.8249])
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(1.8 * 256))
    columns = [(name, _xyz(*primaries[:, n])) for n, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))]
    matrix = _icc(b"XYZ ", [(b"wtpt", _xyz(*white)), *columns, *((b"%cTRC" % c, curve) for c in b"rgb")])
    steps = 17
    levels = np.linspace(0, 1, steps)
    rgb = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1)
    share = (rgb**1.9 @ primaries.T) / white
    f = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    lab = np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)
    coded = (lab * (652.8, 256, 256) + (0, 32768, 32768)).clip(0, 65535).round().astype(">u2").tobytes()
    straight = struct.pack(">6H", 0, 65535, 0, 65535, 0, 65535)
    table = b"mft2\0\0\0\0" + bytes([3, 3, steps, 0]) + b"".join(_fixed(n % 4 == 0) for n in range(9))
    table += struct.pack(">HH", 2, 2) + straight + coded + straight
    return Profiles(matrix, _icc(b"Lab ", [(b"wtpt", _xyz(*white)), (b"A2B0", table)]), matrix[:140] + b"\0" * 300)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(x) + _fixed(y) + _fixed(z)


def _icc(space: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    """A scanner's RGB profile of version 2."""
    tags = [(b"cprt", b"text\0\0\0\0none\0"), *tags]
    start, directory, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags:
        directory += name + struct.pack(">II", start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"test", 0x02400000, b"scnr", b"RGB ", space)
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + _fixed(0.9642) + _fixed(1) + _fixed(0.8249)
    return head.ljust(128, b"\0") + directory + body


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
