"""Fusion: the asked layer and the outputs stay what they were, and so does the network afterwards."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from wsiview.features.fusion import Fusion
from wsiview.features.recording import recording


class Net(nn.Module):
    """A trunk with all that can and can't be fused, and one that is run layer by layer."""

    def __init__(self) -> None:
        super().__init__()
        twice = nn.ReLU()
        self.trunk = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 8, 3, stride=2, padding="valid"), nn.ReLU(), nn.MaxPool2d(3, 1, 1),
            nn.Conv2d(8, 6, 1), nn.BatchNorm2d(6),
            nn.Conv2d(6, 6, 3, groups=2), twice, nn.Conv2d(6, 6, 1), twice,
        )  # fmt: skip
        self.parts = nn.Sequential(nn.Conv2d(6, 6, 1), nn.BatchNorm2d(6), nn.ReLU())
        self.head = nn.Linear(6, 2)

    def forward(self, images: Tensor) -> Tensor:
        found = self.trunk(images)
        for part in self.parts:
            found = part(found) + 1
        scores: Tensor = self.head(found.mean(dim=(2, 3)))
        return scores


LAYERS = ["trunk", *(f"trunk.{index}" for index in range(11)), "parts.0", "parts.1", "parts.2"]


@pytest.fixture(scope="module")
def net() -> nn.Module:
    torch.manual_seed(5)
    module = Net()
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.normal_(part.weight, 0.1, 0.2)
        elif isinstance(part, nn.BatchNorm2d):
            for tensor in (part.weight, part.bias, part.running_mean, part.running_var):
                assert tensor is not None
                nn.init.uniform_(tensor, 0.5, 2)
    return module.eval().requires_grad_(False)


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_and_the_outputs_are_as_without_it(
    net: nn.Module, layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = torch.randn(2, 3, 17, 20, generator=torch.Generator().manual_seed(1))
    part, before = net.get_submodule(layer), {name: tensor.clone() for name, tensor in net.state_dict().items()}
    with torch.no_grad(), recording(part, layer) as plain:
        scores = net(images)
    norms, batch_norm = 0, functional.batch_norm

    def counting(*words: Any, **options: Any) -> Tensor:
        nonlocal norms
        norms += 1
        return batch_norm(*words, **options)

    monkeypatch.setattr(functional, "batch_norm", counting)
    with torch.no_grad(), recording(part, layer) as found, Fusion(net, part).running():
        again = net(images)
    assert plain[0].std() > 0.1 * plain[0].abs().max()
    assert (found[0] - plain[0]).abs().max() <= 1e-6 * plain[0].abs().max()
    assert (again - scores).abs().max() <= 1e-6 * scores.abs().max()
    # All are folded but the one of the trunk that is run layer by layer, and the one after the asked layer.
    assert norms == (2 if layer in ("trunk.0", "trunk.6") else 1)
    assert all("forward" not in vars(one) for one in net.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_gradients_of_the_input_pass_through_it(net: nn.Module) -> None:
    found = []
    for layer in (None, "trunk.2"):
        images = torch.ones(1, 3, 12, 12, requires_grad=True)
        if layer is None:
            net(images).sum().backward()
        else:
            with Fusion(net, net.get_submodule(layer)).running():
                net(images).sum().backward()
        found.append(images.grad)
    plain, through = found
    assert plain is not None
    assert through is not None
    assert (through - plain).abs().max() <= 1e-5 * plain.abs().max() > 0


@pytest.mark.parametrize("size", [(24, 20), (17, 13), (3, 3)])
def test_the_largest_of_four_is_that_of_torchs_pooling(size: tuple[int, int]) -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 4, 1)).eval()
    images = torch.randn(2, 3, *size).contiguous(memory_format=torch.channels_last)
    images[0, :, 1, 0] = torch.nan
    with torch.no_grad(), recording(net[2], "2") as plain:
        net(images)
    with torch.no_grad(), recording(net[2], "2") as found, Fusion(net, net[3]).running():
        net(images)
    assert plain[0].isnan().any()
    assert torch.equal(found[0].nan_to_num(-1), plain[0].nan_to_num(-1))


def test_the_network_is_as_it_was_after_an_error(net: nn.Module) -> None:
    with pytest.raises(RuntimeError), Fusion(net, net.get_submodule("trunk.2")).running():
        net(torch.ones(1, 4, 12, 12))
    assert all("forward" not in vars(one) for one in net.modules())
