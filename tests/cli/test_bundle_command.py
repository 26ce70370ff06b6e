"""`wsiview bundle`: a checkpoint becomes a bundle whole or not at all, and a look at a slide shows swapped labels."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from wsiview.cli import main
from wsiview.models.architectures import VggPool, build_architecture
from wsiview.models.bundle import read_bundle
from wsiview.models.classifier import load_classifier

OPTIONS = {"blocks": [[4], [6]], "conv_bias": True, "pool": "max"}
WORDS = (
    "--patch", "64", "--spacing", "0.5", "--mean", "0.7,0.5,0.6", "--std", "0.2,0.3,0.25", "--classes", "normal,tumor",
)  # fmt: skip
POOLED = ("--architecture", "vgg-pool", "--options", json.dumps(OPTIONS))


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(4)
    return VggPool(((4,), (6,)), False, True, "max", 0.0, False, 2).eval()


@pytest.fixture
def checkpoint(tmp_path: Path, network: nn.Module) -> Path:
    """As a trainer leaves it, under a prefix and beside other things."""
    path = tmp_path / "last.ckpt"
    held = {f"model.{name}": value for name, value in network.state_dict().items()}
    torch.save({"epoch": 4, "state_dict": held | {"criterion.weight": torch.ones(2)}, "loops": {}}, path)
    return path


@pytest.fixture
def bundle(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs `wsiview bundle` into the folder `made`; gives the status and what was said."""

    def run(*words: str, source: Path = checkpoint) -> tuple[int, str]:
        try:
            status = main(["bundle", str(source), "--out", str(tmp_path / "made"), *words])
        except SystemExit as stop:
            status = int(stop.code or 0)
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def test_a_checkpoint_becomes_a_bundle_that_computes_the_same(
    bundle: Callable[..., tuple[int, str]], tmp_path: Path, network: nn.Module
) -> None:
    status, said = bundle(*POOLED, *WORDS, "--target", "tumor", "--license", "CC0-1.0", "--json")
    assert status == 0, said
    facts = [json.loads(line) for line in said.splitlines()]
    assert any("criterion.weight" in fact.get("message", "") for fact in facts)
    made = read_bundle(tmp_path / "made")
    assert facts[-1]["fingerprint"] == made.fingerprint
    assert (facts[-1]["prefix"], facts[-1]["left_out"]) == ("model.", ["criterion.weight"])
    assert (made.name, made.class_names, made.target, made.license) == ("made", ("normal", "tumor"), 1, "CC0-1.0")
    assert (made.layer, made.stride_pixels, made.trim, made.label_region) == ("features.4", 32, 2, 32)
    classifier = load_classifier(made, "cpu")
    images = torch.linspace(-1, 1, 2 * 3 * 64 * 64).reshape(2, 3, 64, 64)
    torch.testing.assert_close(classifier.forward(images), network(images), rtol=1e-6, atol=1e-6)
    kept = load_file(tmp_path / "made" / "model.safetensors")
    assert all(torch.equal(kept[name], value) for name, value in network.state_dict().items())
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["made"]


