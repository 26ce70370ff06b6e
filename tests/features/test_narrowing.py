"""Narrowing: a straight line of layers gives without padding exactly the asked cells; anything else is left alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from wsiview.features.narrowing import Narrowing, narrowing


class Net(nn.Module):
    """A line of layers, with one step between two of them that no hook on a layer sees."""

    def __init__(self, between: str = "") -> None:
        super().__init__()
        self.between = between
        self.first = nn.Sequential(nn.Conv2d(3, 4, 5, stride=2, padding=2), nn.BatchNorm2d(4), nn.ReLU())
        self.second = nn.Sequential(nn.MaxPool2d(3, 2, 1), nn.Conv2d(4, 4, 3, padding=(2, 3), dilation=(2, 3)))
        self.last = nn.ReLU()

    def forward(self, images: Tensor) -> Tensor:
        found = self.first(images * 2 if self.between == "before all" else images)
        if self.between == "written into":
            found.mul_(2)
        found = self.last(self.second(found + 1 if self.between == "another" else found))
        if self.between == "twice":
            found = self.last(found - 1)
        means: Tensor = found.mean(dim=(2, 3))
        return means


def narrowed(net: nn.Module, layer: str) -> Narrowing | None:
    with torch.no_grad():
        return narrowing(net, net.get_submodule(layer), lambda: net(torch.rand(1, 3, 64, 64)))


def test_the_asked_cells_are_what_they_are_with_padding_and_nothing_else_is_computed() -> None:
    torch.manual_seed(2)
    net = Net().eval()
    found = narrowed(net, "last")
    assert found is not None
    images, outputs = torch.rand(1, 3, 96, 112), []
    rows, cols = found.pixels(slice(4, 9), slice(5, 20))
    handle = net.last.register_forward_hook(lambda part, inputs, output: outputs.append(output))
    with torch.no_grad():
        net(images)
        with found.unpadded():
            net(images[:, :, rows, cols])
        net(images)
    handle.remove()
    plain, without, again = outputs
    assert without.shape[2:] == (5, 15)
    assert plain.std() > 0
    assert (without - plain[:, :, 4:9, 5:20]).abs().max() <= 1e-6 * plain.max()
    assert torch.equal(plain, again)  # the padding is there again


def test_the_padding_comes_back_after_an_error() -> None:
    net = Net().eval()
    found = narrowed(net, "last")
    assert found is not None
    with pytest.raises(RuntimeError), found.unpadded():
        net(torch.rand(1, 4, 64, 64))
    assert [net.first[0].padding, net.second[0].padding, net.second[1].padding] == [(2, 2), 1, (2, 3)]


@pytest.mark.parametrize("between", ["before all", "written into", "another", "twice"])
def test_what_is_not_a_straight_line_is_left_alone(between: str) -> None:
    assert narrowed(Net(between).eval(), "last") is None


def test_layers_of_other_kinds_are_left_alone_but_only_below_the_asked_one() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(4, 4, 3, padding="same"))
    assert narrowed(net, "1") is not None
    assert narrowed(net, "2") is None
    assert narrowed(nn.Sequential(*net[:2], net[3]), "2") is None
    assert narrowed(nn.Sequential(net), "0") is None
