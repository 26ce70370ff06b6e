"""Weights: only tensors that fit are loaded, and nothing in a file is ever run."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from wsiview.errors import ModelError
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier

Write = Callable[[object], Path]
PIXELS = np.random.default_rng(3).integers(0, 256, (2, 64, 64, 3), np.uint8)


class Trap:
    """Unpickled, it would make a folder."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


def logits(folder: Path) -> torch.Tensor:
    classifier = load_classifier(read_bundle(folder), "cpu")
    return classifier.forward(classifier.normalise(PIXELS))


def as_pt(folder: Path, content: object) -> Path:
    (folder / "model.safetensors").unlink(missing_ok=True)
    torch.save(content, folder / "model.pt")
    return folder


def test_a_pt_state_dict_gives_the_same_logits(write: Write, config: dict[str, Any], network: nn.Module) -> None:
    folder = write(config)
    expected = logits(folder)
    torch.testing.assert_close(logits(as_pt(folder, network.state_dict())), expected, rtol=0, atol=0)


def test_half_precision_weights_run_as_float32(write: Write, config: dict[str, Any], network: nn.Module) -> None:
    folder = write(config)
    save_file(network.half().state_dict(), folder / "model.safetensors")
    assert logits(folder).dtype == torch.float32
    assert len(read_bundle(folder).fingerprint) == 64


def test_a_program_is_refused_with_the_way_out(write: Write, config: dict[str, Any]) -> None:
    folder = write(config)
    (folder / "model.safetensors").unlink()
    example = torch.rand(1, 3, 64, 64)
    program = torch.export.export(nn.Sequential(nn.Conv2d(3, 2, 1)).eval(), (example,))
    torch.export.save(program, folder / "model.pt")
    with pytest.raises(ModelError, match=r"model\.pt: is a torch\.export program.*save its state_dict"):
        read_bundle(folder)


def test_torchscript_is_refused_with_the_way_out(write: Write, config: dict[str, Any]) -> None:
    folder = write(config)
    (folder / "model.safetensors").unlink()
    with zipfile.ZipFile(folder / "model.pt", "w") as archive:  # the members that torch.jit.save writes
        for name in ("data.pkl", "code/__torch__.py", "constants.pkl", "version"):
            archive.writestr(f"model/{name}", b"")
    with pytest.raises(ModelError, match=r"model\.pt: is a TorchScript program.*save its state_dict"):
        read_bundle(folder)


def test_code_in_a_pickle_is_not_run(write: Write, config: dict[str, Any], tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    folder = as_pt(write(config), {"features.0.weight": Trap(str(trap))})
    bundle = read_bundle(folder)
    with pytest.raises(ModelError, match="could run code; save the network's state_dict"):
        _ = bundle.fingerprint
    with pytest.raises(ModelError, match="could run code; save the network's state_dict"):
        load_classifier(bundle, "cpu")
    (folder / "model.pt").write_bytes(pickle.dumps(Trap(str(trap))))
    with pytest.raises(ModelError, match="could run code"):
        load_classifier(bundle, "cpu")
    assert not trap.exists()


@pytest.mark.parametrize("held", [{"epoch": 3}, [torch.zeros(2)], {"state_dict": {"a": torch.zeros(1)}}])
def test_something_else_than_a_state_dict_is_refused(write: Write, config: dict[str, Any], held: object) -> None:
    bundle = read_bundle(as_pt(write(config), held))
    with pytest.raises(ModelError, match="state_dict"):
        load_classifier(bundle, "cpu")
    with pytest.raises(ModelError, match="state_dict"):
        _ = bundle.fingerprint


def test_weights_of_another_network_are_refused_with_the_difference(
    write: Write, config: dict[str, Any], network: nn.Module
) -> None:
    folder = write(config)
    tensors = dict(network.state_dict())
    tensors["head.bias"] = tensors.pop("classifier.bias")
    tensors["classifier.weight"] = torch.zeros(6, 8)
    save_file(tensors, folder / "model.safetensors")
    words = (
        r"1 missing \(classifier.bias\); 1 unknown \(head.bias\); "
        r"1 of another shape \(classifier.weight \(6, 8\) instead of \(2, 8\)\)"
    )
    with pytest.raises(ModelError, match=words):
        load_classifier(read_bundle(folder), "cpu")


def test_weights_that_are_not_finite_are_refused(write: Write, config: dict[str, Any], network: nn.Module) -> None:
    folder = write(config)
    tensors = dict(network.state_dict())
    tensors["classifier.bias"] = torch.tensor([0.0, torch.nan])
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"'classifier.bias' holds NaN"):
        load_classifier(read_bundle(folder), "cpu")
