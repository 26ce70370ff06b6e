"""Tensor names: the network is found under what wrappers call it, and nothing of it is lost."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from wsiview.errors import ModelError, UsageError
from wsiview.models.tensor_names import NetworkTwice, adopt

WANTED = ("conv1.weight", "layer1.0.conv1.weight", "fc.weight", "fc.bias")


def of_shape(*names: str) -> dict[str, Tensor]:
    return {name: torch.empty((1,)) for name in names}


NETWORK = of_shape(*WANTED)


def tensors(*names: str) -> dict[str, Tensor]:
    return {name: torch.full((1,), float(index)) for index, name in enumerate(names)}


@pytest.mark.parametrize("prefix", ["", "module.", "model.", "net.backbone.", "_orig_mod.module."])
def test_what_wrappers_put_before_the_names_is_taken_off(prefix: str) -> None:
    found = adopt(tensors(*(prefix + name for name in WANTED)), NETWORK, "resnet18")
    assert (found.prefix, found.left_out) == (prefix, ())
    assert {name: int(value) for name, value in found.tensors.items()} == {name: i for i, name in enumerate(WANTED)}


def test_the_authors_names_become_the_architectures() -> None:
    theirs = ("backbone.0.weight", "backbone.28.bias", "decode_head.proj.weight", "decode_head.proj.bias")
    ours = ("features.0.weight", "features.28.bias", "classifier.weight", "classifier.bias")
    for prefix in ("", "model."):
        beside = tensors(*(prefix + name for name in theirs), "criterion.pos_weight", "val_metrics.auc.sum")
        found = adopt(beside, of_shape(*ours), "vgg16-gmp")
        assert found.prefix == prefix
        assert tuple(found.tensors) == ours
        assert found.left_out == ("criterion.pos_weight", "val_metrics.auc.sum")
    assert tuple(adopt(tensors(*ours), of_shape(*ours), "vgg16-gmp").tensors) == ours


@pytest.mark.parametrize("trunk", ["backbone.", "backbone.features."])
def test_a_convolution_of_one_pixel_is_taken_for_the_linear_layer_that_it_is(trunk: str) -> None:
    wanted = {"features.0.weight": torch.empty(4, 3, 1, 1), "classifier.weight": torch.empty(2, 4)}
    head = torch.arange(8.0).reshape(2, 4, 1, 1)
    theirs = {trunk + "0.weight": torch.ones(4, 3, 1, 1), "decode_head.proj.weight": head, "train_acc.confmat": head}
    found = adopt(theirs, wanted, "vgg16-gmp")
    assert {name: tensor.shape for name, tensor in found.tensors.items()} == {n: t.shape for n, t in wanted.items()}
    assert torch.equal(found.tensors["classifier.weight"], head[:, :, 0, 0])
    assert found.left_out == ("train_acc.confmat",)


def test_more_layers_than_the_architecture_has_are_not_dropped() -> None:
    found = adopt(tensors(*WANTED, "attention.weight", "loss.weight"), NETWORK, "resnet18")
    assert "attention.weight" in found.tensors
    assert found.left_out == ("loss.weight",)


def test_what_lies_outside_the_network_is_named() -> None:
    found = adopt(tensors(*("model." + name for name in WANTED), "projector.0.weight"), NETWORK, "resnet18")
    assert found.left_out == ("projector.0.weight",)


def test_a_network_and_its_running_average_are_not_confused() -> None:
    both = tensors(*("model." + name for name in WANTED), *("ema.module." + name for name in WANTED))
    with pytest.raises(NetworkTwice, match=r"2 times, under 'ema\.module\.', 'model\.'; choose one with --prefix"):
        adopt(both, NETWORK, "resnet18")
    found = adopt(both, NETWORK, "resnet18", prefix="ema.module")
    assert float(found.tensors["conv1.weight"]) == 4
    with pytest.raises(UsageError, match=r"--prefix teacher\.: no tensor's name starts so"):
        adopt(both, NETWORK, "resnet18", prefix="teacher")


def test_strangers_are_left_for_the_comparison_to_name() -> None:
    assert tuple(adopt(tensors("a.b", "c"), NETWORK, "resnet18").tensors) == ("a.b", "c")
    assert issubclass(NetworkTwice, ModelError)
