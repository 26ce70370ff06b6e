"""Bundles: what a config means, and the sentence for each way of getting it wrong."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from wsiview.errors import ModelError
from wsiview.models.bundle import BundleError, read_bundle

Write = Callable[[object], Path]
NORMALIZE = {"name": "Normalize", "arguments": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}}


def test_a_real_bundle_says_what_its_config_says(shared: Path) -> None:
    bundle = read_bundle(shared / "models" / "pcam-vgg16-quarter")
    assert (bundle.name, bundle.patch_pixels, bundle.spacing) == ("pcam-vgg16-quarter", 96, 0.972)
    assert (bundle.layer, bundle.stride_pixels, bundle.trim, bundle.label_region) == ("features.42", 48, 1, 48)
    assert (bundle.target, bundle.contrast, bundle.activation, bundle.class_names) == (
        1, "others", "softmax", ("normal", "tumor"),
    )  # fmt: skip


def test_a_null_spacing_means_level_0_as_it_is(shared: Path) -> None:
    assert read_bundle(shared / "models" / "ebhi-vgg16-quarter").spacing is None


def test_defaults_leave_no_gap_between_trimmed_patches(write: Write, config: dict[str, Any]) -> None:
    bundle = read_bundle(write(config))  # the default layer's stride is 2
    assert (bundle.stride_pixels, bundle.trim, bundle.label_region, bundle.min_tissue) == (32, 2, 32, 0.1)
    config["patch_size_pixels"] = 6
    bundle = read_bundle(write(config))
    assert (bundle.stride_pixels, bundle.trim) == (2, 1)


@pytest.mark.parametrize(
    ("outputs", "target", "activation", "contrast"),
    [(1, 0, "sigmoid", "none"), (2, 1, "softmax", "others"), (3, 0, "softmax", "others")],
)
def test_the_outputs_choose_target_and_activation(
    write: Write, config: dict[str, Any], outputs: int, target: int, activation: str, contrast: str
) -> None:
    config |= {"num_classes": outputs, "class_names": [f"class {i}" for i in range(outputs)]}
    bundle = read_bundle(write(config))
    assert (bundle.target, bundle.activation, bundle.contrast) == (target, activation, contrast)


def test_resize_changes_the_effective_spacing_and_a_crop_only_the_side(write: Write, config: dict[str, Any]) -> None:
    config |= {"patch_size_pixels": 350, "spacing_um_px": 0.25}
    config["transform"] = [
        {"name": "Resize", "arguments": {"size": [224, 224]}},
        {"name": "CenterCrop", "arguments": {"size": 200}},
        {"name": "ToTensor"},
        NORMALIZE,
    ]
    bundle = read_bundle(write(config))
    assert bundle.patch_pixels == 200
    assert bundle.spacing == pytest.approx(0.25 * 350 / 224)


def test_normalize_without_totensor_speaks_of_pixels_to_255(write: Write, config: dict[str, Any]) -> None:
    mean, std = [228.5544, 178.8584, 219.8793], [27.8285, 51.4639, 26.4458]
    config["transform"] = [{"name": "Normalize", "arguments": {"mean": mean, "std": std}}]
    bundle = read_bundle(write(config))
    assert bundle.mean == pytest.approx([value / 255 for value in mean])
    assert bundle.std == pytest.approx([value / 255 for value in std])


def changed(**fields: object) -> Callable[[dict[str, Any]], object]:
    return lambda config: {**config, **fields}


def without(field: str) -> Callable[[dict[str, Any]], object]:
    return lambda config: {key: value for key, value in config.items() if key != field}


def extra(**fields: object) -> Callable[[dict[str, Any]], object]:
    return lambda config: {**config, "wsiview": {**config["wsiview"], **fields}}


def normalised(mean: list[float], std: list[float]) -> Callable[[dict[str, Any]], object]:
    return changed(transform=[{"name": "ToTensor"}, {"name": "Normalize", "arguments": {"mean": mean, "std": std}}])


@pytest.mark.parametrize(
    ("bend", "words"),
    [
        (lambda config: "{ not json", "config.json: is not valid JSON"),
        (lambda config: "[" * 100_000, "is not valid JSON"),
        (lambda config: [1, 2], "holds no JSON object"),
        (without("architecture"), "field architecture is missing"),
        (without("patch_size_pixels"), "field patch_size_pixels is missing"),
        (without("class_names"), "field class_names is missing"),
        (without("transform"), "field transform is missing"),
        (changed(spec_version="2.0"), "field spec_version is '2.0'"),
        (changed(name=5), "field name is 5; it must be a text"),
        (changed(architecture="xception41", wsiview={}), "field wsiview.layer is missing: no layer of"),
        (changed(patch_size_pixels=-96), "field patch_size_pixels is -96"),
        (changed(patch_size_pixels=96.5), "field patch_size_pixels is 96.5; it must be a whole number"),
        (changed(patch_size_pixels=True), "field patch_size_pixels is true"),
        (changed(spacing_um_px=float("nan")), "field spacing_um_px is nan"),
        (changed(spacing_um_px="0.5"), 'field spacing_um_px is "0.5"; it must be a number'),
        (changed(num_classes=3), "field class_names has 2 names for num_classes 3"),
        (changed(class_names=["a", 2]), "field class_names must be a list of texts"),
        (changed(architecture="hf-hub:x/inception"), "'hf-hub:x/inception' is not known"),
        (changed(architecture="resnet18"), "field wsiview.architecture is only for vgg-pool"),
        (changed(wsiview="x"), 'field wsiview is "x"; it must be an object'),
        (changed(wsiview={}), "field wsiview.architecture.blocks is missing"),
        (changed(wsiview={"architecture": {"blocks": [[0]]}}), "field wsiview.architecture.blocks must be"),
        (changed(wsiview={"architecture": {"blocks": [[4]], "pol": "max"}}), "architecture.pol is not an option"),
        (extra(layer=29), "field wsiview.layer is 29; it must be a text"),
        (extra(target=2), "field wsiview.target is 2; it must be from 0 to 1"),
        (extra(rectify="yes"), "field wsiview.rectify"),
        (extra(trim=16), "field wsiview.trim is 16; it must be from 0 to 15"),
        (extra(stride_pixels=0), "field wsiview.stride_pixels is 0"),
        (extra(label_region=65), "field wsiview.label_region is 65; it must be from 1 to 64"),
        (extra(contrast="mean"), "must be others or none"),
        (extra(activation="relu"), "must be sigmoid or softmax"),
        (extra(threshold=1.5), "field wsiview.threshold is 1.5"),
        (extra(min_tissue=float("inf")), "field wsiview.min_tissue is inf"),
        (changed(transform=[{"name": "GaussianBlur"}]), "'GaussianBlur', which is not supported"),
        (changed(transform=[]), "has neither ToTensor nor Normalize"),
        (changed(transform=["ToTensor"]), "field transform[0] is no step"),
        (changed(transform=[{"name": "Resize"}]), "transform[0].arguments.size is missing"),
        (changed(transform=[{"name": "Resize", "arguments": {"size": [224, 112]}}]), "the same one twice"),
        (changed(transform=[{"name": "CenterCrop", "arguments": {"size": 65}}]), "a crop can't enlarge"),
        (changed(transform=[NORMALIZE]), "put ToTensor before it"),
        (changed(transform=[{"name": "ToTensor"}, NORMALIZE, NORMALIZE]), "Normalize twice"),
        (normalised([228, 1, 1], [9, 9, 9]), "remove ToTensor"),
        (normalised([0, 0, 0], [1, 0, 1]), "std is [1.0, 0.0, 1.0]"),
        (normalised([0, 0], [1, 1, 1]), "must be three numbers"),
    ],
)  # fmt: skip
def test_a_faulty_config_gets_one_sentence_with_file_and_field(
    write: Write, config: dict[str, Any], bend: Callable[[dict[str, Any]], object], words: str
) -> None:
    folder = write(bend(copy.deepcopy(config)))
    with pytest.raises(BundleError) as caught:
        read_bundle(folder)
    text = str(caught.value)
    assert words in text
    assert str(folder / "config.json") in text
    assert "\n" not in text


def test_a_folder_that_is_none_is_named(tmp_path: Path, write: Write, config: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match="nowhere: does not exist"):
        read_bundle(tmp_path / "nowhere")
    folder = write(config)
    with pytest.raises(BundleError, match="is a file"):
        read_bundle(folder / "config.json")
    with pytest.raises(BundleError, match=r"has no config\.json"):
        read_bundle(tmp_path)
    (folder / "model.safetensors").unlink()
    with pytest.raises(BundleError, match="has no weights"):
        read_bundle(folder)
    for name in ("a.pt", "b.pt"):
        (folder / name).write_bytes(b"")
    with pytest.raises(BundleError, match=r"several weights files \(a\.pt, b\.pt\)"):
        read_bundle(folder)


def test_the_fingerprint_changes_with_the_output_alone(write: Write, config: dict[str, Any]) -> None:
    plain = read_bundle(write(config)).fingerprint
    config["wsiview"] |= {"description": "mended", "layer": "features.2", "target": 0, "threshold": 0.4}
    config["wsiview"]["architecture"] = {**config["wsiview"]["architecture"], "dropout": 0.5}
    config["name"] = "renamed"
    assert read_bundle(write(config)).fingerprint == plain
    others = set()
    for change in ({"spacing_um_px": 0.6}, {"patch_size_pixels": 60}, {"class_names": ["tumor", "normal"]}):
        others.add(read_bundle(write({**config, **change})).fingerprint)
    config["wsiview"]["architecture"]["pool"] = "max"
    others.add(read_bundle(write(config)).fingerprint)
    assert len(others | {plain}) == 5


def test_the_fingerprint_is_of_the_tensors_not_of_their_file(
    write: Write, config: dict[str, Any], network: nn.Module, tmp_path: Path
) -> None:
    folder = write(config)
    fingerprint = read_bundle(folder).fingerprint
    (folder / "model.safetensors").unlink()
    # A transposed view is stored with other strides, and is still the same tensor.
    tensors = dict(network.state_dict())
    tensors["classifier.weight"] = tensors["classifier.weight"].T.contiguous().T
    torch.save(tensors, folder / "weights.pt")
    assert read_bundle(folder).fingerprint == fingerprint
    tensors["classifier.bias"] = tensors["classifier.bias"] + 1e-6
    torch.save(tensors, folder / "weights.pt")
    assert read_bundle(folder).fingerprint != fingerprint


def test_a_damaged_weights_file_is_named(write: Write, config: dict[str, Any], shared: Path, tmp_path: Path) -> None:
    folder = write(config)
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    for damaged in (b"", whole[:100], whole[:-10], b"\xff" * 64, whole[:8] + b"\x00" * (len(whole) - 8)):
        weights.write_bytes(damaged)
        with pytest.raises(ModelError, match=r"model\.safetensors: "):
            _ = read_bundle(folder).fingerprint
    weights.unlink()
    shutil.copy(shared / "models" / "lc25000-shufflenet" / "shufflenet-g2-lc25000.onnx", folder / "model.pt")
    with pytest.raises(ModelError, match=r"model\.pt: is damaged or cut off"):
        _ = read_bundle(folder).fingerprint


@pytest.mark.parametrize("format_", ["safetensors", "pt"])
def test_fingerprints_need_no_torch(write: Write, config: dict[str, Any], network: nn.Module, format_: str) -> None:
    folder = write(config)
    if format_ == "pt":
        (folder / "model.safetensors").unlink()
        torch.save(network.state_dict(), folder / "model.pt")
    script = (
        "import sys; from wsiview.models import read_bundle; "
        "read_bundle(sys.argv[1]).fingerprint; sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, str(folder)], check=True)