def test_the_papers_model_comes_from_its_authors_checkpoint(
    bundle: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    with torch.device("meta"):
        shapes = build_architecture("vgg16-gmp", read_options(), 1).state_dict()
    torch.manual_seed(1)
    held = {}
    for name, shape in shapes.items():
        old = name.replace("features.", "backbone.").replace("classifier.", "decode_head.proj.")
        held[old] = torch.randn(shape.shape) * 0.02
    torch.save({"state_dict": held, "pytorch-lightning_version": "2.5.0"}, tmp_path / "paper.ckpt")
    words = (
        "--architecture", "vgg16-gmp", "--classes", "cancer", "--patch", "64", "--spacing", "0.344",
        "--mean", "228.5544,178.8584,219.8793", "--std", "27.8285,51.4639,26.4458",
    )  # fmt: skip
    status, said = bundle(*words, source=tmp_path / "paper.ckpt")
    assert status == 0, said
    made = read_bundle(tmp_path / "made")
    assert (made.layer, made.activation, made.contrast) == ("features.29", "sigmoid", "none")
    assert made.mean == pytest.approx([228.5544 / 255, 178.8584 / 255, 219.8793 / 255])
    kept = load_file(tmp_path / "made" / "model.safetensors")
    assert torch.equal(kept["classifier.weight"], held["decode_head.proj.weight"])


def read_options() -> dict[str, Any]:
    from wsiview.models.default_layers import VGG16_GMP

    return dict(VGG16_GMP)


def test_what_does_not_fit_is_one_line_with_the_first_names_and_leaves_nothing(
    bundle: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    status, said = bundle("--architecture", "resnet18", *WORDS)
    assert status == 1
    assert "does not fit the architecture 'resnet18' with 2 outputs: tensors 102 missing (conv1.weight," in said
    assert len(said.strip().splitlines()) == 1
    status, said = bundle(*POOLED, *WORDS[:-1], "a,b,c")
    assert status == 1
    assert "classifier.weight (2, 6) instead of (3, 6)" in said
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_bundle_that_is_there_is_replaced_only_by_force(
    bundle: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    assert bundle(*POOLED, *WORDS)[0] == 0
    before = read_bundle(tmp_path / "made").fingerprint
    status, said = bundle(*POOLED, *WORDS)
    assert (status, "replace it with --force" in said) == (2, True)
    swapped = [word.replace("normal,tumor", "tumor,normal") for word in WORDS]
    status, said = bundle(*POOLED, *swapped, "--force", "--trim", "99")
    assert (status, "--trim 99: at a stride of 32 px give from 0 to 8" in said) == (2, True)
    assert read_bundle(tmp_path / "made").fingerprint == before
    assert bundle(*POOLED, *swapped, "--force")[0] == 0
    assert read_bundle(tmp_path / "made").class_names == ("tumor", "normal")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last.ckpt", "made"]
    (tmp_path / "made" / "config.json").unlink()
    status, said = bundle(*POOLED, *WORDS, "--force")
    assert (status, "no model bundle, so it is left alone" in said) == (2, True)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--mean", "1,2"], "--mean 1,2: give three numbers"),
        (["--std", "0,1,1"], "above 0"),
        (["--spacing", "fine"], "--spacing fine: give µm per pixel"),
        (["--classes", "a,a"], "a name of its own"),
        (["--target", "cancer"], "--target cancer: there is normal, tumor"),
        (["--options", "{"], "--options: is not valid JSON"),
        (["--options", '{"blocks": 3}'], "blocks"),
        (["--patch", "0"], "--patch 0"),
        (["--stride", "7"], "give a multiple of the layer's 2 px"),
        (["--layer", "features.3"], "gives negative numbers"),
        (["--layer", "classifier"], "no rows and columns"),
        (["--layer", "features.33"], "no layer 'features.33'"),
        (["--architecture", "hub:x"], "'hub:x' is not known"),
        (["--seed", "-1"], "--seed -1"),
        (["--slide", "a.svs", "--picture", "a.jpg"], "ends in .png"),
        (["--mean", "200,150,180", "--activation", "softmax", "--classes", "a"], "of another shape"),
    ],
)  # fmt: skip
def test_flags_that_make_no_sense_are_one_line_and_leave_nothing(
    bundle: Callable[..., tuple[int, str]], tmp_path: Path, words: list[str], complaint: str
) -> None:
    status, said = bundle(*POOLED, *WORDS, *words)
    assert status in (1, 2)
    (line,) = [line for line in said.splitlines() if line.startswith("wsiview: ")]
    assert complaint in line
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_layer_of_both_signs_is_taken_when_asked_for(bundle: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    assert bundle(*POOLED, *WORDS, "--layer", "features.3", "--signed")[0] == 0
    assert read_bundle(tmp_path / "made").signed
    assert bundle(*POOLED, *WORDS, "--layer", "features.3", "--rectify", "--force")[0] == 0
    made = read_bundle(tmp_path / "made")
    assert (made.signed, made.rectify) == (False, True)


def test_a_transformer_of_timm_is_bundled_with_the_layer_it_tells_of(
    bundle: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    torch.manual_seed(2)
    save_file(build_architecture("test_vit", {}, 2, 96).state_dict(), tmp_path / "vit.safetensors")
    words = [word.replace("64", "96") for word in WORDS]
    status, said = bundle(
        "--architecture", "test_vit", *words, "--signed", source=tmp_path / "vit.safetensors"
    )
    assert status == 0, said
    assert "sees the whole patch" in said
    made = read_bundle(tmp_path / "made")
    assert (made.layer, made.signed, made.stride_pixels) == ("blocks.5", True, 48)
    status, said = bundle("--architecture", "test_vit", *WORDS, "--force", source=tmp_path / "vit.safetensors")
    assert status == 1
    assert "its positions are fixed" in said


class Trap:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


def test_a_checkpoint_that_would_run_code_is_refused_with_the_way_out(
    bundle: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    torch.save({"state_dict": {}, "callbacks": Trap(str(tmp_path / "sprung"))}, tmp_path / "bad.ckpt")
    status, said = bundle(*POOLED, *WORDS, source=tmp_path / "bad.ckpt")
    assert status == 1
    assert "mkdir, which opening it would run" in said
    assert "save only the network's state_dict" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.ckpt", "last.ckpt"]


def test_a_place_that_can_not_be_written_is_named(bundle: Callable[..., tuple[int, str]], checkpoint: Path) -> None:
    status, said = bundle(*POOLED, *WORDS, "--out", str(checkpoint / "made"))
    assert status == 1
    assert f"{checkpoint / 'made'}: can't be written (" in said


def test_swapped_labels_are_seen_on_a_slide(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = shared / "models" / "pcam-vgg16-quarter"
    config = json.loads((model / "config.json").read_text())
    slide = str(shared / "slides/mosaics/pcam-mosaic-valid.tiff")
    words = [
        "bundle", str(model / "model.safetensors"), "--architecture", "vgg-pool", "--classes", "tumor,normal",
        "--options", json.dumps(config["wsiview"]["architecture"]), "--patch", "96", "--spacing", "0.972",
        "--mean", "imagenet", "--std", "imagenet", "--stride", "96", "--label-region", "32", "--trim", "0",
        "--slide", slide, "--patches", "160", "--out", str(tmp_path / "swapped"), "--threads", "1", "--json",
    ]  # fmt: skip
    assert main(words) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert facts["patches"] == 160
    # The mosaic's own labels, of 96 px tiles after a margin of 192 px.
    rows = [line.split(",") for line in Path(slide).with_suffix(".csv").read_text().splitlines()]
    head = rows[0]
    truth = {(int(row[head.index("x")]), int(row[head.index("y")])): row[head.index("label")] for row in rows[1:]}
    found = [truth.get((round(one["x"]), round(one["y"])), "") for one in facts["outputs"]["tumor"]["highest"]]
    assert sum(label in ("0", "normal") for label in found) >= 5, found
    with Image.open(facts["picture"]) as picture:
        assert picture.format == "PNG"
        pixels = np.asarray(picture.convert("RGB"))
    # Both rows hold pictures at both ends: 2 × 12 squares of 132 px are no longer paper.
    assert (pixels != 255).any(axis=2).sum() > 2 * 12 * 132 * 132 * 0.9
    assert main(["info", slide, "--slide", slide]) == 2
    assert "only of a model" in capsys.readouterr().err
