"""Tensor names: the network is found under what wrappers call it, and nothing of it is lost."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from wsiview.errors import ModelError, UsageError
from wsiview.models.tensor_names import NetworkTwice, adopt

WANTED = ("conv1.weight", "layer1.0.conv1.weight", "fc.weight", "fc.bias")


def tensors(*names: str) -> dict[str, Tensor]:
    return {name: torch.full((1,), float(index)) for index, name in enumerate(names)}


@pytest.mark.parametrize("prefix", ["", "module.", "model.", "net.backbone.", "_orig_mod.module."])
def test_what_wrappers_put_before_the_names_is_taken_off(prefix: str) -> None:
    found = adopt(tensors(*(prefix + name for name in WANTED)), WANTED, "resnet18")
    assert (found.prefix, found.left_out) == (prefix, ())
    assert {name: int(value) for name, value in found.tensors.items()} == {name: i for i, name in enumerate(WANTED)}


def test_the_authors_names_become_the_architectures() -> None:
    theirs = ("backbone.0.weight", "backbone.28.bias", "decode_head.proj.weight", "decode_head.proj.bias")
    ours = ("features.0.weight", "features.28.bias", "classifier.weight", "classifier.bias")
    for prefix in ("", "model."):
        beside = tensors(*(prefix + name for name in theirs), "criterion.pos_weight", "val_metrics.auc.sum")
        found = adopt(beside, ours, "vgg16-gmp")
        assert found.prefix == prefix
        assert tuple(found.tensors) == ours
        assert found.left_out == ("criterion.pos_weight", "val_metrics.auc.sum")
    assert tuple(adopt(tensors(*ours), ours, "vgg16-gmp").tensors) == ours


def test_more_layers_than_the_architecture_has_are_not_dropped() -> None:
    found = adopt(tensors(*WANTED, "attention.weight", "loss.weight"), WANTED, "resnet18")
    assert "attention.weight" in found.tensors
    assert found.left_out == ("loss.weight",)


def test_what_lies_outside_the_network_is_named() -> None:
    found = adopt(tensors(*("model." + name for name in WANTED), "projector.0.weight"), WANTED, "resnet18")
    assert found.left_out == ("projector.0.weight",)


def test_a_network_and_its_running_average_are_not_confused() -> None:
    both = tensors(*("model." + name for name in WANTED), *("ema.module." + name for name in WANTED))
    with pytest.raises(NetworkTwice, match=r"2 times, under 'ema\.module\.', 'model\.'; choose one with --prefix"):
        adopt(both, WANTED, "resnet18")
    found = adopt(both, WANTED, "resnet18", prefix="ema.module")
    assert float(found.tensors["conv1.weight"]) == 4
    with pytest.raises(UsageError, match=r"--prefix teacher\.: no tensor's name starts so"):
        adopt(both, WANTED, "resnet18", prefix="teacher")


def test_strangers_are_left_for_the_comparison_to_name() -> None:
    assert tuple(adopt(tensors("a.b", "c"), WANTED, "resnet18").tensors) == ("a.b", "c")
    assert issubclass(NetworkTwice, ModelError)
