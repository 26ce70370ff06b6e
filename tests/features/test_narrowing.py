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


def asked(net: Net, images: Tensor, rows: slice, cols: slice) -> Tensor:
    """What the last layer gives at some locations, without padding."""
    found = narrowed(net, "last")
    assert found is not None
    with torch.no_grad():
        return found.output(lambda down, across: images[:, :, down, across], rows, cols)


def plain(net: Net, images: Tensor) -> Tensor:
    outputs: list[Tensor] = []
    handle = net.last.register_forward_hook(lambda part, inputs, output: outputs.append(output))
    with torch.no_grad():
        net(images)
    handle.remove()
    return outputs[0]


@pytest.mark.parametrize("strip", [1, 32 * 2**20])
def test_the_asked_cells_are_what_they_are_with_padding_however_many_are_made_at_a_time(
    strip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(2)
    monkeypatch.setattr("wsiview.features.narrowing._STRIP_BYTES", strip)
    net, images = Net().eval(), torch.rand(1, 3, 160, 112)
    rows, cols = slice(4, 29), slice(5, 20)
    expected = plain(net, images)
    found = asked(net, images, rows, cols)
    assert found.shape[2:] == (25, 15)
    assert expected.std() > 0
    assert (found - expected[:, :, rows, cols]).abs().max() <= 1e-6 * expected.max()
    assert torch.equal(expected, plain(net, images))  # the padding is there again


def test_no_more_of_the_images_is_read_than_is_seen() -> None:
    net = Net().eval()
    found = narrowed(net, "last")
    assert found is not None
    rows, cols = found.pixels(slice(4, 9), slice(5, 20))
    images = torch.rand(1, 3, 96, 112)
    expected = plain(net, images)[:, :, 4:9, 5:20]
    unseen = torch.full_like(images, torch.nan)
    unseen[:, :, rows, cols] = images[:, :, rows, cols]
    assert (asked(net, unseen, slice(4, 9), slice(5, 20)) - expected).abs().max() <= 1e-6 * expected.max()


def test_the_padding_comes_back_after_an_error() -> None:
    net = Net().eval()
    with pytest.raises(RuntimeError):
        asked(net, torch.rand(1, 4, 64, 64), slice(3, 6), slice(3, 6))
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
