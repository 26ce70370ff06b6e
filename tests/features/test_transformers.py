"""Transformers: their patch tokens come out as a grid, in their places, and gradients go back into the tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from wsiview.errors import ModelError
from wsiview.features.reach import probe_reach
from wsiview.features.recording import NoFeatureMap, evaluating, grafting, recording
from wsiview.models.architectures import build_architecture
from wsiview.models.classifier import Classifier
from wsiview.models.token_layout import lay_out_timm

Make = Callable[..., Classifier]


@pytest.fixture(autouse=True)
def small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """torchvision's transformers under their names, but with two thin blocks."""

    def get_model(name: str, **options: Any) -> nn.Module:
        options.pop("weights")
        torch.manual_seed(5)
        if name == "vit_b_16":
            module: nn.Module = torchvision.models.VisionTransformer(
                **{"image_size": 224, **options}, patch_size=16, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=16
            )
            nn.init.normal_(module.get_parameter("heads.head.weight"))  # zero in a new one
            return module
        return torchvision.models.SwinTransformer(
            patch_size=[4, 4], embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=[7, 7], **options
        )

    monkeypatch.setattr(torchvision.models, "get_model", get_model)


def images(side: int) -> Tensor:
    return torch.linspace(-2, 2, 2 * 3 * side * side).sin().reshape(2, 3, side, side)


def record(module: nn.Module, layer: str, side: int) -> Tensor:
    with evaluating(module), torch.no_grad(), recording(module.get_submodule(layer), layer) as outputs:
        module(images(side))
    return outputs[0]


def raw(module: nn.Module, layer: str, side: int) -> Tensor:
    """What the layer itself gives."""
    kept: list[Tensor] = []
    handle = module.get_submodule(layer).register_forward_hook(lambda part, inputs, output: kept.append(output))
    with evaluating(module), torch.no_grad():
        module(images(side))
    handle.remove()
    return kept[0]


@pytest.mark.parametrize("layer", ["encoder.layers.encoder_layer_0", "encoder.layers.encoder_layer_1.ln_1"])
def test_tokens_become_the_grid_they_were_cut_from(layer: str) -> None:
    module = build_architecture("vit_b_16", {}, 2, 64)
    grid, tokens = record(module, layer, 64), raw(module, layer, 64)
    assert (grid.shape, tokens.shape) == ((2, 8, 4, 4), (2, 17, 8))
    for row, col in ((0, 0), (0, 3), (2, 1)):
        torch.testing.assert_close(grid[:, :, row, col], tokens[:, 1 + 4 * row + col], rtol=0, atol=0)


def test_a_token_lies_where_its_pixels_do() -> None:
    module = build_architecture("vit_b_16", {}, 2, 64)
    with torch.no_grad():
        plain = record(module, "encoder.dropout", 64)
        changed = images(64)
        changed[:, :, 16:32, 48:64] += 1
        with recording(module.get_submodule("encoder.dropout"), "encoder.dropout") as outputs:
            module.eval()(changed)
    assert (plain - outputs[0]).abs().amax(dim=1)[0].nonzero().tolist() == [[1, 3]]


def test_windowed_transformers_keep_rows_and_columns_in_place() -> None:
    module = build_architecture("swin_t", {}, 2)
    inner, last = record(module, "features.1", 56), record(module, "permute", 56)
    torch.testing.assert_close(inner, raw(module, "features.1", 56).permute(0, 3, 1, 2))
    assert (inner.shape, last.shape) == ((2, 8, 14, 14), (2, 16, 7, 7))
    torch.testing.assert_close(last, raw(module, "norm", 56).permute(0, 3, 1, 2))
    torch.testing.assert_close(record(module, "features.0.0", 56), raw(module, "features.0.0", 56))


@pytest.mark.parametrize(
    ("architecture", "layer", "side"),
    [
        ("vit_b_16", "encoder.layers.encoder_layer_1.ln_1", 64),
        ("swin_t", "features.3", 56),
        ("timm/test_vit", "blocks.5.norm1", 96),
    ],
)
def test_a_graft_in_the_grid_gives_the_gradient_of_the_tokens(architecture: str, layer: str, side: int) -> None:
    module = build_architecture(architecture, {}, 2, side).eval().requires_grad_(False)
    with grafting(module.get_submodule(layer), layer) as leaves:
        logits = module(images(side))
        (gradients,) = torch.autograd.grad(logits[:, 1].sum(), leaves[0])
    kept: list[Tensor] = []

    def keep(part: nn.Module, inputs: object, output: Tensor) -> Tensor:
        kept.append(output.detach().requires_grad_())
        return kept[0]

    handle = module.get_submodule(layer).register_forward_hook(keep)
    whole = module(images(side))
    handle.remove()
    torch.testing.assert_close(logits, whole)
    (expected,) = torch.autograd.grad(whole[:, 1].sum(), kept[0])
    rows, cols = leaves[0].shape[2:]
    flat = expected[:, 1:].transpose(1, 2) if expected.ndim == 3 else expected.permute(0, 3, 1, 2)
    torch.testing.assert_close(gradients, flat.reshape(gradients.shape))
    assert float(gradients.abs().max()) > 0
    assert rows * cols > 1


def test_every_location_of_a_transformer_sees_the_whole_patch(make: Make) -> None:
    classifier = make(build_architecture("vit_b_16", {}, 2, 64), patch=64)
    reach = probe_reach(classifier, "encoder.layers.encoder_layer_1.ln_1")
    assert not reach.local
    assert (reach.stride, reach.centre, reach.field, reach.shape) == ((16, 16), (8.0, 8.0), (64, 64), (4, 4))
    assert "sees the whole patch" in (reach.note or "")


def test_patches_of_another_size_are_refused_in_words(make: Make) -> None:
    classifier = make(build_architecture("vit_b_16", {}, 2, 64), patch=96)
    with pytest.raises(ModelError, match=r"patches of 96 pixels \(it reads patches of 64 px only, because"):
        probe_reach(classifier, "encoder.layers.encoder_layer_1")
    with pytest.raises(ModelError, match="squares of 16 px, which do not divide 100 px; use 96 px"):
        build_architecture("vit_b_16", {}, 2, 100)


def test_what_has_no_place_is_refused_and_not_misread() -> None:
    module = build_architecture("vit_b_16", {}, 2, 64)
    with pytest.raises(NoFeatureMap, match="no rows and columns"):
        record(module, "heads", 64)
    timm = build_architecture("timm/test_vit", {}, 2, 96)
    # (n, heads, tokens, channels) has four axes as well, but they are no rows and columns.
    with pytest.raises(NoFeatureMap, match=r"shape \(2, 2, 37, 32\) has no rows and columns"):
        record(timm, "blocks.0.attn.q_norm", 96)


def test_registers_are_left_out_of_the_grid() -> None:
    import timm

    module = timm.create_model("test_vit", pretrained=False, num_classes=2, img_size=96, reg_tokens=4)
    lay_out_timm(module)
    grid, tokens = record(module, "blocks.2", 96), raw(module, "blocks.2", 96)
    assert tokens.shape == (2, 36 + 1 + 4, 64)
    torch.testing.assert_close(grid[:, :, 0, 0], tokens[:, 5])
