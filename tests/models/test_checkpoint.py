"""Checkpoints: the network's tensors are found among what training left, and nothing in the file is ever run."""

from __future__ import annotations

import os
import pathlib
import pickle
import sys
import types
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from wsiview.models.checkpoint import RunsCode, read_checkpoint
from wsiview.models.config import BundleError

NETWORK = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


class AttributeDict(dict[str, object]):
    """As Lightning keeps hyperparameters."""


@pytest.fixture
def lightning(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package that a checkpoint of Lightning names."""
    for name in ("lightning_fabric", "lightning_fabric.utilities", "lightning_fabric.utilities.data"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules[name].AttributeDict = AttributeDict  # type: ignore[attr-defined]
    monkeypatch.setattr(AttributeDict, "__module__", name)


def state(prefix: str = "") -> dict[str, Tensor]:
    return {prefix + name: value for name, value in NETWORK.state_dict().items()}


def checkpoint() -> dict[str, Any]:
    """What Lightning writes beside the network."""
    optimiser = torch.optim.AdamW(NETWORK.parameters())
    NETWORK(torch.zeros(2, 3, 8, 8)).sum().backward()
    optimiser.step()
    return {
        "epoch": 3,
        "global_step": 120,
        "pytorch-lightning_version": "2.4.0",
        "state_dict": state("backbone."),
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 4}}}},
        "callbacks": {"ModelCheckpoint": {"best": torch.tensor(0.2), "dir": pathlib.PosixPath("/x")}},
        "optimizer_states": [optimiser.state_dict()],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": AttributeDict(lr=1e-4, dtype=torch.float32, tags={"a", "b"}, shape=torch.Size([2, 3])),
    }


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


@pytest.mark.usefixtures("lightning")
def test_a_checkpoint_of_lightning_gives_its_network_without_lightning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(checkpoint(), tmp_path / "last.ckpt")
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)  # as where it is not installed
    assert_same(read_checkpoint(tmp_path / "last.ckpt"), state("backbone."))


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda held: held,
        lambda held: {"model": held, "optimizer": {"state": {}}, "epoch": 3},
        lambda held: {"model_state_dict": held, "loss": torch.tensor(1.0).item()},
        lambda held: {**held, "note": "a word beside the tensors"},
    ],
)
def test_state_dicts_are_found_where_trainers_put_them(
    tmp_path: Path, wrapped: Callable[[dict[str, Tensor]], object]
) -> None:
    torch.save(wrapped(state()), tmp_path / "weights.pth")
    assert_same(read_checkpoint(tmp_path / "weights.pth"), state())


def test_numbers_keep_their_kind_and_order(tmp_path: Path) -> None:
    held = {
        "turned": torch.arange(6.0).reshape(2, 3).T, "half": torch.ones(2).half(), "brain": torch.ones(2).bfloat16(),
        "flag": torch.tensor([True, False]), "none": torch.empty(0, 3), "one": torch.tensor(7),
    }  # fmt: skip
    torch.save(held, tmp_path / "weights.pt")
    save_file({name: value.contiguous() for name, value in held.items()}, tmp_path / "weights.safetensors")
    for name in ("weights.pt", "weights.safetensors"):
        found = read_checkpoint(tmp_path / name)
        assert_same(found, held)
        assert {name: value.dtype for name, value in found.items()} == {key: one.dtype for key, one in held.items()}


class Trap:
    """Unpickled, it would make a folder."""

    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, self.arguments


@pytest.mark.parametrize("place", ["hyper_parameters", "state_dict", "callbacks"])
@pytest.mark.parametrize("call", [os.mkdir, eval, getattr], ids=["mkdir", "eval", "getattr"])
def test_a_checkpoint_that_would_run_code_is_refused_and_runs_none(
    tmp_path: Path, place: str, call: Callable[..., object]
) -> None:
    trap = tmp_path / "sprung"
    arguments: dict[object, tuple[object, ...]] = {
        os.mkdir: (str(trap),), eval: (f"__import__('os').mkdir({str(trap)!r})",), getattr: (trap, "mkdir"),
    }  # fmt: skip
    path = tmp_path / "hostile.ckpt"
    torch.save({"state_dict": state(), place: {"weight": Trap(call, *arguments[call])}}, path)
    words = rf"names \w+\.{call.__name__}, which opening it would run.*save only the network"
    with pytest.raises(RunsCode, match=words):
        read_checkpoint(path)
    assert not trap.exists()


def test_a_stand_in_can_not_be_turned_against_the_next_file(tmp_path: Path) -> None:
    # The class PosixPath, then BUILD with ({}, {"__setstate__": the class PurePath}): written on the class itself.
    pickled = b"\x80\x02cpathlib\nPosixPath\n}X\x0c\0\0\0__setstate__cpathlib\nPurePath\ns}\x86b."
    with zipfile.ZipFile(tmp_path / "hostile.pt", "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
    with pytest.raises(BundleError):
        read_checkpoint(tmp_path / "hostile.pt")
    torch.save({"state_dict": state(), "where": pathlib.PosixPath("/x")}, tmp_path / "sound.pt")
    assert_same(read_checkpoint(tmp_path / "sound.pt"), state())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"epoch": 3}, "holds no tensors of a network"),
        ([torch.zeros(2)], "holds more than tensors"),
        (b"PK\x03\x04 no zip", "is damaged"),
        (pickle.dumps({"a": 1}), "is damaged"),
    ],
)
def test_a_file_without_a_network_is_refused(tmp_path: Path, content: object, words: str) -> None:
    path = tmp_path / "weights.ckpt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(BundleError, match=words):
        read_checkpoint(path)


def test_a_place_without_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"none\.ckpt: does not exist"):
        read_checkpoint(tmp_path / "none.ckpt")
    with pytest.raises(BundleError, match="is no file"):
        read_checkpoint(tmp_path)


def test_a_file_of_before_torch_1_6_is_read_and_can_run_as_little(tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    held = {"shared": torch.arange(6.0)[2:].reshape(2, 2).T, "half": torch.ones(3).half(), **state()}
    torch.save({"state_dict": held, "epoch": 3}, path, _use_new_zipfile_serialization=False)
    assert_same(read_checkpoint(path), held)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BundleError, match="is damaged or cut off"):
        read_checkpoint(path)
    trap = Trap(os.mkdir, str(tmp_path / "sprung"))
    torch.save({"state_dict": held, "callbacks": trap}, path, _use_new_zipfile_serialization=False)
    with pytest.raises(RunsCode, match=r"names \w+\.mkdir"):
        read_checkpoint(path)
    assert not (tmp_path / "sprung").exists()


def test_an_empty_file_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "last.ckpt").touch()
    with pytest.raises(BundleError, match="is empty"):
        read_checkpoint(tmp_path / "last.ckpt")
