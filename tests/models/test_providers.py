"""Networks of others: timm's by their names alone, and what installed packages offer; never from a hub."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from wsiview.errors import ModelError
from wsiview.features.recording import recording
from wsiview.models.architectures import build_architecture
from wsiview.models.default_layers import default_layer, default_of
from wsiview.models.providers import installed_architectures, timm_is_there
from wsiview.models.timm_networks import TimmMissing
from wsiview.models.token_layout import Tokens, layout_of

PACKAGE = """
from torch import nn

class Small(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(3, 5, 4, stride=4), nn.ReLU(inplace=True))
        self.head = nn.Linear(5, num_classes)
        self.register_buffer("scale", __import__("torch").tensor(2.0), persistent=False)

    def forward(self, images):
        return self.head(self.trunk(images).mean(dim=(2, 3))) * self.scale

def small(num_classes, patch_pixels):
    return Small(num_classes)

def broken(num_classes, patch_pixels):
    raise ValueError("no such luck")

def thing(num_classes, patch_pixels):
    return "a network, honestly"
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package that offers architectures."""
    (tmp_path / "lab_networks.py").write_text(PACKAGE)
    facts = tmp_path / "lab_networks-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-networks\nVersion: 1.0\n")
    names = "".join(f"lab-{name} = lab_networks:{name}\n" for name in ("small", "broken", "thing", "missing"))
    (facts / "entry_points.txt").write_text(f"[wsiview.architectures]\n{names}")
    monkeypatch.syspath_prepend(str(tmp_path))
    installed_architectures.cache_clear()
    yield
    installed_architectures.cache_clear()
    sys.modules.pop("lab_networks", None)


@pytest.mark.usefixtures("package")
def test_an_installed_package_offers_architectures_that_load_only_when_built() -> None:
    assert default_of("lab-small", {}).layer is None
    assert "lab_networks" not in sys.modules
    with torch.device("meta"):
        module = build_architecture("lab-small", {}, 3, 32)
    # What it keeps outside its state_dict was made on the CPU, for no weights file could replace it.
    assert module(torch.zeros(1, 3, 32, 32)).shape == (1, 3)
    assert not module.get_submodule("trunk.1").inplace


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lab-broken", r"'lab-broken' of the package 'lab-networks' can't be built \(ValueError: no such luck\)"),
        ("lab-thing", "gives a str, no torch module"),
        ("lab-missing", "can't be built .*has no attribute 'missing'"),
    ],
)
def test_an_installed_package_that_fails_is_named(name: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        build_architecture(name, {}, 2, 32)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("offline")
def test_timms_networks_come_from_its_list_and_not_from_a_hub() -> None:
    module = build_architecture("timm/test_resnet", {}, 3, 64).eval()
    assert module(torch.zeros(1, 3, 64, 64)).shape == (1, 3)
    assert not any(getattr(part, "inplace", False) for part in module.modules())
    assert default_layer("seresnext50_32x4d", {}) == ("layer4", False)
    words = r"'test_resnt' is known neither here nor in timm's list; there are .*test_resnet"
    with pytest.raises(ModelError, match=words):
        build_architecture("test_resnt", {}, 3, 64)
    with pytest.raises(ModelError, match=r"there are .*vgg16-gmp"):
        build_architecture("vgg16gmp", {}, 1, 64)
    for name in ("hf-hub:timm/vit", "hf_hub:timm/vit", "local-dir:/tmp", "test_resnet.r160_in1k", "timm/../x"):
        with pytest.raises(ModelError, match="is not known"):
            build_architecture(name, {}, 3, 64)


@pytest.mark.usefixtures("offline")
def test_a_name_that_both_have_is_torchvisions_unless_timm_is_named() -> None:
    with torch.device("meta"):
        assert "classifier.6.weight" in build_architecture("vgg11", {}, 1).state_dict()
    assert default_of("timm/vgg11", {}) == default_of("vgg11", {})
    assert default_of("timm/densenet121", {}).rectify


@pytest.mark.parametrize(
    ("name", "patch"),
    [
        ("alexnet", 96), ("squeezenet1_1", 96), ("mobilenet_v2", 64), ("mobilenet_v3_small", 64),
        ("torchvision/efficientnet_b0", 64), ("regnet_y_400mf", 64), ("shufflenet_v2_x0_5", 64), ("mnasnet0_5", 64),
        ("torchvision/convnext_tiny", 64), ("torchvision/resnet18", 64),
    ],
)  # fmt: skip
def test_the_default_layer_of_torchvisions_families_gives_what_is_said(name: str, patch: int) -> None:
    default = default_of(name, {})
    assert default.layer is not None
    module = build_architecture(name, {}, 2, patch).eval()
    with torch.no_grad(), recording(module.get_submodule(default.layer), default.layer) as outputs:
        assert module(torch.randn(1, 3, patch, patch)).shape == (1, 2)
    assert patch // default.stride - 1 <= outputs[0].shape[-1] <= patch // default.stride
    assert bool((outputs[0] < 0).any()) == (default.rectify or default.signed)


@pytest.mark.parametrize(
    ("name", "layer", "stride", "signed"),
    [
        ("vit_tiny_patch16_224", "blocks.11.norm1", 16, True),
        ("vit_small_patch16_dinov3", "blocks.11.norm1", 16, True),
        ("swin_tiny_patch4_window7_224", "norm", 32, True),
        ("convnext_atto", "stages.3", 32, True),
        ("inception_v4", "features.21", 32, False),
        ("efficientnet_b0", "bn2", 32, False),
        ("resnet26d", "layer4", 32, False),
    ],
)
def test_the_default_layers_of_timm_are_there(name: str, layer: str, stride: int, signed: bool) -> None:
    found = default_of(name, {})
    assert (found.layer, found.stride, found.signed) == (layer, stride, signed)
    timm = pytest.importorskip("timm")
    with torch.device("meta"):
        module = timm.create_model(name, pretrained=False)
    assert module.get_submodule(layer) is not None


def test_without_timm_the_way_to_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(TimmMissing, match=r"run `pip install wsiview\[timm\]`"):
        build_architecture("timm/test_resnet", {}, 3, 64)
    monkeypatch.setattr("wsiview.models.default_layers.timm_is_there", lambda: False)
    with pytest.raises(ModelError, match=r"'xception41' is not known.*pip install wsiview\[timm\]"):
        default_of("xception41", {})


def test_asking_for_timms_default_layers_loads_nothing(run_python: Callable[[str], None]) -> None:
    assert timm_is_there()
    run_python(
        "import sys\n"
        "from wsiview.models.default_layers import default_of\n"
        "assert default_of('timm/vit_tiny_patch16_224', {}).layer\n"
        "assert not {'timm', 'torch'} & set(sys.modules)\n"
    )


@pytest.mark.usefixtures("offline")
def test_registers_and_class_tokens_are_known() -> None:
    module = build_architecture("test_vit", {}, 2, 96)
    assert layout_of(module.get_submodule("blocks.3.norm1")) == Tokens(6, 6, 1)
    assert layout_of(module.get_submodule("head")) is None
