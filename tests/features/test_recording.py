"""Recording and grafting: the right tensors come out, and the network is left as it was found."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from wsiview.errors import ModelError
from wsiview.features.recording import NoFeatureMap, evaluating, grafting, only, recording
from wsiview.models.classifier import Classifier

Make = Callable[..., Classifier]
IMAGES = torch.linspace(-1, 1, 2 * 3 * 64 * 64).reshape(2, 3, 64, 64)


def state(module: nn.Module) -> list[object]:
    parts = [(name, part.training, len(part._forward_hooks)) for name, part in module.named_modules()]
    return [parts, [(name, parameter.requires_grad) for name, parameter in module.named_parameters()]]


class Twice(nn.Module):
    """Runs one layer twice, and writes over its output."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.layer(self.layer(images))
        self.given = maps.detach().clone()
        return nn.functional.relu_(maps).mean(dim=(2, 3))


def test_the_record_is_what_the_layer_gave_before_anything_wrote_over_it() -> None:
    module = Twice()
    with recording(module.layer) as outputs:
        module(IMAGES)
    assert len(outputs) == 1
    assert (module.given < 0).any()
    torch.testing.assert_close(outputs[0], module.given, rtol=0, atol=0)


def test_of_a_layer_called_twice_the_last_call_is_grafted() -> None:
    module = Twice().requires_grad_(False)
    with grafting(module.layer) as leaves:
        score = module(IMAGES)[:, 0].sum()
        (gradients,) = torch.autograd.grad(score, leaves[0])
    torch.testing.assert_close(leaves[0].detach(), module.given, rtol=0, atol=0)
    expected = torch.zeros_like(gradients)
    expected[:, 0] = (module.given[:, 0] > 0) / (64 * 64)
    torch.testing.assert_close(gradients, expected)


@pytest.mark.parametrize("architecture", ["vgg16", "resnet18", "densenet121"])
def test_a_graft_gives_the_gradient_of_the_whole_network(make: Make, architecture: str) -> None:
    layer = {"vgg16": "features.29", "resnet18": "layer4", "densenet121": "features.norm5"}[architecture]
    module = make(architecture).module
    with grafting(module.get_submodule(layer)) as leaves:
        logits = module(IMAGES)
        (gradients,) = torch.autograd.grad(logits[:, 1].sum(), leaves[0])
    kept: list[Tensor] = []
    images = IMAGES.clone().requires_grad_()

    def keep(part: nn.Module, inputs: object, output: Tensor) -> Tensor:
        kept.append(output)
        return output.clone()  # DenseNet writes over it

    handle = module.get_submodule(layer).register_forward_hook(keep)
    whole = module(images)
    handle.remove()
    torch.testing.assert_close(logits, whole)
    torch.testing.assert_close(gradients, torch.autograd.grad(whole[:, 1].sum(), kept[0])[0])
    torch.testing.assert_close(leaves[0].detach(), kept[0].detach())


def test_nothing_below_a_graft_is_in_the_graph(make: Make) -> None:
    module = make("vgg-pool").module
    with grafting(module.get_submodule("features.12")) as leaves:
        seen: list[bool] = []
        handle = module.get_submodule("features.10").register_forward_hook(
            lambda part, inputs, output: seen.append(output.requires_grad)
        )
        logits = module(IMAGES)
        handle.remove()
    assert seen == [False]
    assert leaves[0].is_leaf
    assert logits.requires_grad


@pytest.mark.parametrize("context", [recording, grafting])
def test_a_run_that_fails_half_way_leaves_the_network_as_it_was(make: Make, context: Callable[..., object]) -> None:
    module = make("vgg-pool").module
    module.train()
    module.get_submodule("features.1").eval()
    module.get_parameter("classifier.weight").requires_grad_()
    before = state(module)

    def fail_half_way() -> None:
        with evaluating(module), context(module.get_submodule("features.2")):
            assert not any(part.training for part in module.modules())
            assert not any(parameter.requires_grad for parameter in module.parameters())
            module(torch.zeros(1, 3, 1, 1))  # the pooling between the blocks can't halve it

    with pytest.raises(RuntimeError, match="too small"):
        fail_half_way()
    assert state(module) == before
    with pytest.raises(NoFeatureMap), evaluating(module), context(module.get_submodule("classifier"), "classifier"):
        module(IMAGES)
    assert state(module) == before


def test_a_layer_without_rows_and_columns_is_refused_by_name(make: Make) -> None:
    module = make("vgg-pool").module
    words = r"'classifier' can't be explained: its output of shape \(2, 2\) has no rows"
    with pytest.raises(ModelError, match=words), recording(module.get_submodule("classifier"), "classifier"):
        module(IMAGES)
    with pytest.raises(ModelError, match="'idle' can't be explained: the network does not run it"):
        only([], "idle")
