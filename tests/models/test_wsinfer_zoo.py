"""Folders of the WSInfer model zoo are bundles as they are."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from wsiview.errors import ModelError
from wsiview.models.architectures import build_architecture
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier

# As the zoo's breast-tumor-resnet34.tcga-brca has it: one line, no name, and TIMM's name of the architecture.
CONFIG = (
    '{"spec_version": "1.0", "architecture": "resnet18", "num_classes": 2, "class_names": ["notumor", "tumor"], '
    '"patch_size_pixels": 350, "spacing_um_px": 0.25, "transform": [{"name": "Resize", "arguments": {"size": 224}}, '
    '{"name": "ToTensor"}, {"name": "Normalize", "arguments": {"mean": [0.7238, 0.5716, 0.6779], '
    '"std": [0.112, 0.1459, 0.1089]}}]}'
)
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:49e47bb52e\nsize 85232548\n"


@pytest.fixture
def zoo(tmp_path: Path) -> Callable[..., Path]:
    """Writes the zoo's files: config.json, README.md, and the weights that are asked for."""

    def write(*weights: str, architecture: str = "resnet18", patch: int = 224) -> Path:
        folder = tmp_path / "breast-tumor-resnet18.tcga-brca"
        folder.mkdir(exist_ok=True)
        config = {**json.loads(CONFIG), "architecture": architecture}
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n")
        torch.manual_seed(3)
        tensors = build_architecture(architecture, {}, 2, patch).state_dict()
        for name in weights:
            if name.startswith("torchscript"):
                with zipfile.ZipFile(folder / name, "w") as archive:
                    for member in ("data.pkl", "code/__torch__.py", "constants.pkl", "version"):
                        archive.writestr(f"torchscript_model/{member}", b"")
            elif name.endswith(".safetensors"):
                save_file(tensors, folder / name)
            else:
                torch.save(tensors, folder / name)
        return folder

    return write


def test_a_zoo_folder_is_read_as_it_is(zoo: Callable[..., Path]) -> None:
    folder = zoo("model.safetensors", "pytorch_model.bin", "torchscript_model.pt")
    bundle = read_bundle(folder)
    assert (bundle.name, bundle.architecture) == ("breast-tumor-resnet18.tcga-brca", "resnet18")
    assert (bundle.class_names, bundle.target) == (("notumor", "tumor"), 1)
    assert bundle.spacing == pytest.approx(0.25 * 350 / 224)
    assert (bundle.patch_pixels, bundle.stride_pixels, bundle.trim, bundle.layer) == (224, 96, 2, None)
    fingerprint = bundle.fingerprint
    logits = load_classifier(bundle, "cpu").module(torch.zeros(1, 3, 64, 64))
    (folder / "model.safetensors").unlink()
    state_dict = read_bundle(folder)
    assert state_dict.weights_path.name == "pytorch_model.bin"
    assert state_dict.fingerprint == fingerprint
    torch.testing.assert_close(load_classifier(state_dict, "cpu").module(torch.zeros(1, 3, 64, 64)), logits)


def test_a_zoo_folder_with_torchscript_alone_is_refused_with_the_way_out(zoo: Callable[..., Path]) -> None:
    with pytest.raises(ModelError, match=r"torchscript_model\.pt: is a TorchScript program.*save its state_dict with"):
        read_bundle(zoo("torchscript_model.pt"))


def test_a_zoo_folder_cloned_without_its_weights_says_so(zoo: Callable[..., Path]) -> None:
    folder = zoo("torchscript_model.pt")
    (folder / "model.safetensors").write_bytes(POINTER)
    bundle = read_bundle(folder)
    with pytest.raises(ModelError, match=r"only says where Git LFS keeps the weights; run `git lfs pull`"):
        load_classifier(bundle, "cpu")


def test_a_transformer_on_patches_of_another_size_is_refused_with_the_reason(zoo: Callable[..., Path]) -> None:
    folder = zoo("model.safetensors", architecture="vit_tiny_patch16_224", patch=160)
    bundle = read_bundle(folder)
    assert bundle.signed
    with pytest.raises(ModelError, match=r"pos_embed \(1, 101, 192\) instead of \(1, 197, 192\)\); its positions are"):
        load_classifier(bundle, "cpu")


def test_a_vgg_of_timm_is_told_from_torchvisions(zoo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = zoo("model.safetensors", architecture="timm/test_resnet")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "architecture": "vgg11"}))
    with pytest.raises(ModelError, match=r"does not fit .*'vgg11'.*timm's network of that name is 'timm/vgg11'"):
        load_classifier(read_bundle(folder), "cpu")
