"""A layer's output gives way to others, all at once or one by one, and what lies above runs on those."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from wsiview.features.recording import NoFeatureMap
from wsiview.features.substitution import NoSubstitute, Substitution
from wsiview.models.classifier import Classifier

Make = Callable[..., Classifier]
IMAGES = torch.linspace(-1, 1, 3 * 3 * 16 * 16).reshape(3, 3, 16, 16)


class Network(nn.Module):
    """A layer, perhaps with a way around it, perhaps run twice, under a linear head after mean pooling."""

    def __init__(self, *, around: bool = False, times: int = 1) -> None:
        super().__init__()
        self.layer, self.head = nn.Conv2d(3, 3, 3, padding=1), nn.Linear(3, 2)
        self.around, self.times, self.runs = around, times, 0
        self.layer.register_forward_pre_hook(self.count)

    def count(self, module: nn.Module, inputs: object) -> None:
        self.runs += 1

    def forward(self, images: Tensor) -> Tensor:
        maps = images
        for _ in range(self.times):
            maps = self.layer(maps)
        return self.head((maps + images if self.around else maps).mean(dim=(2, 3)))


@pytest.mark.parametrize("around", [False, True])
@pytest.mark.parametrize("count", [1, 3])
def test_the_upper_part_runs_on_what_takes_the_layers_place(make: Make, around: bool, count: int) -> None:
    module = Network(around=around)
    classifier = make(module)
    images = IMAGES[:count]
    upward = Substitution(classifier, "layer")
    own, halved, none = upward.logits(images, [torch.clone, lambda maps: maps / 2, torch.zeros_like])
    with torch.no_grad():
        maps, beside = module.layer(images), images * around
        torch.testing.assert_close(own, module(images))
        torch.testing.assert_close(halved, module.head((maps / 2 + beside).mean(dim=(2, 3))))
        torch.testing.assert_close(none, module.head(beside.mean(dim=(2, 3))))


def test_the_part_below_runs_once_for_all_changes_unless_the_network_goes_around_the_layer(make: Make) -> None:
    plain, around = Network(), Network(around=True)
    for module in (plain, around):
        upward = Substitution(make(module), "layer")
        for _ in range(2):
            upward.logits(IMAGES, [torch.clone] * 4)
    assert plain.runs == 2
    assert around.runs == 1 + 4 + 4  # it is tried once


def test_a_layer_that_runs_twice_or_gives_no_map_is_refused(make: Make) -> None:
    with pytest.raises(NoSubstitute, match="2 times"):
        Substitution(make(Network(times=2)), "layer").logits(IMAGES, [torch.clone])
    with pytest.raises(NoFeatureMap):
        Substitution(make(Network()), "head").logits(IMAGES, [torch.clone])
